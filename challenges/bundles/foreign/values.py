"""A challenge of another platform, once read: frozen values, files named by their path."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from challenges.bundles.foreign.dates import Instant


class Format(StrEnum):
    """Which platform wrote a bundle."""

    CODABENCH = "codabench-v2"
    CODALAB = "codalab-v1.5"
    EVALAI = "evalai"
    KAGGLE = "kaggle-csv"
    HUGGING_FACE = "huggingface-competition"
    TREC = "trec"

    @property
    def is_scored_by_program(self) -> bool:
        """Say whether the organiser's own program scores it; otherwise our metrics do."""
        return self in {Format.CODABENCH, Format.CODALAB, Format.EVALAI}


class Rows(StrEnum):
    """Say what the rows of a table of answers are, and how teams answer them.

    one: one answer a row. targets: several numbers to predict a row. classes: one label a row, the
    probability of each answered. candidates: several rows a query, a score for each answered.
    """

    ONE = "one"
    TARGETS = "targets"
    CLASSES = "classes"
    CANDIDATES = "candidates"


class Rule(StrEnum):
    """Which entries of a team a board keeps, in our words."""

    CHOSEN_ONE = "chosen_one"
    CHOSEN_SEVERAL = "chosen_several"
    LAST = "last"
    ALL = "all"
    BEST = "best"


class Holding(StrEnum):
    """What a path of a bundle holds."""

    FOLDER = "folder"
    ZIP = "zip"
    FILE = "file"


@dataclass(frozen=True)
class Text:
    """A page or the terms. key: its name in the bundle; kind: markdown or html, to be cleaned."""

    title: str
    file: str
    text: str
    kind: str = "markdown"
    key: str = ""


@dataclass(frozen=True)
class Payload:
    """A program or a set of data.

    path: as written in the bundle. files: relative to it, sorted. digest: of names and contents;
    equal payloads are stored once. rows: of its only table, header excluded, if there is one.
    """

    path: str
    holding: Holding
    digest: str
    files: tuple[str, ...]
    rows: int | None = None


@dataclass(frozen=True)
class Task:
    """One thing to score: a program, what it compares with, and what teams' code may read."""

    index: int
    name: str
    scoring_program: Payload | None
    reference_data: Payload | None = None
    input_data: Payload | None = None
    ingestion_program: Payload | None = None
    ingestion_only_during_scoring: bool = False
    description: str = ""
    key: str = ""

    @property
    def payloads(self) -> tuple[Payload, ...]:
        """List what is there."""
        found = (
            self.scoring_program,
            self.reference_data,
            self.input_data,
            self.ingestion_program,
        )
        return tuple(one for one in found if one is not None)


@dataclass(frozen=True)
class Solution:
    """An answer of the organiser's, for the dry run."""

    index: int
    name: str
    payload: Payload
    tasks: tuple[int, ...]


@dataclass(frozen=True)
class Attribute:
    """One question of a fact sheet. type: text, select, radio, checkbox or boolean."""

    key: str
    title: str
    type: str
    options: tuple[str, ...] = ()
    required: bool = False
    on_leaderboard: bool = False


@dataclass(frozen=True)
class Phase:
    """One phase. None in a quota: no limit is written."""

    index: int
    name: str
    start: Instant | None
    end: Instant | None
    tasks: tuple[int, ...] = ()
    codename: str = ""
    description: str = ""
    max_per_day: int | None = None
    max_total: int | None = None
    max_parallel: int | None = None
    time_limit_s: int = 600
    migrates: bool = False
    hidden: tuple[str, ...] = ()  # output, prediction_output, score_output, logs
    scores_hidden: bool = False
    results_only: bool = False
    public_data: Payload | None = None
    starting_kit: Payload | None = None
    annotation: str = ""
    file_types: tuple[str, ...] = ()
    questions: tuple[Attribute, ...] = ()
    final_choices: int | None = None
    place: str = ""  # in the document, as in the keys of questions


@dataclass(frozen=True)
class BoardColumn:
    """One column. operation and operands: computed by the portal from other columns."""

    key: str
    title: str
    index: int
    descending: bool = True
    decimals: int = 2
    hidden: bool = False
    operation: str = ""
    operands: tuple[str, ...] = ()
    group: str = ""


@dataclass(frozen=True)
class Board:
    """One leaderboard."""

    key: str
    title: str
    columns: tuple[BoardColumn, ...]
    primary: str
    rule: Rule = Rule.CHOSEN_ONE
    written_rule: str = ""
    hidden: bool = False


@dataclass(frozen=True)
class PhaseSplit:
    """One part of an EvalAI phase. visibility: as there, 1 host, 2 owner, 3 public."""

    phase: str
    split: str
    board: str
    visibility: int
    labels: tuple[str, ...] = ()
    decimals: int = 2

    @property
    def is_public(self) -> bool:
        """Say whether teams see it before the reveal."""
        return self.visibility == 3


@dataclass(frozen=True)
class TruthTable:
    """The table that our metrics read: where the answers are and how they are parted.

    counts: rows of the public part, of the private part. positives: rows equal to 1 in each, or
    None unless answers are 0 and 1. ignored: rows of neither part. answers: the distinct ones,
    sorted, at most 1,000. targets: all columns of answers, target being the first. classes: the
    columns of teams' files, where they are not those of the answers. one_hot: of several targets,
    one is 1 in each row, the others 0. item: the column that names the candidates of a query.
    """

    file: str
    id: str
    target: str
    column: str
    public: str
    private: str
    counts: tuple[int, int]
    positives: tuple[int, int] | None = None
    ignored: int = 0
    answers: tuple[str, ...] = ()
    test: str = ""
    sample: str = ""
    train: str = ""
    targets: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    rows: Rows = Rows.ONE
    one_hot: bool = False
    item: str = ""


@dataclass(frozen=True)
class Judgements:
    """TREC relevance: one line a topic and document. attributes: file, id column, counts."""

    file: str
    topics: tuple[str, ...]
    supported: tuple[str, ...]
    documents: tuple[str, ...]
    gains: tuple[int, ...]
    attributes_file: str = ""
    attributes_id: str = ""
    attributes: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class ForeignSpec:
    """A whole challenge. kept: the keys without effect here, by place, for the export."""

    format: Format
    title: str
    description: str = ""
    version: str = ""
    image: str = ""
    contact: str = ""
    reward: str = ""
    kind: str = "competition"
    auto_approve: bool = False
    options: dict[str, bool] = field(default_factory=dict)
    environment: str = ""
    terms: Text | None = None
    pages: tuple[Text, ...] = ()
    tasks: tuple[Task, ...] = ()
    solutions: tuple[Solution, ...] = ()
    phases: tuple[Phase, ...] = ()
    boards: tuple[Board, ...] = ()
    fact_sheet: tuple[Attribute, ...] = ()
    start: Instant | None = None
    end: Instant | None = None
    tags: tuple[str, ...] = ()
    domain: str = ""
    domains: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())  # allowed, blocked
    evaluation_script: Payload | None = None
    splits: tuple[PhaseSplit, ...] = ()
    truth: TruthTable | None = None
    judgements: Judgements | None = None
    metric: str = ""
    direction: str = ""
    per_day: int | None = None
    final_choices: int | None = None
    kept: dict[str, object] = field(default_factory=dict)
