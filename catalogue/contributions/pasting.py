"""Read what a person pastes, one reading a person: an address, a text or a file."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from catalogue.contributions.queries.descriptions import FAULTS_KEPT
from catalogue.standards import readers
from catalogue.standards.readers.detection import Place, places
from catalogue.standards.readers.record import Fault, Reading, Record, Value, failed, fault
from portal.accounts.models import User
from portal.lib import rates
from portal.lib.refusals import QuotaSpent
from portal.lib.web import http

# A turn that nobody gave back ends by itself: longer than any reading lasts.
LONGEST_SECONDS = 120
OWN_BUSY = _("Une lecture demandée par vous est en cours : attendez qu’elle finisse.")
ALL_BUSY = _("Le portail lit déjà plusieurs descriptions : réessayez dans quelques secondes.")


def spend(request: HttpRequest, *, by: User) -> None:
    """Bound what one person may have read in a minute: each asks another site or a process."""
    if not rates.may_ask(request, "paste", f"{settings.PASTES_PER_MINUTE}/m/user", user=by):
        raise QuotaSpent(code="too_many_requests")


@contextlib.contextmanager
def reading(person_id: int) -> Iterator[None]:
    """Hold a person's turn and one of PASTES_AT_A_TIME; QuotaSpent when there is none."""
    own, all_ = (QuotaSpent(busy, code="too_many_requests") for busy in (OWN_BUSY, ALL_BUSY))
    most = settings.PASTES_AT_A_TIME
    with (
        rates.turn(f"paste:of:{person_id}", most=1, seconds=LONGEST_SECONDS, busy=own),
        rates.turn("paste", most=most, seconds=LONGEST_SECONDS, busy=all_),
    ):
        yield


UNKNOWN = gettext_noop(
    "Ce document n’est dans aucun des formats lus. Donnez un README, une fiche, une description "
    "de logiciel ou de données."
)
MOST_ADDRESSES = 4
ANYTHING = "text/turtle, application/ld+json, application/json;q=0.9, */*;q=0.5"


@dataclass(frozen=True)
class Pasted:
    """What was read. name: file or address shown as its source; reading: what it held."""

    name: str
    reading: Reading

    @property
    def usable(self) -> list[Record]:
        """List the records from which a draft can be made."""
        return [each for each in self.reading.records if not each.refused and not each.deleted]

    @property
    def faults(self) -> list[Fault]:
        """List what is wrong with the document, then with its records that cannot be taken."""
        refused = [one for each in self.reading.records if each.refused for one in each.faults]
        return [*self.reading.faults, *refused][:FAULTS_KEPT]


def from_text(text: str) -> Pasted:
    """Read a text that was pasted."""
    return Pasted("", _read(text.encode("utf-8", "replace")))


def from_file(content: bytes, name: str, media_type: str = "") -> Pasted:
    """Read a file by its content and its name."""
    return Pasted(name, _read(content, file_name=name, media_type=media_type))


def from_address(url: str) -> Pasted:
    """Read what is behind an address, through the one client; raises NotFetched.

    A code repository is read through the descriptions that it holds: the first one found, completed
    by its README. HTTP_SECONDS for all of it: what came in time is read.
    """
    until = time.monotonic() + settings.HTTP_SECONDS
    budget, found, missing = http.Budget(), list[Pasted](), 0
    for place in places(url)[:MOST_ADDRESSES]:
        if found and (place.format != "readme" or found[0].reading.format == "readme"):
            continue
        try:
            answer = http.fetch(
                place.url, accept=ANYTHING, budget=budget, seconds=until - time.monotonic()
            )
        except http.NotFetched:
            if found:  # what was read is not lost for what would have completed it
                break
            raise
        if answer.is_ok:
            found.append(_of_place(place, answer))
        else:
            missing = answer.status
    usable = [each for each in found if each.usable]
    if not usable:
        sentence = gettext_noop("Ce site n’a rien donné à cette adresse (état %(status)s).")
        nothing = fault("nothing_there", sentence, fatal=True, status=missing)
        return found[0] if found else Pasted(url, failed("", nothing))
    return _completed(usable)


def _of_place(place: Place, answer: http.Answer) -> Pasted:
    media_type = answer.headers.get("content-type", "")
    code = place.format or readers.detect(answer.body, place.file_name, media_type)
    return Pasted(place.base, _read(answer.body, code=code, base_url=place.base))


def _read(
    content: bytes, *, code: str = "", file_name: str = "", media_type: str = "", base_url: str = ""
) -> Reading:
    code = code or readers.detect(content, file_name, media_type)
    if not code:
        return failed("", fault("format_unknown", UNKNOWN, fatal=True))
    return readers.read(code, content, base_url=base_url)


def _completed(found: list[Pasted]) -> Pasted:
    """Complete the first description by the others: what it says itself stays."""
    first = found[0]
    if len(first.usable) != 1:
        return first
    record = first.usable[0]
    for each in found[1:]:
        for other in each.usable[:1]:
            record = _filled(record, other)
    return replace(first, reading=replace(first.reading, records=(record,)))


def _filled(record: Record, other: Record) -> Record:
    own = other.details if other.kind == record.kind else {}
    fields = _without_licence(record, other)
    return replace(record, fields={**fields, **record.fields}, details={**own, **record.details})


def _without_licence(record: Record, other: Record) -> dict[str, Value]:
    """Leave the other's licence out when the record tells one: the two would be mixed."""
    told = "licences" in record.fields
    return {
        name: value
        for name, value in other.fields.items()
        if not (told and name.startswith("licence"))
    }
