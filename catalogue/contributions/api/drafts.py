"""Write the catalogue: open a draft, by hand or from a description, change, check, send, answer."""

from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from allauth.core.internal import ratelimit
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja import Header, Router

from catalogue import rules
from catalogue.contributions import pasting
from catalogue.contributions.actions import checks, drafts
from catalogue.contributions.actions import review as acts
from catalogue.contributions.api.cards import (
    UNSAID,
    blocking_json,
    holder_named,
    open_on,
    subject_named,
    whole,
    work_on,
)
from catalogue.contributions.forms import records
from catalogue.contributions.forms.decisions import DECLINE, OwnerAnswerForm
from catalogue.contributions.queries import descriptions, proposals, reviews
from catalogue.contributions.schemas import (
    AnswerIn,
    CardIn,
    ChangeIn,
    ChecksOut,
    ContributionsOut,
    PasteIn,
    RecordIn,
    SendIn,
    WholeContributionOut,
)
from catalogue.enums import ContributionStatus
from catalogue.models import Contribution, Resource
from catalogue.resources.api import accepted, cards, contribution_named
from catalogue.resources.queries import quality
from catalogue.standards.readers.record import Record
from portal.accounts import bearer
from portal.accounts.authorization import require
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.accounts.views import person
from portal.lib.endpoints import Limit, after, refused
from portal.lib.endpoints import lazy as _
from portal.lib.http import NotFetched
from portal.lib.refusals import Conflict, Invalid, QuotaSpent

contribution_router = Router(tags=[_("Contribuer")])
CONTRIBUTE = Token(TokenScope.CONTRIBUTE)
READ = Token(TokenScope.READ)
# What a token that may not read is not told of a change that somebody else wrote.
UNREAD: dict[str, Any] = {"title": "", "record": {}, "provenance": {}}


@contribution_router.get(
    "/contributions",
    auth=READ,
    response={200: ContributionsOut, **refused(401, 403, 422, 429)},
    operation_id="contributions",
    summary=_("Lister ses contributions et celles des organisations où l’on publie"),
)
def contributions(
    request: HttpRequest,
    status: ContributionStatus | None = None,
    cursor: str = "",
    limit: Limit = 20,
) -> dict[str, Any]:
    """La dernière commencée d’abord ; status n’en garde qu’un état."""
    rows = reviews.titled(Contribution.objects.written_by(person(request)))
    rows = rows.select_related("resource", "organisation")
    if status is not None:
        rows = rows.filter(status=status)
    page = after(rows, by="created_at", cursor=cursor, limit=limit)
    return {"contributions": page.rows, "next_cursor": page.next_cursor}


@contribution_router.get(
    "/contributions/{uuid:contribution}",
    auth=READ,
    response={200: WholeContributionOut, **refused(401, 403, 404, 429)},
    operation_id="contribution",
    summary=_("Suivre une contribution : état, décisions motivées, contenu proposé"),
)
def contribution(request: HttpRequest, contribution: UUID) -> WholeContributionOut:
    """La sienne, celle d’une organisation où l’on publie ; pour la Région, toute proposition."""
    return whole(request, contribution_named(request, contribution))


@contribution_router.post(
    "/contributions/{uuid:contribution}/answer",
    auth=CONTRIBUTE,
    response={200: WholeContributionOut, **refused(401, 403, 404, 409, 415, 422, 429)},
    operation_id="answer_proposal",
    summary=_("Donner son avis sur un changement que quelqu’un propose de sa fiche"),
)
def answer(request: HttpRequest, contribution: UUID, given: AnswerIn) -> WholeContributionOut:
    """Favorable (accept), la Région relit ; défavorable (decline), l’auteur lit la raison."""
    found, by = contribution_named(request, contribution), person(request)
    values = accepted(OwnerAnswerForm(given.model_dump()))
    if values["answer"] == DECLINE:
        acts.decline_change(contribution=found, reason=values["reason"], by=by)
    else:
        acts.accept_change(contribution=found, reason=values["reason"], by=by)
    told = whole(request, contribution_named(request, contribution))
    return told if bearer.reads(request) else told.model_copy(update=UNSAID | UNREAD)


TAGS: Any = [_("Contribuer")]
SAID = refused(401, 403, 404, 409, 415, 422, 429)
DONE = refused(401, 403, 404, 409, 422, 429)


