"""Open a draft from a description of another standard."""

from hashlib import sha256
from typing import Any

from allauth.core.internal import ratelimit
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja import Header, Router
from portal.accounts.views import person

from catalogue import rules
from catalogue.actions import contributions, deposits
from catalogue.api.writing import opened
from catalogue.harvest import prefill, turns
from catalogue.models import Contribution
from catalogue.queries import pasted
from catalogue.schemas.contributions import WholeContributionOut
from catalogue.schemas.writing import PasteIn
from catalogue.standards.readers.record import Record
from portal.accounts.authorization import require
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.lib.endpoints import lazy as _
from portal.lib.endpoints import refused
from portal.lib.http import NotFetched
from portal.lib.refusals import Invalid, QuotaSpent

router = Router(tags=[_("Contribuer")], auth=Token(TokenScope.CONTRIBUTE))
MOST_CHOICES = 50


@router.post(
    "/resources/from",
    response={
        201: WholeContributionOut,
        200: WholeContributionOut,
        **refused(401, 403, 409, 415, 422, 429),
    },
    operation_id="begin_from",
    summary=_("Ouvrir un brouillon à partir d’une adresse ou d’un texte"),
)
def begin_from(
    request: HttpRequest, given: PasteIn, idempotency_key: str = Header("", alias="Idempotency-Key")
) -> HttpResponse:
    """Les mêmes formats que la page : fiche Hugging Face, CITATION.cff, DCAT, CKAN, README…

    record.provenance dit où chaque valeur a été lue et si elle est devinée. 422 which_record quand
    le document en décrit plusieurs : recommencez avec record, son numéro.
    """
    by = person(request)
    require(rules.may_contribute, by)
    if bool(given.url.strip()) is bool(given.text.strip()):
        raise Invalid(gettext("Donnez une adresse (url) ou un texte (text)."), code="one_source")

    digest = sha256(request.body).hexdigest()
    known = deposits.known(key=idempotency_key, sha256=digest, by=by)
    if known is not None:
        return opened(request, known)
    # Another site is read before any row is held.
    found = _read(request, given)
    record = _chosen(found, given.record)

    def begin() -> Contribution:
        return contributions.begin(
            described=record,
            kind=given.kind or record.kind,
            reading=pasted.kept(found.name, found.reading, record),
            by=by,
        )

    return opened(request, deposits.once(key=idempotency_key, sha256=digest, begin=begin, by=by))


def _read(request: HttpRequest, given: PasteIn) -> prefill.Pasted:
    """Read what is given, within the pace of the page; raises Invalid when nothing comes of it."""
    by = person(request)
    config = {"paste": f"{settings.PASTES_PER_MINUTE}/m/user"}
    if not ratelimit.consume(request, app="catalogue", action="paste", config=config, user=by):
        raise QuotaSpent(code="too_many_requests")
    with turns.reading(by.pk):
        try:
            url = given.url.strip()
            return prefill.from_address(url) if url else prefill.from_text(given.text)
        except NotFetched as refusal:
            raise Invalid(str(refusal), code="not_fetched", reason=refusal.code) from refusal


def _chosen(found: prefill.Pasted, number: int | None) -> Record:
    usable = found.usable
    if not usable:
        raise Invalid(
            gettext("Rien de ce document ne peut devenir une fiche."),
            code="nothing_read",
            faults=[_fault(each) for each in pasted.lines(found.faults)],
        )
    if number is None and len(usable) == 1:
        return usable[0]
    if number is None or number >= len(usable):
        raise Invalid(
            gettext("Ce document décrit plusieurs ressources : dites laquelle (record)."),
            code="which_record",
            records=[
                {"record": at, "title": str(each.title), "kind": each.kind}
                for at, each in enumerate(usable[:MOST_CHOICES])
            ],
            total=len(usable),
        )
    return usable[number]


def _fault(line: pasted.FaultLine) -> dict[str, Any]:
    return {"field": line.place, "code": "unread", "message": line.text, "line": line.line}
