"""A challenge of another platform, once read: frozen values, files by their path, its JSON."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from challenges.bundles.foreign.documents import Instant, paris, stamp


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
    probability of each answered.
    """

    ONE = "one"
    TARGETS = "targets"
    CLASSES = "classes"


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
    one is 1 in each row, the others 0.
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


Facts = dict[str, object]
DAY = timedelta(days=1)
VISIBILITIES = {
    1: "host only until the reveal",
    2: "host and team only until the reveal",
    3: "public",
}


def facts_of(spec: ForeignSpec) -> Facts:
    """Describe a challenge; every date is ISO 8601, UTC and Paris."""
    match spec.format:
        case Format.EVALAI:
            return _evalai(spec)
        case Format.CODALAB:
            return {**_common(spec), **_codalab(spec)}
        case Format.CODABENCH:
            return {**_common(spec), **_codabench(spec)}
        case Format.KAGGLE | Format.HUGGING_FACE:
            return _table(spec)
        case Format.TREC:
            return _judgements(spec)


def _common(spec: ForeignSpec) -> Facts:
    return {
        "title": spec.title,
        "description": spec.description,
        "version": spec.version,
        "image": spec.image or None,
        "registration_auto_approve": spec.auto_approve,
        "terms": _terms(spec.terms),
        "leaderboards": [_board(spec, board) for board in spec.boards],
        **spec.options,
    }


def _terms(text: Text | None) -> Facts | None:
    if text is None:
        return None
    first = text.text.strip().splitlines()[0][:64]
    return {"file": text.file, "starts_with": first}


def _codabench(spec: ForeignSpec) -> Facts:
    return {
        "contact_email": spec.contact or None,
        "reward": spec.reward or None,
        "competition_type": spec.kind,
        "pages": [
            {
                "title": page.title,
                "file": page.file,
                "kind": "html, sanitised" if page.kind == "html" else page.kind,
            }
            for page in spec.pages
        ],
        "tasks": [_task(task) for task in spec.tasks],
        "programs": _programs(spec),
        "solutions": [
            {
                "index": one.index,
                "name": one.name,
                "path": one.payload.path,
                "tasks": list(one.tasks),
            }
            for one in spec.solutions
        ],
        "phases": [_phase(phase) for phase in spec.phases],
        "leaderboard": _board(spec, spec.boards[0]),
        "fact_sheet": [_attribute_facts(one) for one in spec.fact_sheet] or None,
    }


def _programs(spec: ForeignSpec) -> list[str]:
    """List the stored programs: two tasks that name the same bytes share one."""
    found: dict[str, str] = {}
    for task in spec.tasks:
        for payload in (task.scoring_program, task.ingestion_program):
            if payload is not None:
                found.setdefault(payload.digest, payload.path)
    return list(found.values())


def _path(payload: Payload | None) -> str | None:
    return payload.path if payload else None


def _task(task: Task) -> Facts:
    return {
        "index": task.index,
        "name": task.name,
        "scoring_program": _path(task.scoring_program),
        "reference_data": _path(task.reference_data),
        "reference_rows": task.reference_data.rows if task.reference_data else None,
        "input_data": _path(task.input_data),
        "ingestion_program": _path(task.ingestion_program),
        "ingestion_only_during_scoring": task.ingestion_only_during_scoring,
    }


def _phase(phase: Phase) -> Facts:
    return {
        "index": phase.index,
        "name": phase.name,
        **_dates(phase),
        "tasks": list(phase.tasks),
        "max_submissions_per_day": phase.max_per_day,
        "max_submissions": phase.max_total,
        "execution_time_limit": phase.time_limit_s,
        "public_data": _path(phase.public_data),
        "public_files": list(phase.public_data.files) if phase.public_data else [],
        "starting_kit": _path(phase.starting_kit),
        "auto_migrate_to_this_phase": phase.migrates,
        "results_only": phase.results_only,
        "scores_hidden": phase.scores_hidden,
        **{f"hide_{name}": True for name in phase.hidden},
    }


def _dates(phase: Phase) -> Facts:
    start, end = (one.at if one else None for one in (phase.start, phase.end))
    return {
        "start_utc": stamp(start),
        "end_utc": stamp(end),
        "start_paris": paris(start),
        "end_paris": paris(end),
    }


