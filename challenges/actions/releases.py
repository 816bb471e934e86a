"""Round a figure once, at the moment it is released."""

from datetime import datetime
from typing import Any

from challenges.enums import Split
from challenges.models import Column, Evaluation, Score


def rounded(value: float, decimals: int) -> tuple[float, str]:
    """Return the released value and its text; minus zero is zero."""
    released = round(float(value), decimals) + 0.0
    return released, f"{released:.{decimals}f}"


def public(
    evaluation: Evaluation, figures: dict[str, float | None], *, at: datetime
) -> list[Score]:
    """Return the scores to release at the finish: the columns that are not for the closing."""
    return [
        _score(evaluation, Split.PUBLIC, column, value, at=at)
        for column in columns_of(evaluation)
        if not column.at_closing and (value := figures.get(column.key)) is not None
    ]


def at_reveal(evaluation: Evaluation, values: dict[str, Any], *, at: datetime) -> list[Score]:
    """Return the scores to release at the reveal: all that is private, and the groups of both.

    values: {split: {key: value, None or {"groups": {group: {"value", "n", "shown"}}}}}.
    """
    scores = []
    for split in Split:
        for column in columns_of(evaluation):
            if split == Split.PUBLIC and not column.at_closing:
                continue  # released at the finish
            found = values.get(split.value, {}).get(column.key)
            scores += _figures(evaluation, split, column, found, at)
    return scores


def _figures(
    evaluation: Evaluation, split: Split, column: Column, found: Any, at: datetime
) -> list[Score]:
    if found is None:
        return []
    if not isinstance(found, dict):
        return [_score(evaluation, split, column, found, at=at)]
    return [
        _score(evaluation, split, column, cell["value"], at=at, group=group, units=cell.get("n"))
        for group, cell in found["groups"].items()
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
    *,
    at: datetime,
    group: str = "",
    units: int | None = None,
) -> Score:
    released, text = rounded(value, column.decimals)
    return Score(
        evaluation=evaluation,
        split=split,
        metric=column.key,
        group=group,
        value=released,
        value_text=text,
        units=units,
        released_at=at,
    )
