"""Put another scoring in force: what it released, the entries and the boards, all at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy

from challenges.actions import columns, ladders, reveals, standings
from challenges.actions.ladders import Settled
from challenges.actions.reveals import Final
from challenges.enums import (
    JOB_PRIORITY,
    EntryStatus,
    EvaluationState,
    JobKind,
    JobState,
    NoticeKind,
)
from challenges.enums.rescorings import RescoringState
from challenges.evaluation.actions import releases
from challenges.evaluation.actions.evaluations import give_outcome, queue_scores, settle_entry
from challenges.models import (
    Entry,
    Evaluation,
    Job,
    Leaderboard,
    Phase,
    PhaseTask,
    Rescoring,
    Score,
)
from challenges.models.listings import Listing
from challenges.models.rescoring import evaluations_of
from challenges.organising.actions.notices import announce
from challenges.queue import actions as jobs
from challenges.queue.actions import WORKER, queue_standings
from challenges.receipts import actions as receipts
from challenges.scoring.contract import ScoringContract
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock, immutable

_CHANGED = gettext_lazy(
    "La notation de « %(name)s » a changé, toutes les soumissions ont été notées de nouveau. "
    "Motif : %(reason)s"
)
_ERRATUM = gettext_lazy(
    "Erratum : les résultats définitifs de « %(name)s » ont été réévalués. Les premiers restent "
    "lisibles à la page de chaque soumission. Motif : %(reason)s"
)
Boards = Callable[[], Sequence[tuple[Listing, Sequence[standings.Line], dict[str, Any]]]]


@dataclass(frozen=True)
class Release:
    """What an evaluation shows once it is in force: exact figures, to round once."""

    evaluation: Evaluation
    figures: Mapping[str, float | None]
    intervals: Mapping[str, Any]
    means: Mapping[str, Any]


@dataclass(frozen=True)
class Prepared:
    """All that a change releases, read from the sealed results of `seen`.

    settled: what a Ladder shows of each team instead, in order of receipt.
    """

    seen: frozenset[UUID]
    releases: Sequence[Release] = ()
    settled: Sequence[Settled] = field(default=())


class NotSeen(Exception):
    """Another entry was scored while this was prepared: prepare again."""

    code = "rescoring_moving"


def put_in_force(rescoring: Rescoring, prepared: Prepared, *, at: datetime, sign: bool) -> None:
    """Exchange the tasks and release what the new one found, in the caller's transaction.

    sign: False to see what would move, in a transaction that is taken back: nothing is signed,
    queued, owed or recorded, so that nobody's act waits for it.
    In order: tasks; columns; scores, rungs and receipts; entries. Raises NotSeen.
    """
    done = evaluations_of(rescoring.task).filter(state=EvaluationState.DONE)
    if frozenset(done.order_by("pk").values_list("pk", flat=True)) != prepared.seen:
        raise NotSeen
    PhaseTask.objects.filter(pk=rescoring.former_id).update(current=False)
    PhaseTask.objects.filter(pk=rescoring.task_id).update(current=True)
    if not rescoring.task.scorer_version.is_program:
        columns.follow(
            rescoring.phase,
            ScoringContract.from_json(rescoring.former.scorer_version.spec),
            ScoringContract.from_json(rescoring.task.scorer_version.spec),
        )
    for each in prepared.releases:
        _release(each, at, sign=sign)
    for shown in prepared.settled:
        ladders.write(rescoring.phase, shown, sign=sign)
    _realign(rescoring, at, sign=sign)


def _release(each: Release, at: datetime, *, sign: bool) -> None:
    scores = releases.public_scores(each.evaluation, each.figures, each.intervals, at=at)
    with immutable.writes(Score):
        Score.objects.bulk_create(scores, ignore_conflicts=True)
    if sign:
        receipts.issue_score_receipt(each.evaluation, scores, means=each.means, at=at)


def _realign(rescoring: Rescoring, at: datetime, *, sign: bool) -> None:
    """Give each entry the outcome of the scoring in force; queue what it has not ended with."""
    found = {each.entry_id: each for each in evaluations_of(rescoring.task).select_related("entry")}
    lasting = {
        EntryStatus.SCORED: EvaluationState.DONE,
        EntryStatus.FAILED: EvaluationState.FAILED,
    }
    # All are held before the first of them writes in the journal.
    held = rescoring.entries().select_related("enrolment__phase").order_by("pk")
    for entry in held.select_for_update(of=("self",)):
        evaluation = found.get(entry.pk)
        status = EntryStatus(entry.status)
        kept = status in lasting and evaluation is not None and lasting[status] == evaluation.state
        if kept or status == EntryStatus.NEEDS_ATTENTION:
            continue
        _move(entry, evaluation, at, sign=sign)


def _move(entry: Entry, evaluation: Evaluation | None, at: datetime, *, sign: bool) -> None:
    if entry.status in {EntryStatus.SCORED, EntryStatus.FAILED}:
        entry.become(EntryStatus.QUEUED, at=at)
    if not sign:
        give_outcome(entry, at)
        entry.save()
        return
    entry.save()
    queue_scores(entry)
    if evaluation is not None:
        Job.objects.filter(
            kind=JobKind.SCORE, dedup_key=str(evaluation.pk), state=JobState.READY
        ).update(priority=JOB_PRIORITY[JobKind.SCORE], phase=entry.enrolment.phase_id)
    settle_entry(entry, at)


@transaction.atomic
def execute(
    *,
    job: Job,
    rescoring: Rescoring,
    prepared: Prepared,
    boards: Boards,
    finals: Callable[[], Final],
) -> bool:
    """Put an accepted change in force; False when nothing was done.

    boards, finals: compute the boards, and the final results of a phase whose own are out, as
    they stand in this transaction. In order:
    job done; the exchange (`put_in_force`); boards; after the reveal, an erratum, final results
    (`reveals.release`); change IN_FORCE; job "standings"; notice; letter; event
    "rescoring.in_force". Old evaluations, scores and receipts stay. Raises NotSeen.
    """
    if not (jobs.fence(job) and jobs.complete(job)):
        return False
    phase = Phase.objects.locked(rescoring.phase)
    rescoring = (
        Rescoring.objects.select_related(
            "task__scorer_version__scorer", "former__scorer_version", "phase__challenge"
        )
        .select_for_update(of=["self"])
        .get(pk=rescoring.pk)
    )
    if rescoring.state != RescoringState.ACCEPTED:
        return False
    now = clock.now()
    put_in_force(rescoring, prepared, at=now, sign=True)
    is_erratum = phase.is_revealed
    if is_erratum:
        reveals.release(phase, finals(), at=now)
    else:
        for found, lines, facts in boards():
            standings.write(Leaderboard.objects.locked(found.board), found, lines, facts)
    rescoring.state, rescoring.executed_at = RescoringState.IN_FORCE, now
    rescoring.save()
    queue_standings(phase.pk, cause=f"rescoring:{rescoring.pk}")
    announce(
        challenge=rescoring.phase.challenge,
        kind=NoticeKind.SCORING,
        sentence=_ERRATUM if is_erratum else _CHANGED,
        at=now,
        name=rescoring.phase.name,
        reason=rescoring.reason,
    )
    record(
        "rescoring.in_force",
        by=WORKER,
        on=rescoring,
        scores=len(prepared.seen),
        erratum=is_erratum,
    )
    owe("mail.phase_rescored", key=str(rescoring.pk), rescoring_id=rescoring.pk)
    return True