def _column(board: Board, column: BoardColumn) -> Facts:
    computed = {"computation": column.operation, "of": list(column.operands)}
    return {
        "key": column.key,
        "title": column.title,
        "index": column.index,
        "order": column.index,
        "sorting": "desc" if column.descending else "asc",
        "precision": column.decimals,
        "hidden": column.hidden,
        "primary": column.key == board.primary,
        **(computed if column.operation else {}),
        **({"group": column.group} if column.group else {}),
    }


def _board(spec: ForeignSpec, board: Board) -> Facts:
    primary = next((one.index for one in board.columns if one.key == board.primary), None)
    decimals = {one.decimals for one in board.columns}
    return {
        "title": board.title,
        "key": board.key,
        "submission_rule": board.written_rule or board.rule.value,
        "hidden": board.hidden,
        "primary_index": primary,
        "precision": decimals.pop() if len(decimals) == 1 else None,
        "columns": [_column(board, column) for column in board.columns],
    }


def _attribute_facts(one: Attribute) -> Facts:
    return {
        "key": one.key,
        "name": one.title,
        "title": one.title,
        "type": one.type,
        "options": list(one.options),
        "required": one.required,
        "on_leaderboard": one.on_leaderboard,
    }


def _codalab(spec: ForeignSpec) -> Facts:
    return {
        "pages": [{"key": page.key, "file": page.file} for page in spec.pages],
        "phases": [_old_phase(spec, phase) for phase in spec.phases],
        "leaderboard": _board(spec, spec.boards[0]),
    }


def _old_phase(spec: ForeignSpec, phase: Phase) -> Facts:
    """Add the task, and the end that Codabench would have written: a day before the next start."""
    followed = phase.end is not None and phase.index + 1 < len(spec.phases)
    early = stamp(phase.end.at - DAY) if followed and phase.end else None
    return {
        **_phase(phase),
        "phasenumber": int(phase.codename),
        "codabench_end": early,
        "task": _task(spec.tasks[phase.index]),
    }


def _evalai(spec: ForeignSpec) -> Facts:
    return {
        "title": spec.title,
        "description": spec.description,
        "image": spec.image or None,
        "terms": _terms(spec.terms),
        "start_utc": stamp(spec.start.at if spec.start else None),
        "end_utc": stamp(spec.end.at if spec.end else None),
        "tags": list(spec.tags),
        "domain": spec.domain,
        "evaluation_script": _path(spec.evaluation_script),
        "phases": [_evalai_phase(phase) for phase in spec.phases],
        "leaderboard": _board(spec, spec.boards[0]),
        "phase_splits": [_split(part) for part in spec.splits],
    }


def _evalai_phase(phase: Phase) -> Facts:
    return {
        "codename": phase.codename,
        "name": phase.name,
        **_dates(phase),
        "max_submissions_per_day": phase.max_per_day,
        "max_submissions": phase.max_total,
        "max_concurrent": phase.max_parallel,
        "file_types": list(phase.file_types),
        "annotation": phase.annotation,
        "questions": [_attribute_facts(one) for one in phase.questions],
        "logs_hidden": "logs" in phase.hidden,
        "final_selections": phase.final_choices,
    }


def _split(part: PhaseSplit) -> Facts:
    return {
        "phase": part.phase,
        "split": part.split,
        "visibility": VISIBILITIES[part.visibility],
    }


def _table(spec: ForeignSpec) -> Facts:
    truth = spec.truth
    if truth is None:
        return {}
    positives = dict(
        zip(("public_positive", "private_positive"), truth.positives or (), strict=False)
    )
    return {
        "title": spec.title,
        "id": truth.id,
        "target": truth.target,
        "split": {"column": truth.column, "public": truth.public, "private": truth.private},
        "rows": sum(truth.counts),
        "public_rows": truth.counts[0],
        "private_rows": truth.counts[1],
        "ignored_rows": truth.ignored,
        **positives,
        "page": spec.pages[0].file if spec.pages else None,
        "pages": [page.file for page in spec.pages],
        "metric": spec.metric or None,
        "direction": spec.direction or None,
        "per_day": spec.per_day,
        "final_selections": spec.final_choices,
        "end": spec.end.written if spec.end else None,
    }


def _judgements(spec: ForeignSpec) -> Facts:
    found = spec.judgements
    if found is None:
        return {}
    return {
        "title": spec.title,
        "topics": len(found.topics),
        "topics_with_a_relevant_document": len(found.supported),
        "documents": len(found.documents),
        "gains": list(found.gains),
        "attributes": found.attributes,
    }