@cards.post(
    "/resources",
    auth=CONTRIBUTE,
    tags=TAGS,
    response={201: WholeContributionOut, 200: WholeContributionOut, **SAID},
    operation_id="begin_resource",
    summary=_("Ouvrir le brouillon d’une nouvelle fiche"),
)
def begin(
    request: HttpRequest, card: CardIn, idempotency_key: str = Header("", alias="Idempotency-Key")
) -> HttpResponse:
    """Rien n’est envoyé : le brouillon se complète, se contrôle, puis s’envoie à la Région.

    Idempotency-Key : la même clé et le même corps répondent 200 et le brouillon déjà ouvert.
    """
    by, holder = person(request), holder_named(card.organisation)
    values = _cleaned(card.kind, card, {})

    def start() -> Contribution:
        return drafts.start(kind=card.kind, organisation=holder, by=by, **values)

    digest = sha256(request.body).hexdigest()
    made = drafts.deposit_once(key=idempotency_key, sha256=digest, begin=start, by=by)
    return opened(request, made)


@cards.patch(
    "/resources/{slug:resource}",
    auth=CONTRIBUTE,
    tags=TAGS,
    response={200: WholeContributionOut, **SAID},
    operation_id="change_resource",
    summary=_("Proposer une modification d’une fiche, ou continuer son brouillon"),
)
def change(
    request: HttpRequest, resource: str, given: ChangeIn, contribution: UUID | None = None
) -> WholeContributionOut:
    """La fiche en ligne ne bouge pas avant la décision de la Région.

    Continue la contribution en cours, ou en ouvre une sur une fiche en ligne ; sans champ à
    changer, 422 nothing_given. base_revision : la
    révision lue ; si une autre est en ligne depuis, 409 base_changed et rien n’est écrit.
    edited_at : la date du brouillon lu ; s’il a été enregistré depuis, 409 contribution_changed.
    """
    card, by = subject_named(request, resource), person(request)
    _refuse_another_base(card, given)
    work = open_on(request, card, contribution)
    if work is None and (contribution is not None or not card.live):
        work = work_on(request, resource, contribution)
    told = proposals.proposed_record(work) if work else proposals.record_of(card)
    values = _cleaned(card.kind, given, told)
    if "organisation" in given.model_fields_set:
        values |= _holder(card, given)
    if given.is_empty or (work is None and not values):
        raise Invalid(gettext("Donnez au moins un champ à changer."), code="nothing_given")
    with transaction.atomic():
        if work is not None:
            work = Contribution.objects.locked(work)
            _refuse_another_edit(work, given)
        work = work or drafts.propose(resource=card, by=by)
        drafts.save_draft(contribution=work, values=values, by=by)
    return _whole(request, work)


@cards.post(
    "/resources/{slug:resource}/check",
    auth=CONTRIBUTE,
    tags=TAGS,
    response={200: ChecksOut, **DONE},
    operation_id="check_resource",
    summary=_("Contrôler sa contribution avant de l’envoyer"),
)
def check(request: HttpRequest, resource: str, contribution: UUID | None = None) -> dict[str, Any]:
    """Les contrôles de la page d’envoi ; rien n’est écrit, aucune adresse n’est ouverte."""
    work = work_on(request, resource, contribution)
    found = checks.run(proposals.proposed_record(work), contribution=work)
    return {
        "may_be_sent": not checks.blocking(found),
        "checks": [each.to_json() for each in found],
        "quality": quality.assess(work.proposed, ()).score,
    }


@cards.post(
    "/resources/{slug:resource}/submit",
    auth=CONTRIBUTE,
    tags=TAGS,
    response={200: WholeContributionOut, **SAID},
    operation_id="submit_resource",
    summary=_("Envoyer sa contribution à la Région, ou la renvoyer corrigée"),
)
def submit(
    request: HttpRequest, resource: str, sent: SendIn, contribution: UUID | None = None
) -> WholeContributionOut:
    """charter : la version de la charte acceptée. 422 checks nomme ce qui empêche l’envoi."""
    work, by = work_on(request, resource, contribution), person(request)
    if sent.charter != settings.CHARTER_VERSION:
        raise Conflict(
            gettext("La charte a changé : relisez-la."),
            code="charter_changed",
            charter=settings.CHARTER_VERSION,
        )
    try:
        if work.status == ContributionStatus.CHANGES_REQUESTED:
            drafts.amend(contribution=work, charter=sent.charter, reply=sent.reply, by=by)
        else:
            drafts.submit(contribution=work, charter=sent.charter, by=by)
    except Invalid as refusal:
        raise _said(refusal) from refusal
    return _whole(request, work)


@cards.post(
    "/resources/{slug:resource}/withdraw",
    auth=CONTRIBUTE,
    tags=TAGS,
    response={200: WholeContributionOut, **DONE},
    operation_id="withdraw_resource",
    summary=_("Retirer sa contribution avant la décision"),
)
def withdraw(
    request: HttpRequest, resource: str, contribution: UUID | None = None
) -> WholeContributionOut:
    """Une fiche en ligne y reste telle qu’elle est."""
    work = work_on(request, resource, contribution)
    drafts.withdraw(contribution=work, by=person(request))
    return _whole(request, work)


