"""Released figures of entries whose phase has several tasks: the mean, and the text of each."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from challenges.models import PhaseTask, Score
from challenges.models.rounding import rounded

Place = tuple[UUID, str, str]  # entry, split, column key


@dataclass(frozen=True)
class Mean:
    """A figure over several tasks. value, text: None and "" where a task has none."""

    value: float | None
    text: str
    tasks: list[str]


def means(scores: Iterable[Score], phases: Mapping[UUID, int]) -> dict[Place, Mean]:
    """Average what several tasks released, from their stored values.

    scores: with their evaluation. phases: of each entry. Entries scored by one task are left out,
    and cost no query unless they were scored twice.
    """
    found: dict[Place, dict[tuple[int, int], Score]] = defaultdict(dict)
    for score in scores:
        if not score.group:
            evaluation = score.evaluation
            source = (evaluation.scorer_version_id, evaluation.holdout_id)
            found[evaluation.entry_id, score.split, score.metric][source] = score
    several = {phases[place[0]] for place, each in found.items() if len(each) > 1}
    if not several:
        return {}
    tasks: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for task in PhaseTask.objects.filter(phase__in=several, current=True).order_by("index"):
        tasks[task.phase_id].append((task.scorer_version_id, task.holdout_id))
    return {
        place: _mean([each.get(source) for source in tasks[phases[place[0]]]])
        for place, each in found.items()
        if len(tasks[phases[place[0]]]) > 1
    }


def _mean(scores: list[Score | None]) -> Mean:
    there = [each for each in scores if each is not None]
    texts = [each.value_text if each else "" for each in scores]
    if len(there) < len(scores):
        return Mean(None, "", texts)
    decimals = len(there[0].value_text.partition("e")[0].partition(".")[2])
    return Mean(*rounded(sum(each.value for each in there) / len(there), decimals), texts)
