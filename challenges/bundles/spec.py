"""The portable form of a challenge, once read: frozen values, no file kept open."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from challenges.bundles.code import CodeRules
from challenges.bundles.folder import Folder
from challenges.bundles.shapes import Submission, Truth, submission_json, truth_json

FORMAT = "open-emploi/challenge"
FORMAT_VERSION = 1
CHALLENGE_FILE = "challenge.yaml"

TOP_KEYS = (
    "format", "format_version", "slug", "language", "title", "summary", "use_cases", "tags",
    "cards", "task", "page", "terms", "prizes", "caveats", "incompatible_with", "files",
    "submission", "truth", "metrics", "fairness", "leaderboard", "quotas", "schedule", "expected",
    "licence", "provenance", "imported", "code",
)  # fmt: skip
REQUIRED_KEYS = (
    "slug", "language", "title", "summary", "task", "files", "submission", "truth", "metrics",
    "quotas", "licence",
)  # fmt: skip

CAVEAT_TRUTH_ELSEWHERE = "truth_public_elsewhere"
SPLITS = ("public", "private")
N_MIN_GROUP = 11  # persons; a challenge may ask for more, never for fewer


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
    HIDDEN_INPUTS = "hidden_inputs"
    SAMPLE_INPUTS = "sample_inputs"
    SAMPLE_ANSWERS = "sample_answers"
    EXTRA = "extra"


@dataclass(frozen=True)
class FileEntry:
    """One declared file."""

    path: str
    role: Role
    audience: Audience
    rows: int | None = None
    args: tuple[str, ...] = ()


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
    of: str | None = None
    nature: str | None = None


@dataclass(frozen=True)
class Fairness:
    """The figures by group, and the audit in the form that the engine reads.

    n_min_group: persons under which a group is never shown, 11 or more.
    """

    min_rows: int = 30
    n_min_group: int = N_MIN_GROUP
    attributes: tuple[Attribute, ...] = ()
    metrics: tuple[Metric, ...] = ()
    audit: dict[str, object] | None = None


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
    cards: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    incompatible_with: tuple[str, ...] = ()
    provenance: tuple[Provenance, ...] = ()
    expected: Expected | None = None
    code: CodeRules | None = None
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
            "submission": submission_json(self.submission, tables),
            "truth": truth_json(self.truth),
            "metrics": [metric_json(metric) for metric in self.metrics],
            "fairness": {
                "min_rows": self.fairness.min_rows,
                "attributes": [_attribute(one) for one in self.fairness.attributes],
                "metrics": [metric_json(metric) for metric in self.fairness.metrics],
                **_raised(self.fairness.n_min_group),
                **({"audit": self.fairness.audit} if self.fairness.audit is not None else {}),
            },
        }


def _raised(n_min_group: int) -> dict[str, object]:
    """Write a threshold that was raised; the usual one goes without saying."""
    return {"n_min_group": n_min_group} if n_min_group > N_MIN_GROUP else {}


def metric_json(metric: Metric) -> dict[str, object]:
    """Give a metric as the scoring contract holds it."""
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
        **({"of": attribute.of} if attribute.of else {}),
        **({"nature": attribute.nature} if attribute.nature else {}),
    }
