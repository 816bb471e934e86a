"""Write, send, amend and take back a contribution."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from wagtail.models import Revision

from catalogue import rules
from catalogue.actions import checks, contents, file_rooms
from catalogue.enums import UNLICENSED_KINDS, ContributionStatus, LicenceStatus, ResourceKind
from catalogue.models import Contribution, Resource
from catalogue.queries import files, pasted, proposals
from catalogue.queries.owners import owners_of
from catalogue.standards.readers.record import Record
from catalogue.validators.checks import Check
from portal.accounts.authorization import Permission, has_permission, require
from portal.accounts.models import Organisation
from portal.audit.actors import Actor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock, markdown
from portal.lib.refusals import Conflict, Invalid, QuotaSpent

WAITING = (
    ContributionStatus.OFFERED,
    ContributionStatus.SUBMITTED,
    ContributionStatus.CHANGES_REQUESTED,
)


def provisional_slug(public_id: uuid.UUID) -> str:
    """Name a resource that has no address yet: it gets one when it goes online."""
    return f"brouillon-{public_id}"


@transaction.atomic
def start(
    *, kind: ResourceKind, by: Actor, organisation: Organisation | None = None, **values: Any
) -> Contribution:
    """Open a draft of a new resource.

    In order: a resource that nobody else sees, its first revision, a contribution DRAFT; event
    "contribution.started". Raises NotAllowed.
    """
    require(rules.may_contribute, by, organisation)
    public_id = uuid.uuid4()
    resource = Resource(
        public_id=public_id,
        slug=provisional_slug(public_id),
        kind=kind,
        organisation=organisation,
        author=_person(by),
        live=False,
        has_unpublished_changes=True,
    )
    if kind in UNLICENSED_KINDS:
        resource.licence_status = LicenceStatus.NOT_APPLICABLE
    resource.save()
    contents.apply(resource, values)
    contribution = _open(resource, organisation=organisation, base=None, by=by)
    record("contribution.started", by=by, on=contribution, kind=str(kind))
    return contribution


@transaction.atomic
def begin(
    *,
    described: Record,
    kind: str,
    reading: Mapping[str, Any],
    by: Actor,
    organisation: Organisation | None = None,
) -> Contribution:
    """Open a draft of what a description of another standard says.

    kind: of the resource, which may not be that of the description. reading: what the draft keeps
    of the document. In order: as `start`, then the origin of each value, marked when it is a
    guess; event "contribution.started". Raises NotAllowed.
    """
    values = pasted.values(described, kind)
    contribution = start(kind=ResourceKind(kind), by=by, organisation=organisation, **values)
    proposed = contribution.proposed
    proposed.provenance = pasted.provenance(
        described, values, reading, clock.paris_day(clock.now())
    )
    contribution.revision = contents.keep(contribution, proposed, by)
    contribution.reading = dict(reading)
    contribution.save(update_fields=["revision", "reading"])
    return contribution


@transaction.atomic
def propose(*, resource: Resource, by: Actor) -> Contribution:
    """Open a draft of a change to a published resource, or give back the one already open.

    The public card does not move. In order: a revision equal to the live one, without its files
    where they are had on request and the card is somebody else's; a contribution DRAFT with its
    base; event "contribution.started". Raises NotAllowed; Conflict when the open
    one is in the name of another organisation, or of none.
    """
    resource = Resource.objects.select_for_update(of=("self",)).get(pk=resource.pk)
    require(rules.may_propose, by, resource)
    holder = resource.organisation if rules.owns(by, resource) else None
    already = _already(resource, holder, by)
    if already is not None:
        return already
    base = resource.live_revision or resource.save_revision(clean=False)
    if resource.live_revision_id is None:
        # A card opened by an import may have no revision yet: what is online becomes the base.
        Resource.objects.filter(pk=resource.pk).update(live_revision=base)
        resource.live_revision = base
    is_closed = resource.access in files.ON_REQUEST and not rules.owns(by, resource)
    online = resource.details
    if is_closed:
        resource.details = files.without(online)
    contribution = _open(resource, organisation=holder, base=base, by=by, keeps_files=is_closed)
    resource.details = online
    record("contribution.started", by=by, on=contribution, kind=resource.kind)
    return contribution


@transaction.atomic
def save_draft(*, contribution: Contribution, values: Mapping[str, Any], by: Actor) -> Contribution:
    """Keep what has been written so far.

    values: some columns and own fields by name; the others stay. The revision is written over,
    unless it was already judged: then a new one. In order: the room of its files, for a draft
    handed over; revision, date of the edit. No event: a draft is saved every few seconds. Raises
    NotAllowed.
    """
    contribution = Contribution.objects.locked(contribution)
    require(rules.may_edit, by, contribution)
    if "organisation" in values:
        _hand_over(contribution, values["organisation"], by)
    proposed = contribution.proposed
    if contribution.is_new:
        proposed.organisation = contribution.organisation
    contents.apply(proposed, values)
    proposed.provenance = pasted.confirmed(proposed.provenance, values)
    contribution.revision = contents.keep(contribution, proposed, by)
    contribution.edited_at, contribution.expiry_told_at = clock.now(), None
    contribution.save(update_fields=["revision", "edited_at", "expiry_told_at", "organisation"])
    return contribution


@transaction.atomic
def submit(*, contribution: Contribution, charter: str, by: Actor) -> Contribution:
    """Hand a draft to the moderators; a change of somebody else's card, to its owner first.

    In order: results of the checks, status DRAFT to SUBMITTED with its date and the accepted
    charter; event "contribution.submitted"; a receipt to the author; a letter to the moderators,
    unless signs of spam hold it back. Of somebody else's card: status OFFERED, event
    "contribution.offered", and the second letter goes to who answers for the card. Raises
    NotAllowed, QuotaSpent, Conflict, and Invalid with the blocking remarks.
    """
    contribution = Contribution.objects.locked(contribution)
    require(rules.may_submit, by, contribution)
    contents.require_arrived(contribution)
    if contribution.status != ContributionStatus.DRAFT:
        raise Conflict(code="wrong_state", status=contribution.status)
    require_room(contribution, by)
    if _asks_owner(contribution, by):
        offered = ContributionStatus.OFFERED
        found = _check(contribution, charter=charter, status=offered, by=by)
        record("contribution.offered", by=by, on=contribution, charter=charter)
        key = contribution.version_key
        owe("mail.proposal_received", key=key, contribution_id=contribution.pk)
        if not checks.held_back(found):
            owe("mail.proposal_offered", key=key, contribution_id=contribution.pk)
        return contribution
    return _send(contribution, charter=charter, verb="contribution.submitted", by=by)


@transaction.atomic
def amend(*, contribution: Contribution, charter: str, reply: str = "", by: Actor) -> Contribution:
    """Send again what came back, with a word to the moderators; its place in the queue is kept.

    In order: results of the checks, status CHANGES_REQUESTED to SUBMITTED; event
    "contribution.amended"; the same letters as a first sending. Raises NotAllowed, QuotaSpent,
    Conflict, Invalid.
    """
    contribution = Contribution.objects.locked(contribution)
    require(rules.may_submit, by, contribution)
    contents.require_arrived(contribution)
    if contribution.status != ContributionStatus.CHANGES_REQUESTED:
        raise Conflict(code="wrong_state", status=contribution.status)
    contribution.note = reply.strip()
    return _send(contribution, charter=charter, verb="contribution.amended", by=by)


@transaction.atomic
def send_of_lot(*, contribution: Contribution, charter: str, by: Actor) -> Contribution:
    """Send one contribution of an imported lot, a draft or one that came back, as the two above.

    Without letters: those who follow a lot get one for all of it. Raises Conflict too for a card
    that changed hands: its new owner is asked from the contribution itself.
    """
    contribution = Contribution.objects.locked(contribution)
    require(rules.may_submit, by, contribution)
    contents.require_arrived(contribution)
    is_draft = contribution.status == ContributionStatus.DRAFT
    if is_draft:
        require_room(contribution, by)
    elif contribution.status != ContributionStatus.CHANGES_REQUESTED:
        raise Conflict(code="wrong_state", status=contribution.status)
    if is_draft and _asks_owner(contribution, by):
        raise Conflict(code="owner_first")
    _check(contribution, charter=charter, status=ContributionStatus.SUBMITTED, by=by)
    verb = "contribution.submitted" if is_draft else "contribution.amended"
    record(verb, by=by, on=contribution, charter=charter)
    return contribution


@transaction.atomic
def withdraw(*, contribution: Contribution, by: Actor) -> Contribution:
    """Take a contribution back before the decision.

    In order: status WITHDRAWN; event "contribution.withdrawn". Raises NotAllowed, Conflict.
    """
    contribution = Contribution.objects.locked(contribution)
    require(rules.may_withdraw, by, contribution)
    contribution.become(ContributionStatus.WITHDRAWN, at=clock.now())
    record("contribution.withdrawn", by=by, on=contribution)
    return contribution


@transaction.atomic
def catch_up(*, contribution: Contribution, by: Actor) -> Contribution:
    """Carry a proposal over to the card that has gone online since.

    Fields that the author did not touch take the online value; where both changed, the author's
    stays. In order: revision, base; event "contribution.caught_up". Raises NotAllowed.
    """
    contribution = Contribution.objects.locked(contribution)
    require(rules.may_edit, by, contribution)
    if not proposals.is_stale(contribution):
        return contribution
    card = contribution.resource
    if card.access in files.ON_REQUEST and not rules.owns(by, card):
        contribution.keeps_files = True
    merged = proposals.caught_up(contribution)
    provenance = proposals.caught_up_provenance(contribution)
    proposed = contribution.proposed
    contents.apply(proposed, {**merged, **merged.pop("details")})
    proposed.provenance = provenance
    contribution.revision = contents.keep(contribution, proposed, by)
    contribution.base_revision = contribution.resource.live_revision
    contribution.edited_at, contribution.expiry_told_at = clock.now(), None
    kept = ["revision", "base_revision", "keeps_files", "edited_at", "expiry_told_at"]
    contribution.save(update_fields=kept)
    record("contribution.caught_up", by=by, on=contribution)
    return contribution


def _person(by: Actor) -> Any:
    return by if by.pk is not None else None


def _already(resource: Resource, holder: Organisation | None, by: Actor) -> Contribution | None:
    """Find what the same person has open on a card in the same name; refuse in another's."""
    found = list(Contribution.objects.open().filter(resource=resource, author=_person(by)))
    for each in found:
        if each.organisation_id == (holder.pk if holder else None):
            return each
    if found and by.pk is not None:
        raise Conflict(
            _(
                "Vous avez déjà une proposition en cours sur cette fiche, au nom d’une autre "
                "organisation ou au vôtre : envoyez-la ou retirez-la d’abord, depuis votre espace."
            ),
            code="proposed_for_another",
            contribution=str(found[0].public_id),
        )
    return None


