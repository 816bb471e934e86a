"""What the Ladder of a team has shown, and which evaluations it may settle next.

Entries go in order of receipt. One that an earlier entry still keeps waiting is not settled:
else a slow file would let the next one be shown as if it were the first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from challenges.enums import WITHOUT_OUTCOME, EvaluationState
from challenges.models.evaluation import Evaluation, Rung
from challenges.models.scorer import PhaseTask
from challenges.organising.models import Phase
from challenges.teams.models import Enrolment


@dataclass(frozen=True)
class Chain:
    """Where a team stands: the evaluation it leads with, and those to settle, in order."""

    enrolment: Enrolment
    leader: Evaluation | None
    waiting: Sequence[Evaluation]

    @property
    def state(self) -> tuple[UUID | None, tuple[UUID, ...]]:
        """Return what decides the settlement, to compare two readings."""
        leader = self.leader.pk if self.leader else None
        return leader, tuple(each.pk for each in self.waiting)


def task_of(phase: Phase) -> PhaseTask | None:
    """Return the task whose figures the boards of a phase list."""
    return phase.tasks.filter(current=True).order_by("index").first()


def chain(enrolment: Enrolment, task: PhaseTask) -> Chain:
    """Read the Ladder of a team; what is withdrawn counts, as it was shown."""
    evaluations = {
        each.entry_id: each
        for each in Evaluation.objects.filter(
            entry__enrolment=enrolment,
            scorer_version_id=task.scorer_version_id,
            holdout_id=task.holdout_id,
            state=EvaluationState.DONE,
        )
        .select_related("rung__leader", "entry")
        .order_by("pk")
    }
    leader: Evaluation | None = None
    waiting: list[Evaluation] = []
    for entry in enrolment.entries.filter(is_baseline=False, is_bench=False).order_by(
        "received_at", "number"
    ):
        found = evaluations.get(entry.pk)
        if found is None:
            if entry.status in WITHOUT_OUTCOME:
                break
            continue
        rung = getattr(found, "rung", None)
        if rung is None:
            waiting.append(found)
        else:
            leader = rung.leader
    return Chain(enrolment, leader, waiting)


def waiting_enrolments(phase: Phase, task: PhaseTask) -> list[Enrolment]:
    """List the teams with an evaluation that is done and not settled."""
    return list(
        Enrolment.objects.filter(
            phase=phase,
            entries__is_baseline=False,
            entries__is_bench=False,
            entries__evaluations__scorer_version_id=task.scorer_version_id,
            entries__evaluations__holdout_id=task.holdout_id,
            entries__evaluations__state=EvaluationState.DONE,
            entries__evaluations__rung__isnull=True,
        )
        .distinct()
        .order_by("pk")
    )


def is_waiting(phase: Phase) -> bool:
    """Say whether a score of the phase is not settled yet."""
    task = task_of(phase) if phase.ladder else None
    return task is not None and bool(waiting_enrolments(phase, task))


def rungs_of(evaluations: Iterable[Evaluation]) -> dict[UUID, Rung]:
    """Return the rung of each evaluation that has one."""
    found = Rung.objects.filter(evaluation__in=[each.pk for each in evaluations]).order_by("pk")
    return {each.evaluation_id: each for each in found}
