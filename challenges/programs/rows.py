"""Read the rows that a program writes: the parts of its figure, from which an interval comes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from challenges.bundles.programs import ProgramSpec
from challenges.organising.enums import ColumnKind
from challenges.organising.models.scorings import Leaderboard, PhaseTask
from challenges.scoring.intervals import Contributed, NotTheMean, contributed

if TYPE_CHECKING:
    from challenges.sandbox.scores import Rows


@dataclass(frozen=True)
class Contributions:
    """What rows gave: by part, of the figure `primary`; fault: why they were left out."""

    rows: Mapping[str, Contributed] = field(default_factory=dict)
    primary: str = ""
    fault: str = ""


NONE = Contributions()


def contributions(
    rows: "Rows | None", values: Mapping[str, Mapping[str, float]], task: PhaseTask
) -> Contributions:
    """Read rows against the figure that ranks, in each part where the program tells it.

    values: {part: {column key: exact value}}. Rows are of one figure: a phase of several tasks, or
    whose boards rank by different columns, has no interval.
    """
    if rows is None:
        return NONE
    primary = _ranking_figure(task)
    if primary == "":
        said = _(
            "rows.csv est laissé de côté : il faut une seule tâche et une seule mesure qui classe"
        )
        return Contributions(fault=said)
    spec = ProgramSpec.from_json(task.scorer_version.spec)
    parts = next((each.parts for each in spec.scores if each.key == primary), ())
    found: dict[str, Contributed] = {}
    try:
        for part in parts:
            found[part] = contributed(
                rows.ids,
                rows.values,
                rows.weights,
                figure=values[part][primary],
                contract=f"{task.scorer_version.digest} {task.holdout_id}",
            )
    except NotTheMean as refused:
        said = _(
            "rows.csv est laissé de côté : la moyenne de ses lignes, %(mean).6g, n’est pas "
            "« %(key)s »"
        ) % {"mean": refused.mean, "key": primary}
        return Contributions(fault=said)
    return Contributions(found, primary)


def _ranking_figure(task: PhaseTask) -> str:
    """Name the figure that ranks on every board of a phase of one task, "" when there is none."""
    if PhaseTask.objects.filter(phase_id=task.phase_id, current=True).count() > 1:
        return ""
    boards = Leaderboard.objects.filter(phase_id=task.phase_id).select_related("primary")
    keys = {
        board.primary.key if board.primary and board.primary.kind == ColumnKind.METRIC else ""
        for board in boards.order_by("pk")
    }
    return keys.pop() if len(keys) == 1 else ""
