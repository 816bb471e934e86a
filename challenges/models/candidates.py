"""An entry that a board may list, and the figures it is listed with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from challenges.models.evaluation import Rung


@dataclass(frozen=True)
class Candidate:
    """An entry that a board may list: its figures by column, its date, its team.

    figures: {column key: (value, text)}; groups: {column key: {group: (value, text, n)}}. tasks:
    {column key: text of each task, "" where it has none}, in a phase of several tasks, whose
    figures are then means over them. facts: {column key: what the team answered of its method}.
    """

    entry_id: UUID
    evaluation_id: UUID
    team_id: int
    received_at: datetime
    is_baseline: bool
    final_choice: bool
    figures: dict[str, tuple[float, str]] = field(default_factory=dict)
    groups: dict[str, dict[str, tuple[float, str, int | None]]] = field(default_factory=dict)
    tasks: dict[str, list[str]] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)


def listed(candidates: Sequence[Candidate], rungs: Mapping[UUID, Rung]) -> list[Candidate]:
    """Give each entry of a board the figures of the last improvement listed of its Ladder.

    candidates: in order of receipt. An improvement that was withdrawn or disqualified lends
    its figures to nobody: the one before counts again, or nothing.
    """
    last: dict[int, Candidate] = {}
    found = []
    for each in candidates:
        if each.is_baseline:
            found.append(each)
            continue
        rung = rungs.get(each.evaluation_id)
        if rung is not None and rung.improved:
            last[each.team_id] = each
        best = last.get(each.team_id)
        lent = best.figures if best else {}
        source = best.evaluation_id if best else each.evaluation_id
        groups = best.groups if best else each.groups
        found.append(replace(each, evaluation_id=source, figures=lent, groups=groups))
    return found


def own(
    candidates: Sequence[Candidate], figures: Mapping[UUID, Mapping[str, Sequence[Any]]]
) -> list[Candidate]:
    """Give each entry its own public figures back, to choose by default as without a Ladder."""
    return [
        replace(
            each,
            figures={
                key: (value, text) for key, (value, text) in figures[each.evaluation_id].items()
            },
        )
        if figures.get(each.evaluation_id)
        else each
        for each in candidates
    ]
