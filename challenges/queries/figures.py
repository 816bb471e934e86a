"""Released figures of entries as their team may read them, for many entries at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from challenges.enums import Split
from challenges.models import Column, Entry, Score
from challenges.models.rescoring import in_force
from challenges.queries import several
from challenges.queries.entries import led_by, led_message

Cells = dict[str, dict[str, dict[str, Any]]]


@dataclass
class Shown:
    """What a team reads of one entry.

    scores: {split: {column: {"value", "text", "low", "high"}}}, the private split once revealed;
    where a phase has several tasks, the mean, with "tasks", the text of each.
    score_of, message: number of the entry whose score a Ladder shows instead, and the sentence.
    """

    scores: Cells = field(default_factory=dict)
    score_of: int | None = None
    message: str = ""


def shown(entries: Sequence[Entry]) -> dict[UUID, Shown]:
    """Read the figures that the boards of their phases show, in three queries.

    Hidden columns and boards are left out, and what is told at the closing before the reveal.
    """
    phases = {each.enrolment.phase_id: each.enrolment.phase for each in entries}
    revealed = {pk for pk, phase in phases.items() if phase.is_revealed}
    columns: dict[int, set[str]] = defaultdict(set)
    for column in Column.objects.filter(
        leaderboard__phase__in=phases, leaderboard__hidden=False, hidden=False
    ).select_related("leaderboard"):
        phase_id = column.leaderboard.phase_id
        if phase_id in revealed or not column.at_closing:
            columns[phase_id].add(column.key)
    places = {each.pk: each.enrolment.phase_id for each in entries}
    found = {each.pk: Shown() for each in entries}
    scores = list(_scores(list(places)))
    averaged = several.means(scores, places)
    for score in scores:
        entry_id = score.evaluation.entry_id
        phase_id = places[entry_id]
        _ladder(found[entry_id], score)
        sealed = score.split == Split.PRIVATE and phase_id not in revealed
        if score.metric in columns[phase_id] and not sealed:
            mean = averaged.get((entry_id, score.split, score.metric))
            found[entry_id].scores.setdefault(score.split, {})[score.metric] = _cell(score, mean)
    return found


def _cell(score: Score, mean: several.Mean | None) -> dict[str, Any]:
    if mean is not None:
        told = {"value": mean.value, "text": mean.text, "tasks": mean.tasks}
        return told | {"low": None, "high": None}
    return {
        "value": score.value,
        "text": score.value_text,
        "low": score.low,
        "high": score.high,
    }


def _scores(entry_ids: list[UUID]) -> Any:
    return (
        Score.objects.filter(evaluation__entry__in=entry_ids, evaluation__state="done", group="")
        .filter(in_force("evaluation__"))
        .select_related("evaluation__rung__leader__entry")
        .order_by("evaluation__finished_at", "pk")
    )


def _ladder(shown: Shown, score: Score) -> None:
    rung = getattr(score.evaluation, "rung", None)
    if rung is not None:
        shown.score_of, shown.message = led_by(rung), led_message(rung)
