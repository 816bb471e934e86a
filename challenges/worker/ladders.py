"""Apply the Ladder of a phase to sealed results: what each team is shown, in order of receipt."""

from typing import Any

from challenges.actions import ladders as acts
from challenges.actions.ladders import Settled
from challenges.enums import Split
from challenges.models import Evaluation, Job, Phase, PhaseTask
from challenges.models.ladders import Chain, chain, task_of, waiting_enrolments
from challenges.scoring.ladder import Seen, better, seen_of
from challenges.worker import vault

_TRIES = 3


class Moving(Exception):
    """A team's entries kept changing while they were read: the job is tried again."""

    code = "ladder_moving"


def settle(job: Job, phase: Phase, opened: vault.Opened) -> None:
    """Settle every team of a phase that has a score to show."""
    task = task_of(phase)
    if task is None or not phase.ladder:
        return
    for enrolment in waiting_enrolments(phase, task):
        for _attempt in range(_TRIES):
            read = chain(enrolment, task)
            settled = climbed(read, task, opened)
            if acts.settle(job=job, task=task, read=read, settled=settled):
                break
        else:
            raise Moving


def climbed(read: Chain, task: PhaseTask, opened: vault.Opened) -> list[Settled]:
    """Compare each waiting evaluation with what its team leads with by then."""
    primary = vault.contract_of(task).primary
    leader = read.leader
    best = _seen(leader, primary.key, opened) if leader else None
    settled = []
    for each in read.waiting:
        new = _seen(each, primary.key, opened)
        improved = new is not None and (best is None or better(new, best, primary.direction))
        if improved:
            leader, best = each, new
        figures: dict[str, float | None] = {}
        intervals: dict[str, Any] = {}
        if leader is not None and best is not None:
            figures = public_figures(leader, opened)
            intervals = opened.of(leader.pk).get("intervals", {}).get(Split.PUBLIC, {})
        means = opened.of(each.pk).get("means", {})
        settled.append(Settled(each, improved, leader, figures, intervals, means))
    return settled


def public_figures(evaluation: Evaluation, opened: vault.Opened) -> dict[str, float | None]:
    """Return the exact public figures of an evaluation, those by group left out."""
    values: dict[str, Any] = opened.of(evaluation.pk).get("values", {}).get(Split.PUBLIC, {})
    return {key: value for key, value in values.items() if not isinstance(value, dict)}


def _seen(evaluation: Evaluation, key: str, opened: vault.Opened) -> Seen | None:
    """Read what the Ladder compares; None when the figure has no value."""
    result = opened.of(evaluation.pk)
    score = result.get("values", {}).get(Split.PUBLIC, {}).get(key)
    if score is None:
        return None
    return seen_of(
        float(score),
        vault.losses_of(result, Split.PUBLIC),
        vault.sums_of(result, Split.PUBLIC),
    )
