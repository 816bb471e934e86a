"""Write, send, amend and take back a contribution; erase the drafts that nobody edits."""

import logging
import uuid
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, ProtectedError
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.models import Revision

from catalogue.contributions import rules
from catalogue.contributions.actions import checks
from catalogue.contributions.enums import ContributionStatus
from catalogue.contributions.models import Contribution
from catalogue.contributions.queries import descriptions, proposals
from catalogue.contributions.queries.proposals import Sorted
from catalogue.resources import rules as resource_rules
from catalogue.resources.actions import files as file_care
from catalogue.resources.actions.files import count_with
from catalogue.resources.enums import UNLICENSED_KINDS, LicenceStatus, LinkType, ResourceKind
from catalogue.resources.fields import DETAILS
from catalogue.resources.models import PROPOSED_COLUMNS, CardFile, Resource
from catalogue.resources.queries import files as card_files
from catalogue.resources.queries.relations import owners_of
from catalogue.standards.readers.record import Record
from portal.accounts.authorization import Permission, has_permission, require
from portal.accounts.models import Organisation, User
from portal.audit.actors import Actor, SystemActor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.prose import markdown
from portal.lib.refusals import Conflict, Invalid, QuotaSpent

BY_HAND = {"origin": "contributor", "verified": True}
# Columns whose empty choice means "the usual value" rather than nothing.
USUAL = ("access", "lifecycle", "licence_status")


def apply_values(resource: Resource, values: Mapping[str, Any]) -> None:
    """Set columns and own fields by name; empty own fields leave, unknown names are refused.

    On a card that an import or a source fed, what a person changes is theirs: no source writes
    over it afterwards.
    """
    own = DETAILS[resource.kind].by_name
    details = dict(resource.details)
    for name, value in values.items():
        if name == "organisation":
            continue
        before = details.get(name) if name in own else getattr(resource, name, None)
        if resource.provenance and proposals.is_another(before, value):
            resource.provenance = {**resource.provenance, name: BY_HAND}
        if name in own:
            details[name] = value
        elif name in PROPOSED_COLUMNS:
            setattr(resource, name, _usual(name, value))
        else:
            raise Invalid(code="unknown_field", faults=[name])
    resource.details = {name: v for name, v in details.items() if v not in ("", None, [], ())}


def _usual(name: str, value: Any) -> Any:
    if name in USUAL and not value:
        return getattr(Resource(), name)
    return "" if value is None else value


def require_arrived(contribution: Contribution) -> None:
    """Send no text whose file has arrived and is not put together yet; raises Conflict."""
    if contribution.uploads.filter(file=None, offset=F("length")).exists():
        raise Conflict(
            gettext_lazy(
                "Un fichier de ce brouillon vient d’arriver et n’est pas encore assemblé : "
                "envoyez la proposition dans quelques minutes."
            ),
            code="file_arriving",
        )


def keep_revision(contribution: Contribution, proposed: Resource, by: Actor) -> Revision:
    """Write the revision over, unless it was already judged: then a new one."""
    judged = contribution.decisions.filter(revision=contribution.revision).exists()
    if judged or contribution.revision is None:
        return proposed.save_revision(user=by if by.pk is not None else None, clean=False)
    revision = contribution.revision
    revision.content = proposed.serializable_data()
    revision.object_str = str(proposed)
    revision.save(update_fields=["content", "object_str"])
    return revision


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
    apply_values(resource, values)
    contribution = _open(resource, organisation=organisation, base=None, by=by)
    record("contribution.started", by=by, on=contribution, kind=str(kind))
    return contribution


@transaction.atomic
def start_blank(
    *, kind: ResourceKind, by: User, organisation: Organisation | None = None
) -> Contribution:
    """Open a draft where nothing is written, or give back the one that the person left so.

    In order: the person's row is held; then as `start`. Raises NotAllowed.
    """
    User.objects.select_for_update().get(pk=by.pk)
    mine = Contribution.objects.filter(
        author=by,
        organisation=organisation,
        status=ContributionStatus.DRAFT,
        base_revision=None,
        batch=None,
        uploads=None,
        resource__kind=kind,
    )
    for draft in mine.select_related("resource", "revision").order_by("-pk"):
        if proposals.is_blank(draft):
            return draft
    return start(kind=kind, by=by, organisation=organisation)


