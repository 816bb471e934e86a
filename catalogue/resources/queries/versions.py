"""The former states of a card as anyone may read them.

A former state never says what a later decision took away:
- once a card was hidden, or a notice on it upheld, all that came before the next change reviewed by
  the Region is withheld: what a source or a transfer brings meanwhile corrects nothing;
- a moderator may withhold any other one;
- names of persons and contacts are those of the card in force, a former version shows none;
- personal data that the card in force no longer holds is struck out;
- files of what is had on request alone have no address and no name.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalogue.resources.enums import VersionOrigin
from catalogue.resources.models import CardVersion, Resource
from catalogue.resources.queries import files as card_files
from catalogue.resources.queries import records as card_records
from catalogue.resources.queries import relations
from portal.lib import clock
from portal.lib.prose import personal_data

ON_CARD = 5
NAMED_FIELDS = 3


@dataclass(frozen=True)
class VersionLine:
    """One version as the list tells it."""

    version: CardVersion
    words: str
    current: bool
    withheld: bool = False


def versions_of_card(resource: Resource) -> QuerySet[CardVersion]:
    """Select the versions of a card, the latest first."""
    return (
        CardVersion.objects.filter(resource=resource)
        .select_related("organisation")
        .order_by("-number")
    )


def version_lines(
    versions: Sequence[CardVersion], *, latest: int | None = None, until: datetime | None = None
) -> list[VersionLine]:
    """Tell some versions of a card, the latest first.

    latest: the number of the one in force, by default the first of them. until: as
    `withheld_until` gives it.
    """
    labels = card_records.labels(name for each in versions for name in each.fields)
    in_force = latest if latest is not None else versions[0].number if versions else 0
    return [
        VersionLine(
            version,
            _changes_in_words(version, labels),
            version.number == in_force,
            is_withheld(version, latest=in_force, until=until),
        )
        for version in versions
    ]


def reviewed_at(versions: Sequence[CardVersion]) -> datetime | None:
    """Say when the Region read what is online; None when a source or nobody wrote it last."""
    transferred = VersionOrigin.TRANSFERRED
    last = next((each for each in versions if each.origin != transferred), None)
    return last.published_at if last and last.origin == VersionOrigin.REVIEWED else None


def latest_number(resource: Resource) -> int:
    """Give the number of the version in force, 0 when none was noted."""
    first = CardVersion.objects.filter(resource=resource).order_by("-number")
    return first.values_list("number", flat=True).first() or 0


def is_withheld(version: CardVersion, *, latest: int, until: datetime | None) -> bool:
    """Say whether a version is not shown: the one in force always is."""
    if version.number == latest:
        return False
    return version.withheld_at is not None or (until is not None and version.published_at <= until)


# Of a card: the moments of the decisions of the Region against it that were not taken back.
judges: list[Callable[[Resource], Sequence[datetime]]] = []


def withheld_until(resource: Resource) -> datetime | None:
    """Give the moment up to which a card's former versions are withheld.

    It is just before the first change that the Region reviewed after its last decision against the
    card; none yet: every former version.
    """
    moments = [moment for judge in judges for moment in judge(resource)]
    if not moments:
        return None
    reviewed = CardVersion.objects.filter(resource=resource, origin=VersionOrigin.REVIEWED)
    after = reviewed.filter(published_at__gt=max(moments)).order_by("published_at")
    corrected = after.values_list("published_at", flat=True).first()
    return corrected - timedelta(microseconds=1) if corrected else clock.now()


def record_of_version(version: CardVersion, resource: Resource) -> dict[str, Any]:
    """Give the record of a version, without what the card in force no longer tells of persons.

    version: with its revision; resource: the card in force.
    """
    record = card_records.content_record(version.revision.content, resource.kind)
    fields = card_records.fields_of(resource.kind)
    persons = {name for name, field in fields.items() if field.names_persons}
    record["details"] = {name: v for name, v in record["details"].items() if name not in persons}
    record = {name: v for name, v in record.items() if name not in persons}
    closed = {resource.access, record.get("access")} & card_files.ON_REQUEST
    if closed:
        kept = record["details"].items()
        record["details"] = {name: v for name, v in kept if name not in card_files.FILE_COLUMNS}
    if tied := record["details"].get(relations.RELATIONS_FIELD):
        record["details"] = {
            **record["details"],
            relations.RELATIONS_FIELD: relations.public_titles(tied),
        }
    online = json.dumps(card_records.record_of(resource), ensure_ascii=False, default=str)
    return dict(_struck(record, online))


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Name the fields that differ between two records, in the order of the form."""
    old, new = card_records.flat(before), card_records.flat(after)
    named = card_records.fields_of(str(after["kind"]))
    return [name for name in named if (old.get(name) or "") != (new.get(name) or "")]


def _struck(value: Any, online: str) -> Any:
    if isinstance(value, str):
        return personal_data.strike(value, kept=online, by=_("[donnée personnelle retirée]"))
    if isinstance(value, Mapping):
        return {name: _struck(each, online) for name, each in value.items()}
    if isinstance(value, list):
        return [_struck(each, online) for each in value]
    return value


def _changes_in_words(version: CardVersion, labels: Mapping[str, str]) -> str:
    if version.number == 1:
        return _("Première publication")
    names = [labels[name] for name in version.fields if name in labels]
    if not names:
        return str(version.get_origin_display())
    shown, more = names[:NAMED_FIELDS], len(names) - NAMED_FIELDS
    said = ", ".join(shown)
    if more <= 0:
        return _("Changé : %(fields)s") % {"fields": said}
    others = ngettext("%(count)d autre champ", "%(count)d autres champs", more) % {"count": more}
    return _("Changé : %(fields)s et %(others)s") % {"fields": said, "others": others}
