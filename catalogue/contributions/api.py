"""Write the catalogue: a draft opened, changed, checked, sent, answered; its files brought."""

from datetime import timedelta
from hashlib import sha256
from typing import IO, Any, cast
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja import Header, Router

from catalogue.contributions import record_checks, rules
from catalogue.contributions.actions import checks, drafts
from catalogue.contributions.actions import files as draft_files
from catalogue.contributions.enums import ContributionStatus
from catalogue.contributions.forms import records
from catalogue.contributions.models import CardUpload, Contribution
from catalogue.contributions.queries import files as named_files
from catalogue.contributions.queries import proposals, reviews
from catalogue.contributions.schemas import (
    CardFileOut,
    CardIn,
    CardUploadIn,
    ChangeIn,
    ChecksOut,
    ContributionsOut,
    SendIn,
    WholeContributionOut,
)
from catalogue.resources.actions import files as file_care
from catalogue.resources.api import cards
from catalogue.resources.models import CardFile, Resource
from catalogue.resources.queries import quality
from catalogue.resources.queries import records as card_records
from portal.accounts import bearer
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.accounts.models import Organisation
from portal.accounts.views import person
from portal.lib import visible
from portal.lib.refusals import Conflict, Hidden, Invalid
from portal.lib.storage import objects, parts
from portal.lib.web.endpoints import Limit, after, refused
from portal.lib.web.endpoints import lazy as _
from portal.lib.web.requests import identifier, natural


def subject_named(request: HttpRequest, name: str) -> Resource:
    """Return a card that is online, or that the caller writes; raises Hidden for any other."""
    by, public_id = person(request), identifier(name)
    named: dict[str, Any] = {"public_id": public_id} if public_id else {"slug": name}
    written = Contribution.objects.written_by(by).order_by().values("resource_id")
    rows = Resource.objects.public() | Resource.objects.filter(pk__in=written)
    return visible.find(rows.select_related("organisation"), among=Resource.objects.all(), **named)


def open_on(request: HttpRequest, resource: Resource, wanted: UUID | None) -> Contribution | None:
    """Return the contribution in progress on a card: one's own, else the organisation's only one.

    wanted: the one that is meant. Raises Conflict when several are in progress, none one's own.
    """
    rows = Contribution.objects.written_by(person(request)).open().filter(resource=resource)
    rows = rows.select_related(
        "resource__organisation", "organisation", "author", "revision", "base_revision"
    ).order_by("-pk")
    if wanted is not None:
        return rows.filter(public_id=wanted).first()
    found = list(rows)
    own = [each for each in found if each.author_id == person(request).pk] or found
    if len(own) > 1:
        raise Conflict(
            gettext("Plusieurs contributions sont en cours sur cette fiche : dites laquelle."),
            code="several_contributions",
            contributions=[str(each.public_id) for each in own],
        )
    return own[0] if own else None


def work_on(request: HttpRequest, name: str, wanted: UUID | None) -> Contribution:
    """Return the contribution in progress on a card; raises Hidden when there is none."""
    resource = subject_named(request, name)
    found = open_on(request, resource, wanted)
    if found is not None:
        return found
    if not resource.live:
        raise Hidden
    raise Hidden(
        gettext("Vous n’avez pas de contribution en cours sur cette fiche."), code="no_contribution"
    )


def holder_named(slug: str | None) -> Organisation | None:
    """Return an organisation by its slug; raises Hidden for an unknown one."""
    if not slug:
        return None
    found = Organisation.objects.filter(slug=slug).first()
    if found is None:
        raise Hidden(gettext("Cette organisation n’existe pas."), code="no_organisation")
    return found


Json = dict[str, Any]
# What a token that may not read is told in place of what others said, or was said before: what it
# writes, and what the checks find in it, are shown back.
UNSAID: Json = {
    "decisions": [],
    "reply": "",
    "owner_answer": "",
    "owner_reason": "",
    "owner_due_at": None,
}
# What who only answers for the card is not told: the work of the author and of the Region.
UNTOLD: Json = {"checks": [], "decisions": [], "collisions": [], "reply": "", "may": []}


