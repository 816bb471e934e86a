"""The portable form of a challenge, once read: frozen values, no file kept open."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from challenges.bundles.folder import Folder

FORMAT = "open-emploi/challenge"
FORMAT_VERSION = 1
CHALLENGE_FILE = "challenge.yaml"

TOP_KEYS = (
    "format", "format_version", "slug", "language", "title", "summary", "use_cases", "tags",
    "task", "page", "terms", "prizes", "caveats", "incompatible_with", "files", "submission",
    "truth", "metrics", "fairness", "leaderboard", "quotas", "schedule", "expected", "licence",
    "provenance",
)  # fmt: skip
REQUIRED_KEYS = (
    "slug", "language", "title", "summary", "task", "files", "submission", "truth", "metrics",
    "quotas", "licence",
)  # fmt: skip

CAVEAT_TRUTH_ELSEWHERE = "truth_public_elsewhere"
SPLITS = ("public", "private")


class Audience(StrEnum):
    """Who reads a file: everybody, the scoring worker only, the organiser only."""

    PUBLIC = "public"
    HELD_OUT = "held_out"
    ORGANISER = "organiser"


class Task(StrEnum):
    """What a team is asked to predict."""

    CLASSIFICATION = "classification"
    ORDINAL = "ordinal"
    REGRESSION = "regression"
    FORECASTING = "forecasting"
    RANKING = "ranking"
    MULTILABEL = "multilabel"
    CLUSTERING = "clustering"


class Role(StrEnum):
    """What a file is for."""

    TRAIN = "train"
    TEST = "test"
    SAMPLE_SUBMISSION = "sample_submission"
    TRUTH = "truth"
    BASELINE_PROGRAM = "baseline_program"
    BASELINE_SUBMISSION = "baseline_submission"
    REFERENCE_SCORER = "reference_scorer"
    EXPECTED_SCORES = "expected_scores"
    ATTRIBUTES = "attributes"
    EXTRA = "extra"


class Layout(StrEnum):
    """The shape of a submission."""

    ONE_ROW_PER_ID = "one_row_per_id"
    RANKED_LIST = "ranked_list"
    NUMBERS_PER_ID = "numbers_per_id"


@dataclass(frozen=True)
class FileEntry:
    """One declared file."""

    path: str
    role: Role
    audience: Audience
    rows: int | None = None
    args: tuple[str, ...] = ()


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
    """What a team's file must look like; form: what its several numbers per id are."""

    layout: Layout
    formats: tuple[str, ...]
    max_bytes: int
    columns: tuple[Column, ...]
    max_items_per_query: int | None = None
    all_queries_required: bool = True
    form: str | None = None

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
    """Where the answers are."""

    file: str
    split: Split
    id: str | None = None
    target: str | None = None
    query: str | None = None
    item: str | None = None
    gain: str | None = None
    cluster: str | None = None

    @property
    def key(self) -> str | None:
        """Name the column that identifies a row, or a query."""
        return self.id if self.id is not None else self.query


@dataclass(frozen=True)
class Metric:
    """One figure of the board, of the whole part or of a group."""

    key: str
    metric: str
    label: str
    direction: str
    decimals: int
    primary: bool = False
    params: dict[str, object] = field(default_factory=dict)
    by: str | None = None
    group: str | None = None
    aggregate: str | None = None
    min_n: int = 1


