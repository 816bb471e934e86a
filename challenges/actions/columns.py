"""Give the boards of a phase the columns of another contract; what goes is hidden, never lost."""

from collections.abc import Sequence

from challenges.enums import ColumnKind
from challenges.models import Column, Leaderboard, Phase
from challenges.scoring.contract import MetricSpec, ScoringContract

_SCORED = (ColumnKind.METRIC, ColumnKind.FAIRNESS)


def follow(phase: Phase, former: ScoringContract, new: ScoringContract) -> None:
    """Follow a change of contract on each board of a phase, in the caller's transaction.

    A figure that the new contract lacks is hidden; one that it adds comes last on the boards
    that ranked by the former primary figure, which rank by the new one.
    """
    before = {each.key: each for each in former.figures}
    after = {each.key: each for each in new.figures}
    if list(before.values()) == list(after.values()):
        return
    for board in phase.leaderboards.select_related("primary").order_by("pk"):
        _follow(board, former, new)


def _follow(board: Leaderboard, former: ScoringContract, new: ScoringContract) -> None:
    after = {each.key[:36]: each for each in new.figures}
    columns = {each.key: each for each in board.columns.order_by("index")}
    was_main = board.primary is not None and board.primary.key == former.primary.key[:36]
    gone = {each.key[:36] for each in former.figures} - set(after)
    for key, column in columns.items():
        if key in gone and column.kind in _SCORED:
            column.hidden = True
            column.save(update_fields=["hidden"])
        elif key in after and column.kind in _SCORED:
            _say(column, after[key])
    if was_main:
        _add(board, [each for key, each in after.items() if key not in columns], new)
        board.primary = board.columns.get(key=new.primary.key[:36])
        board.save(update_fields=["primary"])


def _say(column: Column, metric: MetricSpec) -> None:
    column.title = (metric.label or metric.key)[:120]
    column.direction, column.decimals = metric.direction, metric.decimals
    column.save(update_fields=["title", "direction", "decimals"])


def _add(board: Leaderboard, metrics: Sequence[MetricSpec], new: ScoringContract) -> None:
    grouped = {each.key: dict(each.groups) for each in new.attributes}
    last = board.columns.order_by("-index").values_list("index", flat=True).first()
    own = {each.key for each in new.metrics}
    for index, metric in enumerate(metrics, 0 if last is None else last + 1):
        Column.objects.create(
            leaderboard=board,
            index=index,
            key=metric.key[:36],
            title=(metric.label or metric.key)[:120],
            kind=ColumnKind.METRIC if metric.key in own else ColumnKind.FAIRNESS,
            direction=metric.direction,
            decimals=metric.decimals,
            grouped=metric.aggregate == "table",
            groups=grouped.get(metric.by or "", {}),
        )


def orphans(phase: Phase, former: ScoringContract, new: ScoringContract) -> list[str]:
    """List the boards that would rank by a figure that the new contract lacks."""
    kept = {each.key[:36] for each in new.figures}
    return [
        board.title
        for board in phase.leaderboards.select_related("primary").order_by("pk")
        if board.primary is not None
        and board.primary.kind in _SCORED
        and board.primary.key not in kept
        and board.primary.key != former.primary.key[:36]
    ]