def whole(request: HttpRequest, contribution: Contribution) -> WholeContributionOut:
    """Describe a contribution in full, as its page does for who asks."""
    told = WholeContributionOut.model_validate(contribution, context={"request": request})
    if rules.reads_whole(person(request), contribution):
        return told
    unsent: Json = {}
    if contribution.status in rules.UNSENT:
        unsent = {"title": contribution.resource.title, "record": {}, "provenance": {}}
    return told.model_copy(update=UNTOLD | unsent)


CONTRIBUTE = Token(TokenScope.CONTRIBUTE)
READ = Token(TokenScope.READ)
TAGS: Any = [_("Contribuer")]
SAID = refused(401, 403, 404, 409, 415, 422, 429)
DONE = refused(401, 403, 404, 409, 422, 429)
router = Router(tags=TAGS, auth=CONTRIBUTE)


@router.get(
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


@router.get(
    "/contributions/{uuid:contribution}",
    auth=READ,
    response={200: WholeContributionOut, **refused(401, 403, 404, 429)},
    operation_id="contribution",
    summary=_("Suivre une contribution : état, décisions motivées, contenu proposé"),
)
def contribution(request: HttpRequest, contribution: UUID) -> WholeContributionOut:
    """La sienne, celle d’une organisation où l’on publie ; pour la Région, toute proposition."""
    return whole(request, contribution_named(request, contribution))


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
    values = records.clean(card.kind, card.given(), told={})

    def start() -> Contribution:
        return drafts.start(kind=card.kind, organisation=holder, by=by, **values)

    digest = sha256(request.body).hexdigest()
    made = drafts.deposit_once(key=idempotency_key, sha256=digest, begin=start, by=by)
    return opened(request, *made)


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
    told = proposals.proposed_record(work) if work else card_records.record_of(card)
    values = records.clean(card.kind, given.given(), told=told)
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


@router.post(
    "/resources/{slug:resource}/check",
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


@router.post(
    "/resources/{slug:resource}/submit",
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


@router.post(
    "/resources/{slug:resource}/withdraw",
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


@router.post(
    "/resources/{slug:resource}/catch-up",
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


def opened(request: HttpRequest, draft: Contribution, created: bool) -> HttpResponse:
    """Answer with a draft: 201 when this request opened it, 200 when an earlier one did."""
    told, status = _whole(request, draft).model_dump_json(), 201 if created else 200
    answer = HttpResponse(told, content_type="application/json", status=status)
    answer["Location"] = f"/api/v1/contributions/{draft.public_id}"
    return answer


def _whole(request: HttpRequest, work: Contribution) -> WholeContributionOut:
    told = whole(request, contribution_named(request, work.public_id))
    return told if bearer.reads(request) else told.model_copy(update=UNSAID)


def _holder(card: Resource, given: ChangeIn) -> dict[str, Any]:
    """Say in whose name a new card is; one that is online passes to others by a transfer."""
    holder = holder_named(given.organisation)
    if not card.live:
        return {"organisation": holder}
    if holder == card.organisation:
        return {}
    raise Conflict(
        gettext("Une fiche en ligne change de mains par un transfert, sur sa page."),
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
        faults=[
            {"field": each.field, "code": each.code, "message": record_checks.sentence(each)}
            for each in refusal.faults
        ],
    )


@router.put(
    "/resources/{slug:resource}/files/{name}",
    response={
        200: CardFileOut,
        201: CardFileOut,
        **refused(401, 403, 404, 409, 413, 422, 429, 503),
    },
    operation_id="put_file",
    summary=_("Déposer un fichier sur le brouillon d’une fiche"),
)
def put(
    request: HttpRequest, resource: str, name: str, contribution: UUID | None = None
) -> HttpResponse:
    """Le corps est le fichier, 500 Mo au plus ; un plus grand s’envoie par morceaux.

    Une fiche en ligne ne bouge pas avant la décision de la Région : le fichier va au brouillon de
    sa modification. Un fichier du même nom est remplacé ; les mêmes octets répondent 200.
    """
    by, work = person(request), work_for(request, resource, contribution)
    name = draft_files.clean_name(name)
    size = natural(request.headers.get("Content-Length") or "")
    before = _file_named(work, name)
    content = objects.pieces(cast(IO[bytes], request))
    file = draft_files.add(contribution=work, name=name, content=content, size=size, by=by)
    return answered(file_care.begin_examination(file), created=before != file)


@router.delete(
    "/resources/{slug:resource}/files/{name}",
    response={204: None, **refused(401, 403, 404, 409, 429)},
    operation_id="delete_file",
    summary=_("Retirer un fichier du brouillon d’une fiche"),
)
def delete(
    request: HttpRequest, resource: str, name: str, contribution: UUID | None = None
) -> HttpResponse:
    """La fiche en ligne, s’il y en a une, garde le sien jusqu’à la décision de la Région."""
    work = work_for(request, resource, contribution)
    file = _file_named(work, name)
    if file is None:
        raise Hidden
    draft_files.remove(contribution=work, file=file, by=person(request))
    return HttpResponse(status=204)


def answered(file: CardFile, *, created: bool) -> HttpResponse:
    """Tell a file as it is kept: 201 when this request brought it."""
    told, status = CardFileOut.model_validate(file).model_dump_json(), 201 if created else 200
    return HttpResponse(told, content_type="application/json", status=status)


def work_for(request: HttpRequest, resource: str, wanted: UUID | None) -> Contribution:
    """Give the contribution in progress, or open one on a card online."""
    card = subject_named(request, resource)
    found = open_on(request, card, wanted)
    if found is not None:
        return found
    if wanted is not None or not card.live:
        return work_on(request, resource, wanted)
    with transaction.atomic():
        return drafts.propose(resource=card, by=person(request))


def _file_named(work: Contribution, name: str) -> CardFile | None:
    return next((each for each in named_files.files_of_draft(work) if each.name == name), None)


@router.post(
    "/resources/{slug:resource}/uploads",
    response={201: parts.UploadOut, **refused(400, 401, 403, 404, 409, 413, 415, 422, 429)},
    operation_id="begin_card_upload",
    summary=_("Commencer l’envoi d’un grand fichier vers une fiche"),
)
def begin_upload(
    request: HttpRequest, resource: str, upload: CardUploadIn, contribution: UUID | None = None
) -> HttpResponse:
    """Annonce la taille, 5 Go au plus ; Location dit où envoyer les morceaux, pendant un jour."""
    work = work_for(request, resource, contribution)
    made = draft_files.begin_upload(
        contribution=work, length=upload.length, name=upload.name, by=person(request)
    )
    return parts.begun(made, "/api/v1/resources/uploads")


def _upload_found(request: HttpRequest, upload: UUID) -> CardUpload:
    rows = CardUpload.objects.visible_to(request.user).select_related(
        "begun_by", "contribution__resource__organisation", "contribution__organisation"
    )
    return visible.find(rows, among=CardUpload.objects.all(), pk=upload)


parts.routes(
    router,
    "/resources/uploads/{uuid:upload}",
    name="card_upload",
    summaries=(
        _("Demander où s’arrête l’envoi d’un fichier vers une fiche"),
        _("Envoyer un morceau d’un fichier vers une fiche"),
    ),
    about="""Le corps est le morceau (application/offset+octet-stream), à l’octet Upload-Offset.

Upload-Checksum, facultatif : « sha256 » et l’empreinte en base64. Avec le dernier morceau, le
fichier va au brouillon ; s’il est grand, dans les minutes qui suivent.""",
    find=_upload_found,
    append=lambda request, **part: draft_files.append_part(**part, by=person(request)),
)


def contribution_named(request: HttpRequest, public_id: UUID) -> Contribution:
    """Return a contribution that the caller may see; raises Hidden for any other."""
    rows = Contribution.objects.visible_to(person(request)).select_related(
        "resource__organisation", "organisation", "author", "revision", "base_revision"
    )
    return visible.find(rows, among=Contribution.objects.all(), public_id=public_id)
