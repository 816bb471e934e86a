"""Decide on an entry whose scoring broke down: another try, an end, or one more scoring."""

from django.db import transaction
from django.utils.translation import gettext as _

from challenges import retention, rules
from challenges.actions import slots
from challenges.actions.evaluations import queue_scores, settle_later
from challenges.enums import EntryStatus, EvaluationState, JobKind, ReasonCode
from challenges.models import Entry, Phase, Reveal
from challenges.models.rescoring import held_by, in_force
from challenges.queue import actions as jobs
from portal.accounts.authorization import require
from portal.audit.actors import Actor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict


@transaction.atomic
def requeue(*, entry: Entry, by: Actor, note: str = "") -> Entry:
    """Give an examined entry another try, by a moderator who is not of its team.

    In order: entry QUEUED, or CHECKING if its file was not checked yet; its jobs live again;
    event "entry.requeued" with the note. Raises NotAllowed; Conflict when it is no longer
    examined.
    """
    entry = Entry.objects.locked(entry)
    require(rules.may_examine_entry, by, entry)
    try_again(entry)
    record("entry.requeued", by=by, on=entry, note=note)
    return entry


def try_again(entry: Entry) -> None:
    """Put an examined, locked entry back where it broke down, in the caller's transaction.

    Where the platform broke down, with the slots that its team has left.
    """
    now = clock.now()
    if entry.reason_code == ReasonCode.PLATFORM:
        slots.take_again(entry)
    if entry.verdict:
        entry.become(EntryStatus.QUEUED, at=now)
        entry.save()
        entry.evaluations.filter(state=EvaluationState.FAILED, examined=True).update(
            state=EvaluationState.PENDING, finished_at=None, examined=False, reason_code=""
        )
        queue_scores(entry)
        for evaluation in entry.evaluations.exclude(state=EvaluationState.DONE):
            jobs.revive(
                kind=JobKind.SCORE,
                subject_id=evaluation.pk,
                dedup_key=str(evaluation.pk),
                phase_id=held_by(evaluation),
            )
    else:
        entry.become(EntryStatus.CHECKING, at=now)
        entry.save()
        jobs.revive(kind=JobKind.CHECK, subject_id=entry.pk, dedup_key=str(entry.pk))


@transaction.atomic
def score_again(*, entry: Entry, by: Actor, note: str = "") -> Entry:
    """Score an entry that failed once more, by a moderator who is not of its team.

    In order: entry QUEUED, its slot as it was; its failed evaluations in force live again; event
    "entry.scored_again" with the note. Raises NotAllowed; Conflict when it has not failed, and
    once the final results are confirmed, unless it is of the bench.
    """
    phase = Phase.objects.held(entry.enrolment.phase_id)
    entry = Entry.objects.locked(entry)
    require(rules.may_score_again, by, entry)
    final = Reveal.objects.filter(phase=phase, confirmed_at__isnull=False).exists()
    if final and not entry.is_bench:
        raise Conflict(
            _("Les résultats définitifs sont publiés : plus rien ne se note de nouveau."),
            code="phase_revealed",
        )
    if entry.status != EntryStatus.FAILED:
        raise Conflict(_("Cette soumission n’est pas en échec."), code="entry_status")
    retention.refuse_deleted(Entry.objects.filter(pk=entry.pk))
    entry.become(EntryStatus.QUEUED, at=clock.now())
    entry.save()
    failed = entry.evaluations.filter(in_force(), state=EvaluationState.FAILED)
    keys = [str(pk) for pk in failed.order_by("pk").values_list("pk", flat=True)]
    entry.evaluations.filter(pk__in=keys).update(
        state=EvaluationState.PENDING, finished_at=None, examined=False, reason_code=""
    )
    queue_scores(entry)
    for key in keys:
        jobs.revive(kind=JobKind.SCORE, subject_id=key, dedup_key=key, phase_id=phase.pk)
    record("entry.scored_again", by=by, on=entry, note=note)
    return entry


@transaction.atomic
def give_up(*, entry: Entry, our_fault: bool, by: Actor, note: str = "") -> Entry:
    """End an examined entry, by a moderator; our fault gives its slots back, another takes them.

    In order: entry FAILED; slots; event "entry.given_up" with the note; letter. Raises
    NotAllowed; Conflict when it is no longer examined.
    """
    entry = Entry.objects.locked(entry)
    require(rules.may_examine_entry, by, entry)
    entry.become(EntryStatus.FAILED, at=clock.now(), reason=ReasonCode.PLATFORM.value)
    if our_fault:
        entry.day_slot = entry.total_slot = None
    elif entry.day_slot is None and entry.total_slot is None:
        slots.take_again(entry)
    entry.save()
    settle_later(entry)
    record("entry.given_up", by=by, on=entry, our_fault=our_fault, note=note)
    owe("mail.entry_failed", key=f"{entry.pk}:{entry.version}", entry_id=str(entry.pk))
    return entry
