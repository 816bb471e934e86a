"""Settle what the Ladder shows of a team's entries, in order of receipt; each is written once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from challenges.evaluation.actions import releases
from challenges.models import Evaluation, Job, Phase, PhaseTask, Rung, Score
from challenges.models.ladders import Chain, chain
from challenges.queue import actions as jobs
from challenges.queue.actions import WORKER
from challenges.receipts import actions as receipts
from portal.audit.record import record
from portal.lib import clock, immutable


@dataclass(frozen=True)
class Settled:
    """What a team is shown for one evaluation.

    leader: the evaluation the figures come from, None when the team has no figure yet.
    figures, intervals: its public figures, to round once. means: what scored the evaluation
    itself, for its receipt.
    """

    evaluation: Evaluation
    improved: bool
    leader: Evaluation | None
    figures: Mapping[str, float | None]
    intervals: Mapping[str, Any]
    means: Mapping[str, Any]


@transaction.atomic
def settle(*, job: Job, task: PhaseTask, read: Chain, settled: Sequence[Settled]) -> bool:
    """Release what the Ladder shows; False, and nothing written, when the team has moved.

    In order: the evaluations to settle locked; the team's entries read again; rungs; public
    scores rounded once; score receipts; events "entry.settled". False too when the lease was
    lost.
    """
    if not jobs.fence(job):
        return False
    mine = Evaluation.objects.filter(pk__in=[each.pk for each in read.waiting])
    list(mine.select_for_update().order_by("pk"))  # another settlement waits here
    if chain(read.enrolment, task).state != read.state:
        return False
    for each in settled:
        write(task.phase, each)
    return True


def write(phase: Phase, settled: Settled, *, sign: bool = True) -> None:
    """Write what a Ladder shows of one evaluation, in the caller's transaction.

    sign: False where the transaction is taken back: no receipt, no event.
    """
    now, evaluation = clock.now(), settled.evaluation
    scores = releases.public_scores(evaluation, settled.figures, settled.intervals, at=now)
    with immutable.writes(Rung, Score):
        Rung.objects.create(
            evaluation=evaluation,
            improved=settled.improved,
            leader=settled.leader,
            settled_at=now,
        )
        Score.objects.bulk_create(scores, ignore_conflicts=True)
    if not sign:
        return
    said = {"improved": settled.improved, "leader": _number(settled)}
    receipts.issue_score_receipt(evaluation, scores, means=settled.means, ladder=said, at=now)
    record("entry.settled", by=WORKER, on=evaluation.entry, improved=settled.improved)


def _number(settled: Settled) -> int | None:
    return settled.leader.entry.number if settled.leader else None