@transaction.atomic
def begin(
    *,
    described: Record,
    kind: str = "",
    reading: Mapping[str, Any],
    by: Actor,
    organisation: Organisation | None = None,
) -> Contribution:
    """Open a draft of what a description of another standard says.

    kind: the one chosen, which may not be that of the description. reading: what the draft keeps
    of the document. For where, and who holds it unless the document names the organisation, is left
    to be said. In order: as `start`, then the origin of each value, marked when it is a guess;
    event "contribution.started". Raises NotAllowed.
    """
    is_chosen, kind = bool(kind), kind or described.kind
    described = descriptions.with_deposit(described, organisation)
    values = {"scope": ""} | descriptions.values(described, kind)
    values["deposit"] = described.fields["deposit"].value if "deposit" in described.fields else ""
    contribution = start(kind=ResourceKind(kind), by=by, organisation=organisation, **values)
    proposed, beside = contribution.proposed, descriptions.beside(described, kind)
    proposed.provenance = descriptions.provenance(
        described, {*values, *beside["aside"]}, reading, clock.paris_day(clock.now())
    )
    contribution.revision = keep_revision(contribution, proposed, by)
    contribution.reading = dict(reading) | beside
    if is_chosen:
        contribution.reading = descriptions.with_kind_chosen(contribution.reading)
    contribution.save(update_fields=["revision", "reading"])
    return contribution


@transaction.atomic
def change_kind(*, contribution: Contribution, kind: ResourceKind, by: Actor) -> Contribution:
    """Say anew what kind of resource a draft describes; nothing that was read or written is lost.

    What the new kind does not ask waits in `reading` for a kind that asks it, and a text that
    nobody changed is the one read for its kind. In order: the card, its revision. Raises
    NotAllowed; Conflict for a published card, or one whose files are told otherwise.
    """
    contribution = Contribution.objects.locked(contribution)
    require(rules.may_edit, by, contribution)
    card = contribution.resource
    if not contribution.is_new:
        raise Conflict(gettext_lazy("Une fiche publiée garde son type : proposez-en une autre."))
    has_files = CardFile.objects.filter(resource=card).exists() or contribution.uploads.exists()
    if has_files and card_files.field_of(kind) != card_files.field_of(card.kind):
        raise Conflict(
            gettext_lazy(
                "Ce type ne donne pas ses fichiers de la même façon : retirez d’abord du brouillon "
                "les fichiers déposés."
            )
        )
    proposed = contribution.proposed
    contribution.reading = descriptions.with_kind_chosen(contribution.reading)
    descriptions.turn(proposed, kind, contribution.reading)
    Resource.objects.filter(pk=card.pk, live=False).update(kind=kind)
    card.kind = kind
    contribution.revision = keep_revision(contribution, proposed, by)
    contribution.edited_at, contribution.expiry_told_at = clock.now(), None
    contribution.save(update_fields=["revision", "reading", "edited_at", "expiry_told_at"])
    return contribution


@transaction.atomic
def propose(*, resource: Resource, by: Actor) -> Contribution:
    """Open a draft of a change to a published resource, or give back the one already open.

    The public card does not move. In order: a revision equal to the live one, without its files
    where they are had on request and the card is somebody else's; a contribution DRAFT with its
    base; event "contribution.started". Raises NotAllowed; Conflict when the open
    one is in the name of another organisation, or of none.
    """
    resource = Resource.objects.locked(resource)
    require(rules.may_propose, by, resource)
    holder = resource.organisation if resource_rules.owns(by, resource) else None
    already = _already(resource, holder, by)
    if already is not None:
        return already
    base = resource.live_revision or resource.save_revision(clean=False)
    if resource.live_revision_id is None:
        # A card opened by an import may have no revision yet: what is online becomes the base.
        Resource.objects.filter(pk=resource.pk).update(live_revision=base)
        resource.live_revision = base
    is_closed = resource.access in card_files.ON_REQUEST and not resource_rules.owns(by, resource)
    online = resource.details
    if is_closed:
        resource.details = card_files.without_files(online)
    contribution = _open(resource, organisation=holder, base=base, by=by, keeps_files=is_closed)
    resource.details = online
    record("contribution.started", by=by, on=contribution, kind=resource.kind)
    return contribution