@cards.post(
    "/resources/{slug:resource}/catch-up",
    auth=CONTRIBUTE,
    tags=TAGS,
    response={200: WholeContributionOut, **DONE},
    operation_id="catch_up_resource",
    summary=_("Reprendre sa contribution à partir de la fiche en ligne, changée entre-temps"),
)
def catch_up(
    request: HttpRequest, resource: str, contribution: UUID | None = None
) -> WholeContributionOut:
    """Ce qu’on n’a pas touché prend la valeur en ligne ; là où les deux ont changé, la sienne."""
    work = work_on(request, resource, contribution)
    drafts.catch_up(contribution=work, by=person(request))
    return _whole(request, work)


def opened(request: HttpRequest, made: drafts.Deposit) -> HttpResponse:
    """Answer with a draft: 201 when this request opened it, 200 when an earlier one did."""
    told = _whole(request, made.contribution).model_dump_json()
    answer = HttpResponse(told, content_type="application/json")
    answer.status_code = 201 if made.created else 200
    answer["Location"] = f"/api/v1/contributions/{made.contribution.public_id}"
    return answer


def _whole(request: HttpRequest, work: Contribution) -> WholeContributionOut:
    told = whole(request, contribution_named(request, work.public_id))
    return told if bearer.reads(request) else told.model_copy(update=UNSAID)


def _cleaned(kind: str, given: RecordIn, told: dict[str, Any]) -> dict[str, Any]:
    cleaned = records.clean(kind, given.given(), told=told)
    if cleaned.faults:
        raise Invalid(faults=[each.to_json() for each in cleaned.faults])
    return cleaned.values


def _holder(card: Resource, given: ChangeIn) -> dict[str, Any]:
    """Say in whose name a new card is; one that is online passes to others by a transfer."""
    holder = holder_named(given.organisation)
    if not card.live:
        return {"organisation": holder}
    if holder == card.organisation:
        return {}
    raise Conflict(
        gettext("Une fiche en ligne change de mains par une transmission, sur sa page."),
        code="transfer_needed",
    )


def _refuse_another_base(card: Resource, given: ChangeIn) -> None:
    if given.base_revision is not None and given.base_revision != card.live_revision_id:
        raise Conflict(
            gettext("La fiche en ligne a changé : relisez-la, puis recommencez."),
            code="base_changed",
            revision=card.live_revision_id,
        )


def _refuse_another_edit(work: Contribution, given: ChangeIn) -> None:
    read, now = given.edited_at, work.edited_at
    # JSON says dates to the millisecond.
    if read is not None and (now is None or abs(now - read) >= timedelta(milliseconds=1)):
        raise Conflict(code="contribution_changed", edited_at=now)


def _said(refusal: Invalid) -> Invalid:
    """Say what keeps a contribution from being sent, field by field, as endpoints name faults."""
    if refusal.code != "checks":
        return refusal
    return Invalid(
        gettext("Des contrôles empêchent l’envoi : corrigez ces champs."),
        code="checks",
        faults=blocking_json(refusal.faults),
    )


paste_router = Router(tags=[_("Contribuer")], auth=Token(TokenScope.CONTRIBUTE))
MOST_CHOICES = 50


@paste_router.post(
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
    known = drafts.known_deposit(key=idempotency_key, sha256=digest, by=by)
    if known is not None:
        return opened(request, known)
    # Another site is read before any row is held.
    found = _read(request, given)
    record = _chosen(found, given.record)

    def begin() -> Contribution:
        return drafts.begin(
            described=record,
            kind=given.kind or record.kind,
            reading=descriptions.kept(found.name, found.reading, record),
            by=by,
        )

    return opened(
        request, drafts.deposit_once(key=idempotency_key, sha256=digest, begin=begin, by=by)
    )


def _read(request: HttpRequest, given: PasteIn) -> pasting.Pasted:
    """Read what is given, within the pace of the page; raises Invalid when nothing comes of it."""
    by = person(request)
    config = {"paste": f"{settings.PASTES_PER_MINUTE}/m/user"}
    if not ratelimit.consume(request, app="catalogue", action="paste", config=config, user=by):
        raise QuotaSpent(code="too_many_requests")
    with pasting.reading(by.pk):
        try:
            url = given.url.strip()
            return pasting.from_address(url) if url else pasting.from_text(given.text)
        except NotFetched as refusal:
            raise Invalid(str(refusal), code="not_fetched", reason=refusal.code) from refusal


def _chosen(found: pasting.Pasted, number: int | None) -> Record:
    usable = found.usable
    if not usable:
        raise Invalid(
            gettext("Rien de ce document ne peut devenir une fiche."),
            code="nothing_read",
            faults=[_fault(each) for each in descriptions.fault_lines(found.faults)],
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


def _fault(line: descriptions.FaultLine) -> dict[str, Any]:
    return {"field": line.place, "code": "unread", "message": line.text, "line": line.line}