@dataclass(frozen=True)
class Attribute:
    """A column that groups or describes rows, held out from teams when it is in the truth."""

    key: str
    source: str
    column: str
    label: str
    groups: dict[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    id: str | None = None
    type: str | None = None


@dataclass(frozen=True)
class Fairness:
    """The figures by group."""

    min_rows: int = 30
    attributes: tuple[Attribute, ...] = ()
    metrics: tuple[Metric, ...] = ()


@dataclass(frozen=True)
class Leaderboard:
    """How entries become places."""

    unit: str = "team"
    kept: str = "best"
    shown: str = "public"
    final: str = "private"
    reveal: str = "at_close"
    ladder: bool = False


@dataclass(frozen=True)
class Quotas:
    """How many entries a team may send; 0 is none, None is no limit."""

    timezone: str = "Europe/Paris"
    per_day: int | None = None
    total: int | None = None
    final_selections: int = 2


@dataclass(frozen=True)
class Schedule:
    """The announced dates, aware, or None."""

    opens: datetime | None = None
    closes: datetime | None = None


@dataclass(frozen=True)
class Caveat:
    """Something teams must know about the data."""

    key: str
    text: str


@dataclass(frozen=True)
class Licence:
    """The licence of the data, and how sure we are of it."""

    name: str
    spdx: str | None
    holder: str
    status: str


@dataclass(frozen=True)
class Expected:
    """The recorded scores of the baseline and of the sample."""

    file: str
    baseline: str | None = None
    sample: str | None = None
    tolerance: float = 0.00005


@dataclass(frozen=True)
class Provenance:
    """One source of the data."""

    title: str
    producer: str = ""
    source: str = ""
    licence: str = ""


@dataclass(frozen=True)
class PortableSpec:
    """A whole challenge folder; `raw` keeps the document, unknown keys included."""

    slug: str
    language: str
    title: str
    summary: str
    task: Task
    files: tuple[FileEntry, ...]
    submission: Submission
    truth: Truth
    metrics: tuple[Metric, ...]
    quotas: Quotas
    licence: Licence
    fairness: Fairness = Fairness()
    leaderboard: Leaderboard = Leaderboard()
    schedule: Schedule = Schedule()
    page: str | None = None
    page_text: str = ""
    terms_text: str = ""
    prizes: bool = False
    use_cases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    incompatible_with: tuple[str, ...] = ()
    provenance: tuple[Provenance, ...] = ()
    expected: Expected | None = None
    raw: dict[str, object] = field(default_factory=dict)

    @property
    def primary(self) -> Metric:
        """Give the metric that ranks."""
        return next(metric for metric in self.metrics if metric.primary)

    @property
    def unknown(self) -> dict[str, object]:
        """Give the top-level keys that this version does not know, kept for the export."""
        return {key: value for key, value in self.raw.items() if key not in TOP_KEYS}

    def by_audience(self, audience: Audience) -> tuple[FileEntry, ...]:
        """List the files of one audience, in the declared order."""
        return tuple(entry for entry in self.files if entry.audience == audience)

    def file(self, role: Role) -> FileEntry | None:
        """Give the first file that plays a role."""
        return next((entry for entry in self.files if entry.role == role), None)

    def scoring_contract(self, folder: Path) -> dict[str, object]:
        """Give what the scoring engine needs, domains written out as sorted lists.

        Reads the domain tables in `folder`; the result holds JSON values only.
        """
        tables = Folder(folder)
        return {
            "task": self.task.value,
            "submission": {
                "layout": self.submission.layout.value,
                "formats": list(self.submission.formats),
                "max_bytes": self.submission.max_bytes,
                "max_items_per_query": self.submission.max_items_per_query,
                "all_queries_required": self.submission.all_queries_required,
                "columns": [_column(column, tables) for column in self.submission.columns],
                **({"form": self.submission.form} if self.submission.form else {}),
            },
            "truth": {
                "file": self.truth.file,
                "id": self.truth.id,
                "target": self.truth.target,
                "query": self.truth.query,
                "item": self.truth.item,
                "gain": self.truth.gain,
                "cluster": self.truth.cluster,
                "split": {
                    "column": self.truth.split.column,
                    "public": self.truth.split.public,
                    "private": self.truth.split.private,
                },
            },
            "metrics": [_metric(metric) for metric in self.metrics],
            "fairness": {
                "min_rows": self.fairness.min_rows,
                "attributes": [_attribute(one) for one in self.fairness.attributes],
                "metrics": [_metric(metric) for metric in self.fairness.metrics],
            },
        }


def _column(column: Column, tables: Folder) -> dict[str, object]:
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


def _metric(metric: Metric) -> dict[str, object]:
    return {
        "key": metric.key,
        "metric": metric.metric,
        "label": metric.label,
        "direction": metric.direction,
        "decimals": metric.decimals,
        "primary": metric.primary,
        "params": dict(metric.params),
        "by": metric.by,
        "group": metric.group,
        "aggregate": metric.aggregate,
        "min_n": metric.min_n,
    }


def _attribute(attribute: Attribute) -> dict[str, object]:
    return {
        "key": attribute.key,
        "source": attribute.source,
        "column": attribute.column,
        "label": attribute.label,
        "groups": dict(attribute.groups),
        "ignore": list(attribute.ignore),
        "id": attribute.id,
        "type": attribute.type,
    }