@transaction.atomic
def save_draft(
    *,
    contribution: Contribution,
    values: Mapping[str, Any],
    unread: Collection[str] = (),
    by: Actor,
) -> Contribution:
    """Keep what has been written so far.

    values: some columns and own fields by name; the others stay. unread: those of which a guess
    saved as it was stays to be verified. The revision is written over, unless it was already
    judged: then a new one. In order: the room of its files, for a draft handed over; revision, date
    of the edit. No event: a draft is saved every few seconds. Raises NotAllowed.
    """
    contribution = Contribution.objects.locked(contribution)
    require(rules.may_edit, by, contribution)
    if "organisation" in values:
        _hand_over(contribution, values["organisation"], by)
    proposed = contribution.proposed
    if contribution.is_new:
        proposed.organisation = contribution.organisation
    apply_values(proposed, values)
    proposed.provenance = descriptions.confirmed(proposed.provenance, {*values} - {*unread})
    contribution.revision = keep_revision(contribution, proposed, by)
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
    contribution = _sendable(contribution, ContributionStatus.DRAFT, by=by)
    require_room(contribution, by)
    if _asks_owner(contribution, by):
        _check(contribution, charter=charter, status=ContributionStatus.OFFERED, by=by)
        record("contribution.offered", by=by, on=contribution, charter=charter)
        _owe(contribution, "proposal_received", "proposal_offered")
        return contribution
    return _send(contribution, charter=charter, verb="contribution.submitted", by=by)


@transaction.atomic
def amend(*, contribution: Contribution, charter: str, reply: str = "", by: Actor) -> Contribution:
    """Send again what came back, with a word to the moderators; its place in the queue is kept.

    In order: results of the checks, status CHANGES_REQUESTED to SUBMITTED; event
    "contribution.amended"; the same letters as a first sending. Raises NotAllowed, QuotaSpent,
    Conflict, Invalid.
    """
    contribution = _sendable(contribution, ContributionStatus.CHANGES_REQUESTED, by=by)
    contribution.note = reply.strip()
    return _send(contribution, charter=charter, verb="contribution.amended", by=by)


@transaction.atomic
def send_of_lot(*, contribution: Contribution, charter: str, by: Actor) -> Contribution:
    """Send one contribution of an imported lot, a draft or one that came back, as the two above.

    Without letters: those who follow a lot get one for all of it. Raises Conflict too for a card
    that changed hands: its new owner is asked from the contribution itself.
    """
    draft, returned = ContributionStatus.DRAFT, ContributionStatus.CHANGES_REQUESTED
    contribution = _sendable(contribution, draft, returned, by=by)
    verb = "contribution.amended"
    if contribution.status == draft:
        verb = "contribution.submitted"
        require_room(contribution, by)
        if _asks_owner(contribution, by):
            raise Conflict(code="owner_first")
    _check(contribution, charter=charter, status=ContributionStatus.SUBMITTED, by=by)
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
    if card.access in card_files.ON_REQUEST and not resource_rules.owns(by, card):
        contribution.keeps_files = True
    values, origins = proposals.caught_up(contribution)
    proposed = contribution.proposed
    apply_values(proposed, values)
    proposed.provenance = origins
    contribution.revision = keep_revision(contribution, proposed, by)
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
            gettext_lazy(
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
        follow_draft(contribution=contribution)
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
    if contribution.is_new or resource_rules.owns(by, resource):
        return False
    return owners_of(resource).exclude(pk=contribution.author_id or 0).exists()


def _sendable(contribution: Contribution, *allowed: ContributionStatus, by: Actor) -> Contribution:
    """Lock and judge what is to be sent."""
    contribution = Contribution.objects.locked(contribution)
    require(rules.may_submit, by, contribution)
    require_arrived(contribution)
    if contribution.status not in allowed:
        raise Conflict(code="wrong_state", status=contribution.status)
    return contribution


def _send(contribution: Contribution, *, charter: str, verb: str, by: Actor) -> Contribution:
    _check(contribution, charter=charter, status=ContributionStatus.SUBMITTED, by=by)
    record(verb, by=by, on=contribution, charter=charter)
    _owe(contribution, "contribution_received", "contribution_to_review")
    return contribution


def _owe(contribution: Contribution, receipt: str, to_read: str) -> None:
    """Owe a receipt, and a letter to who reads next unless signs of spam hold it back."""
    letters = [receipt] if contribution.is_held_back else [receipt, to_read]
    for letter in letters:
        key = contribution.version_key
        owe(f"mail.{letter}", key=key, contribution_id=contribution.pk)


def _check(
    contribution: Contribution, *, charter: str, status: ContributionStatus, by: Actor
) -> None:
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
        revision=keep_revision(contribution, proposed, by),
        checks=[check.to_json() for check in found],
        charter_version=charter,
        note=contribution.note,
    )


