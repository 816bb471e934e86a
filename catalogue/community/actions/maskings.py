"""Hide a card at once, have a second person confirm it, show it again."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from catalogue.community import queries as community_queries
from catalogue.community import rules
from catalogue.community.enums import MaskingEnd
from catalogue.community.models import Masking, Report
from catalogue.resources import rules as resource_rules
from catalogue.resources.actions import cards as card_changes
from catalogue.resources.models import Resource
from catalogue.search import index
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.actors import Actor, SystemActor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.prose.texts import require_plain_line
from portal.lib.refusals import Conflict, Invalid

SCHEDULER = SystemActor("scheduler")


@transaction.atomic
def mask(
    *,
    resource: Resource,
    category: str,
    explanation: str,
    by: User,
    report: Report | None = None,
) -> Masking:
    """Hide a public card at once.

    In order: the masking; the card no longer live, out of the index, and the news that quote it;
    event "resource.masked"; a letter to those who may confirm, one to those who answer for the
    card. Raises NotAllowed; Invalid without words; Conflict when it is not public.
    """
    resource = Resource.objects.locked(resource)
    require(resource_rules.may_mask, by, resource)
    require_plain_line(explanation)
    if not explanation.strip():
        raise Invalid(_("Dites pourquoi la fiche est masquée."), code="reason_required")
    if not resource.live:
        raise Conflict(code="not_published")
    at = clock.now()
    masking = Masking.objects.create(
        resource=resource,
        report=report,
        category=category,
        explanation=explanation.strip()[:300],
        masked_by=by,
        masked_at=at,
    )
    resource.live, resource.masked_at = False, at
    resource.save(update_fields=["live", "masked_at"])
    index.remove(resource.pk)
    card_changes.take_back_news(resource=resource)
    record("resource.masked", by=by, on=resource, category=str(category))
    owe("mail.masking", key=str(masking.public_id), masking_id=masking.pk)
    return masking


@transaction.atomic
def confirm(*, masking: Masking, by: User) -> Masking:
    """Confirm as second person: the card stays hidden until a decision.

    In order: who and when; event "masking.confirmed". Raises NotAllowed; Conflict when it ended,
    was confirmed, or its hours are over.
    """
    masking = _open(masking)
    by.forget_roles()
    require(rules.may_confirm_masking, by, masking)
    late = clock.now() >= masking.due_at and not _is_kept(masking)
    if masking.confirmed_at is not None or late:
        raise Conflict(code="masking_confirmed")
    masking.confirmed_by, masking.confirmed_at = by, clock.now()
    masking.save(update_fields=["confirmed_by", "confirmed_at"])
    record("masking.confirmed", by=by, on=masking.resource)
    return masking


def second(*, resource: Resource, by: User) -> None:
    """Confirm the masking of a card by who decides to hide it too, when another person masked it.

    Nothing when it was confirmed, or when they are the one who masked it. Raises as `confirm`.
    """
    masking = standing(resource)
    if masking is None or masking.confirmed_at is not None:
        return
    if rules.may_confirm_masking(by, masking):
        confirm(masking=masking, by=by)


@transaction.atomic
def lift(*, masking: Masking, by: User) -> Resource:
    """Show again a card whose masking nobody confirmed: live, found; event "masking.lifted".

    Raises NotAllowed; Conflict when it ended or was confirmed: lifting it takes two persons.
    """
    masking = _open(masking)
    require(resource_rules.may_mask, by, masking.resource)
    if masking.confirmed_at is not None:
        raise Conflict(
            _("Ce masquage est confirmé : proposez de le lever, une autre personne répondra."),
            code="masking_confirmed",
        )
    return _end(masking, MaskingEnd.LIFTED, by)


@transaction.atomic
def propose_lift(*, masking: Masking, by: User) -> Masking:
    """Propose to show again a card whose masking was confirmed; it stays hidden meanwhile.

    In order: who and when; event "masking.lift_proposed"; a letter to those who may answer. Raises
    NotAllowed; Conflict when it ended, was not confirmed, or a proposal waits.
    """
    masking = _open(masking)
    require(resource_rules.may_mask, by, masking.resource)
    if masking.confirmed_at is None:
        raise Conflict(code="masking_not_confirmed")
    if masking.lift_asked_by is not None:
        raise Conflict(_("La levée attend déjà une réponse."), code="already_proposed")
    masking.lift_asked_by, masking.lift_asked_at = by, clock.now()
    masking.save(update_fields=["lift_asked_by", "lift_asked_at"])
    record("masking.lift_proposed", by=by, on=masking.resource)
    key = f"{masking.public_id}:{masking.lift_asked_at.isoformat()}"
    owe("mail.masking_lift", key=key, masking_id=masking.pk)
    return masking


@transaction.atomic
def approve_lift(*, masking: Masking, by: User) -> Resource:
    """Show the card again, as second person; event "masking.lifted" with who proposed it.

    Raises NotAllowed; Conflict when it ended, nothing waits, or who proposed it could no longer.
    """
    masking = _answerable(masking, by)
    asked: Any = masking.lift_asked_by
    asked.forget_roles()
    if not resource_rules.may_mask(asked, masking.resource):
        raise Conflict(
            _("La personne qui l’a proposé ne pourrait plus le faire : proposez-le à nouveau."),
            code="proposer_left",
        )
    return _end(masking, MaskingEnd.LIFTED, by, proposed_by=asked.person_key)


@transaction.atomic
def refuse_lift(*, masking: Masking, by: User) -> Masking:
    """Keep the card hidden, as second person; event "masking.lift_refused"."""
    masking = _answerable(masking, by)
    masking.lift_asked_by, masking.lift_asked_at = None, None
    masking.save(update_fields=["lift_asked_by", "lift_asked_at"])
    record("masking.lift_refused", by=by, on=masking.resource)
    return masking


@transaction.atomic
def end_by_decision(*, masking: Masking, by: User) -> Resource:
    """Show a card again by the last decision on a contestation; event "masking.lifted".

    Its judge is not who took the first decision: they are the second person. Raises NotAllowed;
    Conflict when it ended.
    """
    masking = _open(masking)
    require(resource_rules.may_mask, by, masking.resource)
    return _end(masking, MaskingEnd.LIFTED, by)


@transaction.atomic
def lapse_due() -> int:
    """Show again the cards whose masking nobody confirmed in time; return how many.

    A card stays hidden while another person than who hid it decided so, or proposed its removal.
    Each: event "masking.lapsed", one alert to the moderators.
    """
    limit = clock.now() - timedelta(hours=settings.MASKING_CONFIRM_HOURS)
    due = Masking.objects.filter(ended_at=None, confirmed_at=None, masked_at__lte=limit)
    lapsed = 0
    for masking in list(due.order_by("pk")):
        fresh = _open(masking)
        if _is_kept(fresh):
            continue
        lapsed += 1
        _end(fresh, MaskingEnd.LAPSED, SCHEDULER)
        owe("mail.masking_lapsed", key=str(fresh.public_id), masking_id=fresh.pk)
    return lapsed


def standing(resource: Resource) -> Masking | None:
    """Find the masking under which a card is hidden."""
    return resource.maskings.filter(ended_at=None).select_related("masked_by").first()


def _is_kept(masking: Masking) -> bool:
    """Say whether a second person holds a card hidden, by a decision or by asking its removal."""
    alone = masking.masked_by
    asked = masking.resource.removals.filter(answer="").exclude(proposed_by=alone)
    return community_queries.stands_hidden(masking.resource, but_by=alone) or asked.exists()


def _open(masking: Masking) -> Masking:
    """Lock the card, then the masking; a conflict when it ended."""
    resource = Resource.objects.locked(masking.resource)
    fresh = Masking.objects.select_for_update(of=("self",)).get(pk=masking.pk)
    if fresh.ended_at is not None:
        raise Conflict(_("Cette fiche n’est plus masquée."), code="masking_ended")
    fresh.resource = resource
    return fresh


def _answerable(masking: Masking, by: User) -> Masking:
    """Lock a masking of which the lifting waits for an answer that this person may give."""
    fresh = _open(masking)
    if fresh.lift_asked_by is None:
        raise Conflict(_("Cette proposition a déjà reçu sa réponse."), code="already_answered")
    by.forget_roles()
    require(rules.may_answer_lift, by, fresh)
    return fresh


def _end(masking: Masking, end: MaskingEnd, by: Actor, **facts: str) -> Resource:
    at = clock.now()
    masking.end, masking.ended_at = end, at
    masking.save(update_fields=["end", "ended_at"])
    resource = masking.resource
    resource.live, resource.masked_at, resource.restored_at = True, None, at
    resource.save(update_fields=["live", "masked_at", "restored_at"])
    index.write(Resource.objects.select_related("organisation").get(pk=resource.pk))
    record(f"masking.{end}", by=by, on=resource, **facts)
    return resource