def _open(
    resource: Resource,
    *,
    organisation: Organisation | None,
    base: Revision | None,
    by: Actor,
    keeps_files: bool = False,
) -> Contribution:
    revision = resource.save_revision(user=_person(by), clean=False)
    return Contribution.objects.create(
        resource=resource,
        revision=revision,
        base_revision=base,
        author=_person(by),
        organisation=organisation,
        keeps_files=keeps_files,
        edited_at=clock.now(),
    )


def _hand_over(contribution: Contribution, organisation: Organisation | None, by: Actor) -> None:
    """Change in whose name a new resource is proposed; a published one keeps its owner."""
    if not contribution.is_new:
        return
    require(rules.may_contribute, by, organisation)
    if organisation != contribution.organisation:
        contribution.batch = None  # a lot is one organisation's
        Contribution.objects.filter(pk=contribution.pk).update(batch=None)
        contribution.organisation = organisation
        file_rooms.follow_draft(contribution=contribution)
    Resource.objects.filter(pk=contribution.resource_id, live=False).update(
        organisation=organisation
    )
    contribution.resource.organisation = organisation


def require_room(contribution: Contribution, by: Actor) -> None:
    """Limit what one account has waiting, editors of verified organisations apart."""
    holder = contribution.organisation
    verified = holder is not None and holder.verified_at is not None
    if verified and has_permission(by, Permission.CONTRIBUTION_SUBMIT, organisation=holder):
        return
    waiting = Contribution.objects.filter(author=contribution.author, status__in=WAITING)
    lots = set(waiting.exclude(batch=None).values_list("batch", flat=True).order_by())
    if contribution.batch_id in lots:
        return  # an import is one pending lot, whatever it holds
    if waiting.filter(batch=None).count() + len(lots) >= settings.PENDING_CONTRIBUTIONS_PER_ACCOUNT:
        raise QuotaSpent(
            code="pending_contributions", limit=settings.PENDING_CONTRIBUTIONS_PER_ACCOUNT
        )