KEY_CHARACTERS = 64


@transaction.atomic
def deposit_once(
    *, key: str, sha256: str, begin: Callable[[], Contribution], by: User
) -> tuple[Contribution, bool]:
    """Open a draft, or give back the one that the key opened; say whether this one was opened.

    key: of one request, "" for one that is not to be remembered. sha256: of what it says. In
    order: the person's row is held, the draft and its event, key and digest. Raises Conflict for
    the same key with other bytes, Invalid for a key too long, and what `begin` raises.
    """
    User.objects.select_for_update().get(pk=by.pk)
    if len(key) > KEY_CHARACTERS or not key.isprintable():
        raise Invalid(
            _("Idempotency-Key compte de 1 à 64 caractères imprimables."), code="idempotency_key"
        )
    found = Contribution.objects.filter(author=by, request_key=key).first() if key else None
    if found is not None and found.request_sha256 != sha256:
        raise Conflict(
            _("Cette clé a servi à une autre demande : prenez-en une nouvelle."),
            code="idempotency_conflict",
        )
    if found is not None:
        return found, False
    made = begin()
    made.request_key, made.request_sha256 = key, sha256
    made.save(update_fields=["request_key", "request_sha256"])
    return made, True


log = logging.getLogger("catalogue.drafts")
SCHEDULER = SystemActor("scheduler")


@transaction.atomic
def merge(
    *,
    contribution: Contribution,
    values: Mapping[str, Any],
    seen: Mapping[str, str],
    read_over: Collection[str],
    by: User,
) -> tuple[Contribution, Sorted]:
    """Keep what a person typed over what they had read, never over what somebody else wrote since.

    seen: prints of the values that the page showed (`proposals.prints`); read_over: the fields
    whose guesses they confirm. Fields that clash are not kept: they come back with both texts.
    Otherwise as `save_draft`.
    """
    contribution = Contribution.objects.locked(contribution)
    require(rules.may_edit, by, contribution)
    found = proposals.sort(proposals.proposed_record(contribution), values, seen)
    unread = {*found.kept} - {*read_over}
    saved = save_draft(contribution=contribution, values=found.kept, unread=unread, by=by)
    return saved, found


@transaction.atomic
def tell_ending() -> int:
    """Tell who writes each draft that nobody edits any more when it ends; return how many.

    Each: the date of the notice, one letter. A saving starts the time anew.
    """
    days = settings.DRAFT_KEPT_DAYS - settings.DRAFT_NOTICE_DAYS
    # Locked in an order that two schedulers share.
    due = _idle(days).filter(expiry_told_at=None).select_for_update(of=("self",))
    for contribution in due:
        contribution.expiry_told_at = clock.now()
        contribution.save(update_fields=["expiry_told_at"])
        key = f"{contribution.pk}-{contribution.expiry_told_at:%Y%m%d}"
        owe("mail.draft_ending", key=key, contribution_id=contribution.pk)
    return len(due)


def erase_ended() -> int:
    """Erase the drafts that nobody edited in time, told of it long enough ago; return how many.

    Each in its transaction: one that something else stands on is logged, stays, and keeps no
    other waiting.
    """
    erased = 0
    for pk in list(_ended().values_list("pk", flat=True)):
        try:
            erased += _end(pk)
        except ProtectedError:
            log.exception("draft %s was not erased: something stands on it", pk)
    return erased


