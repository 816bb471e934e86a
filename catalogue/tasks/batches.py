"""Import tables of cards, and write to those who follow a lot."""

import logging
from datetime import datetime, timedelta
from typing import Any

from catalogue import rules
from catalogue.actions import batches
from catalogue.enums import ContributionStatus
from catalogue.harvest import imports
from catalogue.models import ContributionBatch, Decision
from catalogue.queries.batches import states
from catalogue.tasks.letters import MODERATORS, absolute
from portal.accounts.models import RegionAppointment, User
from portal.audit import letters
from portal.audit.duties import duty
from portal.audit.outbox import handler
from portal.lib.queue import task
from portal.lib.refusals import Conflict

log = logging.getLogger("catalogue.import")
TITLES_TOLD = 50


@task(batches.TASK)
def import_cards(batch_id: int) -> None:
    """Import one lot, unless another worker has it."""
    batch = ContributionBatch.objects.filter(pk=batch_id).first()
    if batch is None or not batch.is_under_way:
        return
    try:
        imports.carry_out(batch)
    except Conflict as refusal:
        log.info("lot %s is not to be imported: %s", batch_id, refusal.code)


@duty("catalogue.batches", minutes=5)
def nudge_waiting() -> None:
    """Nudge again what waits, or was cut short by the death of its worker."""
    batches.nudge_waiting()


@duty("catalogue.batches_read", minutes=24 * 60)
def forget_old() -> None:
    """Forget the tables that nobody imported."""
    batches.forget_old()


@handler("mail.batch_received")
def received_letter(batch_id: int) -> None:
    """Send a receipt for a lot to who sent it."""
    batch = _find(batch_id)
    if batch is not None and batch.asked_by is not None:
        _write("batch_received", batch, batch.asked_by)


@handler("mail.batch_to_review")
def to_review_letter(batch_id: int) -> None:
    """Tell the moderators that a lot waits, once for all of it."""
    batch = _find(batch_id)
    if batch is None:
        return
    first = batch.contributions.filter(status=ContributionStatus.SUBMITTED).first()
    held = RegionAppointment.objects.filter(role__in=MODERATORS, ended_at__isnull=True)
    for person in User.objects.filter(is_active=True, pk__in=held.values("user_id")).order_by("pk"):
        if first is not None and rules.may_decide(person, first):
            link = f"{absolute('catalogue:moderation')}?lot={batch.public_id}"
            _write("batch_to_review", batch, person, link=link)


@handler("mail.batch_decided")
def decided_letter(batch_id: int, before: str) -> None:
    """Tell who brought a lot, and who sent it, what was decided of it in the last hour."""
    batch = _find(batch_id)
    if batch is None:
        return
    end = datetime.fromisoformat(before)
    rows: Any = Decision.objects
    found = (
        rows.filter(contribution__batch=batch)
        .filter(decided_at__gte=end - timedelta(hours=1), decided_at__lt=end)
        .select_related("revision")
        .order_by("pk")
    )
    told = [
        (str(each.revision.content.get("title", "")), each.get_outcome_display())
        for each in found[:TITLES_TOLD]
    ]
    more = found.count() - len(told)
    for person in {each for each in (batch.asked_by, batch.author) if each is not None}:
        _write("batch_decided", batch, person, decided=told, more=more)


def _find(batch_id: int) -> ContributionBatch | None:
    rows = ContributionBatch.objects.select_related("asked_by", "author", "organisation")
    return rows.filter(pk=batch_id).first()


def _write(letter: str, batch: ContributionBatch, person: User, **more: Any) -> None:
    if not person.is_active:
        return
    counts = [(ContributionStatus(s).label, n) for s, n in states(batch).items()]
    context = {
        "batch": batch,
        "person": person,
        "counts": counts,
        "link": absolute("catalogue:import_batch", batch.public_id),
        **more,
    }
    letters.send(letter, to=person.email, context=context)
