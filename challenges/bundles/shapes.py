"""The shape of a submission, and where its truth stands: frozen values, written as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from challenges.bundles.folder import Folder


class Layout(StrEnum):
    """The shape of a submission."""

    ONE_ROW_PER_ID = "one_row_per_id"
    RANKED_LIST = "ranked_list"
    NUMBERS_PER_ID = "numbers_per_id"
    CANDIDATE_SCORES = "candidate_scores"

    @property
    def roles(self) -> tuple[str, ...]:
        """Name the roles of the columns of a submission, the key first."""
        return ROLES[self][0]

    @property
    def held(self) -> tuple[str, ...]:
        """Name the columns that the truth must have, the key first."""
        return ROLES[self][1]

    @property
    def is_listed(self) -> bool:
        """Say whether a key may have several rows."""
        return self.held != ("id", "target")


_OF_IDS = (("id", "target"), ("id", "target"))
_GAINS = ("query", "item", "gain")
ROLES = {
    Layout.ONE_ROW_PER_ID: _OF_IDS,
    Layout.NUMBERS_PER_ID: _OF_IDS,
    Layout.RANKED_LIST: (("query", "rank", "item"), _GAINS),
    Layout.CANDIDATE_SCORES: (("query", "item", "score"), _GAINS),
}


@dataclass(frozen=True)
class Domain:
    """The allowed values of a column: those of another table's column."""

    file: str
    column: str


@dataclass(frozen=True)
class Column:
    """One column of a submission, with its constraints."""

    name: str
    role: str
    type: str
    min: float | None = None
    max: float | None = None
    pattern: str | None = None
    domain: Domain | None = None
    separator: str = " "
    max_labels: int | None = None
    max_distinct: int | None = None
    label: str | None = None


@dataclass(frozen=True)
class Submission:
    """What a team's file must look like.

    form: what its several numbers per id are. policy: complete or top_k, which candidates have
    a score.
    """

    layout: Layout
    formats: tuple[str, ...]
    max_bytes: int
    columns: tuple[Column, ...]
    max_items_per_query: int | None = None
    all_queries_required: bool = True
    form: str | None = None
    policy: str | None = None

    @property
    def targets(self) -> dict[str, Column]:
        """Give each of several targets by its column of the truth; {} when there is one."""
        if self.form != "targets":
            return {}
        return {
            column.label or column.name: column
            for column in self.columns
            if column.role == "target"
        }

    def column(self, role: str) -> Column | None:
        """Give the column that plays a role."""
        return next((column for column in self.columns if column.role == role), None)


@dataclass(frozen=True)
class Split:
    """The column of the truth that parts public from private rows, and its two values."""

    column: str
    public: str
    private: str


@dataclass(frozen=True)
class Truth:
    """Where the answers are; weight: the column that says how much each row counts.

    strata: the column within whose values rows are resampled.
    """

    file: str
    split: Split
    id: str | None = None
    target: str | None = None
    query: str | None = None
    item: str | None = None
    gain: str | None = None
    cluster: str | None = None
    weight: str | None = None
    strata: str | None = None

    @property
    def key(self) -> str | None:
        """Name the column that identifies a row, or a query."""
        return self.id if self.id is not None else self.query


def submission_json(submission: Submission, tables: Folder) -> dict[str, object]:
    """Write a submission as JSON values, domains read in the tables of the folder."""
    return {
        "layout": submission.layout.value,
        "formats": list(submission.formats),
        "max_bytes": submission.max_bytes,
        "max_items_per_query": submission.max_items_per_query,
        "all_queries_required": submission.all_queries_required,
        "columns": [column_json(column, tables) for column in submission.columns],
        **({"form": submission.form} if submission.form else {}),
        **({"policy": submission.policy} if submission.policy else {}),
    }


def truth_json(truth: Truth) -> dict[str, object]:
    """Write where the truth stands as JSON values."""
    return {
        "file": truth.file,
        "id": truth.id,
        "target": truth.target,
        "query": truth.query,
        "item": truth.item,
        "gain": truth.gain,
        "cluster": truth.cluster,
        **({"weight": truth.weight} if truth.weight else {}),
        **({"strata": truth.strata} if truth.strata else {}),
        "split": {
            "column": truth.split.column,
            "public": truth.split.public,
            "private": truth.split.private,
        },
    }


def column_json(column: Column, tables: Folder) -> dict[str, object]:
    """Write a column as JSON values, its domain as a sorted list."""
    domain = None
    if column.domain is not None:
        domain = sorted(set(tables.column(column.domain.file, column.domain.column)))
    return {
        "name": column.name,
        "role": column.role,
        "type": column.type,
        "min": column.min,
        "max": column.max,
        "pattern": column.pattern,
        "domain": domain,
        "separator": column.separator,
        "max_labels": column.max_labels,
        "max_distinct": column.max_distinct,
        **({"label": column.label} if column.label else {}),
    }
