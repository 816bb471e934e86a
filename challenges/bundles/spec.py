"""The portable form of a challenge, once read: frozen values, no file kept open."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from challenges.bundles.code import CodeRules
from challenges.bundles.folder import Folder
from challenges.scoring.contract import FileColumn, ScoringContract
from challenges.scoring.fields import Problem

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

# The licence of a document that names none yet: the challenge has none. A draft begun in English
# used to write it so.
UNNAMED = "à préciser"
UNNAMED_ONES = (UNNAMED, "to be specified")

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
class Expected:
    """The recorded scores of the baseline and of the sample."""

    file: str
    baseline: str | None = None
    sample: str | None = None
    tolerance: float = 0.00005


@dataclass(frozen=True)
class PortableSpec:
    """A whole challenge folder; `raw` keeps the document, unknown keys included.

    licence: of the data, with how sure we are of it. caveats: what teams must know of the data.
    provenance: its sources. The three as the challenge keeps them.
    """

    slug: str
    language: str
    title: str
    summary: str
    task: Task
    files: tuple[FileEntry, ...]
    contract: ScoringContract
    quotas: Quotas
    licence: dict[str, str | None]
    leaderboard: Leaderboard = Leaderboard()
    schedule: Schedule = Schedule()
    page: str | None = None
    page_text: str = ""
    terms_text: str = ""
    prizes: bool = False
    use_cases: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    caveats: Sequence[dict[str, str]] = ()
    incompatible_with: tuple[str, ...] = ()
    provenance: Sequence[dict[str, str]] = ()
    expected: Expected | None = None
    code: CodeRules | None = None
    raw: dict[str, object] = field(default_factory=dict)

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
        columns = tuple(_listed(column, tables) for column in self.contract.answer.columns)
        answer = replace(self.contract.answer, columns=columns)
        raw = replace(self.contract, answer=answer, task=self.task.value).to_json()
        return raw | {"truth": raw["truth"] | {"file": self.contract.truth.file}}


@dataclass(frozen=True)
class Report:
    """The faults (none: the folder may be imported), the warnings, and what was read."""

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    spec: PortableSpec | None


def _listed(column: FileColumn, tables: Folder) -> FileColumn:
    """Give a column the values that its table lists, sorted."""
    if column.listing is None:
        return column
    values = tables.column(column.listing.file, column.listing.column)
    return replace(column, domain=tuple(sorted(set(values))))