@transaction.atomic
def _end(pk: int) -> bool:
    """Erase a draft unless it was taken up meanwhile; say whether it was.

    In order: event "contribution.erased"; the proposal, its text, and the card if it was never
    online.
    """
    found = _ended().select_for_update(of=("self",)).filter(pk=pk).first()
    if found is None:
        return False
    record("contribution.erased", by=SCHEDULER, on=found)
    _erase(found)
    return True


def _ended() -> Any:
    told = clock.now() - timedelta(days=settings.DRAFT_NOTICE_DAYS)
    return _idle(settings.DRAFT_KEPT_DAYS).filter(expiry_told_at__lte=told)


def _idle(days: int) -> Any:
    """Select the drafts not edited for so many days."""
    limit = clock.now() - timedelta(days=days)
    rows = Contribution.objects.filter(status=ContributionStatus.DRAFT).alias(
        last=Coalesce(F("edited_at"), F("created_at"))
    )
    return rows.filter(last__lte=limit).order_by("pk")


def _erase(contribution: Contribution) -> None:
    card, text = contribution.resource, contribution.revision
    contribution.delete()
    if text is not None and text.pk != card.live_revision_id:
        same = Resource.objects.filter(pk=card.pk, latest_revision=text)
        same.update(latest_revision=card.live_revision_id)
        text.delete()
    never_seen = not card.live and card.first_published_at is None and card.masked_at is None
    if never_seen and not card.contributions.exists():
        try:
            with transaction.atomic():
                file_care.forget_of(resource=card, by=SCHEDULER)
                Resource.objects.get(pk=card.pk).delete()
        except ProtectedError:
            return  # something of another part stands on it: it stays, unseen


BECOMES = (ResourceKind.NEED, ResourceKind.SOLUTION)
# What stays true of the new card; its addresses are its own, else it would pass for a duplicate.
CARRIED = (
    "title",
    "title_en",
    "acronym",
    "summary",
    "description",
    "contact",
    "authors",
    "scope",
    "scope_note",
    "territories",
    "languages",
    "use_cases",
    "barriers",
    "beneficiaries",
    "publics",
    "tasks",
    "rome_codes",
    "tags",
)
# Own fields of the new card, and those of the idea that begin them.
BEGUN = {
    ResourceKind.NEED: {"situation": "problem", "expected_result": "approach"},
    ResourceKind.SOLUTION: {"needs_served": "problem"},
}


@transaction.atomic
def become(*, resource: Resource, kind: str, by: User) -> Contribution:
    """Open the draft of a need or of a solution that comes of an idea, or give back the open one.

    The idea stays online as it is; the draft is reviewed as any other and its link is made when
    it goes online. In order: as `start`. Raises NotAllowed to who does not answer
    for the idea, Conflict when it is none or is not online.
    """
    idea = Resource.objects.locked(resource)
    require(resource_rules.owns, by, idea)
    if not idea.live or idea.kind != ResourceKind.IDEA or kind not in BECOMES:
        raise Conflict(
            gettext_lazy("Seule une idée en ligne peut devenir un besoin ou une solution.")
        )
    wanted = ResourceKind(kind)
    link = {"type": str(LinkType.DERIVED_FROM), "target": idea.slug}
    mine = Contribution.objects.open().filter(author=by, resource__kind=kind, resource__live=False)
    for already in mine.select_related("resource", "revision"):
        if link in (already.content.get("details") or {}).get("relations", []):
            return already
    values: dict[str, Any] = {name: getattr(idea, name) for name in CARRIED}
    values |= {new: idea.details.get(old, "") for new, old in BEGUN[wanted].items()}
    values["relations"] = [link]
    return start(kind=wanted, by=by, organisation=idea.organisation, **values)


def follow_draft(*, contribution: Contribution) -> None:
    """Count the files of a draft of a new card with who it was handed to."""
    files = CardFile.objects.filter(resource=contribution.resource_id)
    count_with(files, contribution.organisation, contribution.author)