def _asks_owner(contribution: Contribution, by: Actor) -> bool:
    """Say whether somebody else answers for the card: there is one, and they can be reached."""
    resource = contribution.resource
    if contribution.is_new or rules.owns(by, resource):
        return False
    return owners_of(resource).exclude(pk=contribution.author_id or 0).exists()


def _send(contribution: Contribution, *, charter: str, verb: str, by: Actor) -> Contribution:
    submitted = ContributionStatus.SUBMITTED
    found = _check(contribution, charter=charter, status=submitted, by=by)
    record(verb, by=by, on=contribution, charter=charter)
    key = contribution.version_key
    owe("mail.contribution_received", key=key, contribution_id=contribution.pk)
    if not checks.held_back(found):
        owe("mail.contribution_to_review", key=key, contribution_id=contribution.pk)
    return contribution


def _check(
    contribution: Contribution, *, charter: str, status: ContributionStatus, by: Actor
) -> list[Check]:
    """Take the edge of a sending with what the checks found; raises as `submit`."""
    if not charter:
        raise Invalid(code="charter", faults=["charter"])
    found = checks.run(proposals.proposed_record(contribution), contribution=contribution)
    faults = checks.blocking(found)
    if faults:
        raise Invalid(code="checks", faults=faults)
    proposed = contribution.proposed
    proposed.description_html = markdown.render(proposed.description)
    contribution.become(
        status,
        at=clock.now(),
        revision=contents.keep(contribution, proposed, by),
        checks=[check.to_json() for check in found],
        charter_version=charter,
        note=contribution.note,
    )
    return found
