"""Round a figure once, at the moment it is released."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from challenges.evaluation.enums import Split
from challenges.evaluation.models import Evaluation, Score, rounded
from challenges.organising.models.challenges import Phase
from challenges.organising.models.scorings import Column, PhaseTask
from challenges.scoring.audit.run import rounded_count


def rounded_interval(bounds: Any, decimals: int) -> tuple[float | None, float | None]:
    """Round the two ends of [low, high, method]; (None, None) where there is no interval."""
    if not bounds or bounds[0] is None:
        return None, None
    return rounded(bounds[0], decimals)[0], rounded(bounds[1], decimals)[0]


def public_scores(
    evaluation: Evaluation,
    figures: Mapping[str, float | None],
    intervals: Mapping[str, Any],
    *,
    at: datetime,
) -> list[Score]:
    """Return the scores to release at the finish: the columns that are not for the closing.

    intervals: {key: [low, high, method]}; where a Ladder shows another entry's values, those of
    that entry, as the middle of an interval tells the value.
    """
    return [
        _score(evaluation, Split.PUBLIC, column, value, intervals.get(column.key), at=at)
        for column in columns_of(evaluation)
        if not column.at_closing and (value := figures.get(column.key)) is not None
    ]


def private_scores(
    evaluation: Evaluation,
    values: Mapping[str, Any],
    intervals: Mapping[str, Any],
    *,
    at: datetime,
) -> list[Score]:
    """Return the scores that every entry gets at the reveal: those of the whole private part.

    values: {split: {key: value or None}}. intervals: {split: {key: [low, high, method]}}.
    """
    return [
        score
        for column in columns_of(evaluation)
        if not column.at_closing
        for score in _part_scores(evaluation, Split.PRIVATE, column, values, intervals, at)
    ]


def group_scores(
    evaluation: Evaluation,
    values: Mapping[str, Any],
    intervals: Mapping[str, Any],
    *,
    at: datetime,
) -> list[Score]:
    """Return the figures that read the groups, of both parts; for one entry of a team only.

    values: {split: {key: value, None, {"withheld": value} or {"groups": {group: {"value", "n",
    "shown"}}}}}; what is withheld or not shown is not released, sizes are rounded.
    """
    return [
        score
        for split in Split
        for column in columns_of(evaluation)
        if column.at_closing
        for score in _part_scores(evaluation, split, column, values, intervals, at)
    ]


def _part_scores(
    evaluation: Evaluation,
    split: Split,
    column: Column,
    values: Mapping[str, Any],
    intervals: Mapping[str, Any],
    at: datetime,
) -> list[Score]:
    found = values.get(split.value, {}).get(column.key)
    bounds = intervals.get(split.value, {}).get(column.key)
    return _column_scores(evaluation, split, column, found, bounds, at)


def _column_scores(
    evaluation: Evaluation, split: Split, column: Column, found: Any, bounds: Any, at: datetime
) -> list[Score]:
    if found is None:
        return []
    if not isinstance(found, dict):
        return [_score(evaluation, split, column, found, bounds, at=at)]
    return [
        _score(
            evaluation,
            split,
            column,
            cell["value"],
            None,
            at=at,
            group=group,
            units=rounded_count(cell["n"]),
        )
        for group, cell in found.get("groups", {}).items()
        if cell.get("value") is not None and cell.get("shown", True)
    ]


def columns_of(evaluation: Evaluation) -> list[Column]:
    """List the columns of the boards of the entry's phase, each key once."""
    phase_id = evaluation.entry.enrolment.phase_id
    found: dict[str, Column] = {}
    for column in Column.objects.filter(leaderboard__phase_id=phase_id).order_by(
        "leaderboard_id", "index"
    ):
        found.setdefault(column.key, column)
    return list(found.values())


def _score(
    evaluation: Evaluation,
    split: Split,
    column: Column,
    value: float,
    bounds: Any,
    *,
    at: datetime,
    group: str = "",
    units: int | None = None,
) -> Score:
    released, text = rounded(value, column.decimals)
    low, high = rounded_interval(bounds, column.decimals)
    return Score(
        evaluation=evaluation,
        split=split,
        metric=column.key,
        group=group,
        value=released,
        value_text=text,
        low=low,
        high=high,
        units=units,
        released_at=at,
    )


def own_figures(
    evaluation: Evaluation, figures: Mapping[str, float | None]
) -> dict[str, list[Any]]:
    """Round the public figures that a Ladder did not show: {column key: [value, text]}."""
    return {
        column.key: list(rounded(value, column.decimals))
        for column in columns_of(evaluation)
        if not column.at_closing and (value := figures.get(column.key)) is not None
    }


def note_parts(*, task: PhaseTask, units: Mapping[str, int]) -> None:
    """Note on the phase how many units the public score stands on, and which share of all.

    units: rows, or queries, of each part, counted when the truth is compiled.
    """
    total, public = sum(units.values()), units.get(Split.PUBLIC.value, 0)
    if total:
        Phase.objects.filter(pk=task.phase_id).update(
            public_units=public, public_share=public / total
        )
