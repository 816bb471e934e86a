"""State how a challenge is scored: the file it expects, its truth, its figures, the engine.

Standard library only. Every object is frozen and survives ``from_json(to_json())``. The digests
are sha256 of the canonical JSON (sorted keys, no spaces), so that a receipt can name the exact
contract."""

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from challenges.scoring.audit.declared import SMALLEST, AuditSpec

DEFAULT_ITEMS = 100
DEFAULT_ROWS = 1000  # candidates of a query
FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
# Of any number of a file: its square, summed over all rows, is finite and loses no other row.
MOST = 1e15
COMMA_FLOAT = re.compile(r"[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d+)?", re.ASCII)
INTEGER = re.compile(r"[+-]?\d+(\.0*)?", re.ASCII)


class ContractFault(ValueError):
    """Say which part of a contract cannot be read."""


class Layout(StrEnum):
    """Tell one answer per identifier from several numbers of one row, or a list of rows."""

    ONE_ROW_PER_ID = "one_row_per_id"
    RANKED_LIST = "ranked_list"
    NUMBERS_PER_ID = "numbers_per_id"
    CANDIDATE_SCORES = "candidate_scores"

    @property
    def roles(self) -> tuple[str, ...]:
        """Return the roles of the columns of a file, the key first."""
        return _ROLES[self][0]

    @property
    def held(self) -> tuple[str, ...]:
        """Return the columns that the truth must have, the key first."""
        return _ROLES[self][1]

    @property
    def answer(self) -> str:
        """Return the role whose values are judged."""
        return _ROLES[self][2]

    @property
    def is_listed(self) -> bool:
        """Tell whether a key may have several rows."""
        return self.held == _GAINS


_IDS = ("id", "target")
_GAINS = ("query", "item", "gain")
_ROLES: dict[Layout, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    Layout.ONE_ROW_PER_ID: (_IDS, _IDS, "target"),
    Layout.RANKED_LIST: (("query", "rank", "item"), _GAINS, "item"),
    Layout.NUMBERS_PER_ID: (_IDS, _IDS, "target"),
    Layout.CANDIDATE_SCORES: (("query", "item", "score"), _GAINS, "score"),
}


class Policy(StrEnum):
    """Say whether each candidate of a query is scored, or only the best found."""

    COMPLETE = "complete"
    TOP_K = "top_k"


class Form(StrEnum):
    """Say what the several numbers of one row are; targets: each has its own right answer."""

    PROBABILITIES = "probabilities"
    TARGETS = "targets"


class ColumnType(StrEnum):
    """Name the types a column of a prediction file may have."""

    STRING = "string"
    INTEGER = "integer"
    FLOAT = "float"
    CATEGORY = "category"
    LABEL_SET = "label_set"


def canonical(value: object) -> bytes:
    """Write a JSON value in its one canonical form: sorted keys, no spaces, UTF-8."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def digest_of(value: object) -> str:
    """Return the sha256, in hexadecimal, of the canonical JSON of a value."""
    return hashlib.sha256(canonical(value)).hexdigest()


def without_none(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Drop the entries whose value is None."""
    return {k: v for k, v in raw.items() if v is not None}


# How a role is written where nothing else is said.
USUAL_TYPES = {"rank": ColumnType.INTEGER, "score": ColumnType.FLOAT}


def written_shape(layout: Layout, names: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """Write the shape of a submission as in challenge.yaml. names: of its columns, by role."""
    columns = [
        {"name": name, "role": role, "type": USUAL_TYPES.get(role, ColumnType.STRING).value}
        for role, name in names.items()
    ]
    return {"layout": layout.value, "columns": columns, **more}


def written_probabilities(key: str, classes: Mapping[str, str]) -> dict[str, Any]:
    """Write the shape of probabilities as in challenge.yaml. classes: by name of column."""
    shape = written_shape(Layout.NUMBERS_PER_ID, {"id": key}, form=Form.PROBABILITIES.value)
    facts = {"role": "target", "type": ColumnType.FLOAT.value, "min": 0, "max": 1}
    for name, label in classes.items():
        shape["columns"].append({"name": name, **facts, **({"label": label} if label else {})})
    return shape


def number_of(cell: str) -> float | None:
    """Read a finite number written with a point; None for anything else."""
    number = float(cell) if FLOAT.fullmatch(cell.strip(" ")) else math.inf
    return number if math.isfinite(number) else None


@dataclass(frozen=True)
class Listing:
    """Name the column of a table of the challenge that lists allowed values."""

    file: str
    column: str


@dataclass(frozen=True)
class Column:
    """Describe one column of a prediction file.

    domain holds the allowed values in their declared order, or None for any text; listing says
    where a folder lists them, until they are read. label: the class a probability is of, or the
    column of the truth a target is in; the name of the column when None.
    """

    name: str
    role: str
    type: ColumnType
    min: float | None = None
    max: float | None = None
    pattern: str | None = None
    domain: tuple[str, ...] | None = None
    separator: str = " "
    max_labels: int | None = None
    max_distinct: int | None = None
    label: str | None = None
    listing: Listing | None = None

    @property
    def is_number(self) -> bool:
        """Tell whether cells are read as numbers."""
        return self.type in (ColumnType.FLOAT, ColumnType.INTEGER)

    def labels_of(self, cell: str) -> list[str]:
        """Return the labels of a cell: itself, or its parts in a set of labels."""
        if self.type is not ColumnType.LABEL_SET:
            return [cell]
        return [part for part in cell.split(self.separator) if part]

    @property
    def low(self) -> float:
        """Return the least number a cell may hold, −1e15 unless a higher one is declared."""
        return -MOST if self.min is None else max(float(self.min), -MOST)

    @property
    def high(self) -> float:
        """Return the greatest number a cell may hold, 1e15 unless a lower one is declared."""
        return MOST if self.max is None else min(float(self.max), MOST)

    def to_json(self) -> dict[str, Any]:
        """Return the column as in challenge.yaml, its domain as a list."""
        domain = None if self.domain is None else list(self.domain)
        return without_none(asdict(self) | {"domain": domain, "listing": None})

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Column":
        """Read a column of ``submission.columns``, its domain resolved to a list."""
        domain = raw.get("domain")
        if isinstance(domain, Mapping):
            raise ContractFault(f"domain of {raw.get('name')} is not resolved")
        return cls(
            name=str(raw["name"]),
            role=str(raw["role"]),
            type=ColumnType(raw["type"]),
            min=raw.get("min"),
            max=raw.get("max"),
            pattern=raw.get("pattern"),
            domain=None if domain is None else tuple(str(v) for v in domain),
            separator=raw.get("separator") or " ",
            max_labels=raw.get("max_labels"),
            max_distinct=raw.get("max_distinct"),
            label=raw.get("label"),
        )


@dataclass(frozen=True)
class AnswerSpec:
    """Describe the prediction file a challenge expects.

    max_items: rows of one query at most. all_queries_required: each of them has a row.
    """

    layout: Layout
    columns: tuple[Column, ...]
    formats: tuple[str, ...] = ("csv", "parquet", "zip")
    max_bytes: int = 50 * 2**20
    max_items: int | None = None
    all_queries_required: bool = True
    form: Form | None = None
    policy: Policy | None = None

    def find(self, role: str) -> Column | None:
        """Return the column that plays a role, None when there is none."""
        return next((column for column in self.columns if column.role == role), None)

    def column(self, role: str) -> Column:
        """Return the column that plays a role; raises ContractFault when there is none."""
        column = self.find(role)
        if column is None:
            raise ContractFault(f"no column plays the role {role}")
        return column

    @property
    def plays_every_role(self) -> bool:
        """Tell whether each role of the layout has its column."""
        return all(self.find(role) is not None for role in self.layout.roles)

    @property
    def key(self) -> Column:
        """Return the column of identifiers: the id, or the query of a ranked list."""
        return self.column(self.layout.roles[0])

    @property
    def answer(self) -> Column:
        """Return the column that holds the answer: target, item of a list, label, score."""
        return self.column(self.layout.answer)

    @property
    def labelled(self) -> Column:
        """Return the column that holds labels: the candidates, elsewhere the answer."""
        scored = self.layout is Layout.CANDIDATE_SCORES
        return self.column("item") if scored else self.answer

    @property
    def answers(self) -> tuple[Column, ...]:
        """Return the columns that hold the answer, in their declared order."""
        return tuple(column for column in self.columns if column.role == self.layout.answer)

    @property
    def read_columns(self) -> tuple[Column, ...]:
        """Return the columns that are read: the key, then the others in the order of roles."""
        if self.is_several:
            return (self.key, *self.answers)
        return tuple(self.column(role) for role in self.layout.roles)

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Return the class of each probability, None when the answer is of another form."""
        return self._names if self.form is Form.PROBABILITIES else None

    @property
    def targets(self) -> tuple[str, ...] | None:
        """Return the column of the truth of each target, None when the answer has one."""
        return self._names if self.form is Form.TARGETS else None

    @property
    def by_target(self) -> dict[str, Column]:
        """Return each of several targets by its column of the truth, {} when there is one."""
        return {} if self.targets is None else dict(zip(self.targets, self.answers, strict=True))

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(column.label or column.name for column in self.answers)

    @property
    def is_several(self) -> bool:
        """Tell whether an answer is several numbers of one row."""
        return self.layout is Layout.NUMBERS_PER_ID

    @property
    def is_ranked(self) -> bool:
        """Tell whether an answer is a ranked list of rows."""
        return self.layout is Layout.RANKED_LIST

    @property
    def is_listed(self) -> bool:
        """Tell whether an identifier may have several rows."""
        return self.layout.is_listed

    @property
    def is_complete(self) -> bool:
        """Tell whether each candidate of each query has a score."""
        return self.policy is Policy.COMPLETE

    @property
    def list_length(self) -> int:
        """Return the most rows a query may have, 1 with one row per id."""
        if not self.is_listed:
            return 1
        if self.is_ranked:
            return int(self.max_items or self.column("rank").max or DEFAULT_ITEMS)
        return int(self.max_items or DEFAULT_ROWS)

    @property
    def digest(self) -> str:
        """Return the sha256 of the specification."""
        return digest_of(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Return the specification as JSON values."""
        more = {"form": self.form, "policy": self.policy}
        return without_none(more) | {
            "layout": self.layout.value,
            "columns": [column.to_json() for column in self.columns],
            "formats": list(self.formats),
            "max_bytes": self.max_bytes,
            "max_items_per_query": self.max_items,
            "all_queries_required": self.all_queries_required,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "AnswerSpec":
        """Read ``submission`` of a challenge.yaml whose domains are resolved to lists."""
        spec = cls(
            layout=Layout(raw["layout"]),
            columns=tuple(Column.from_json(c) for c in raw["columns"]),
            formats=tuple(raw.get("formats") or ("csv", "parquet", "zip")),
            max_bytes=int(raw.get("max_bytes") or 50 * 2**20),
            max_items=raw.get("max_items_per_query"),
            all_queries_required=bool(raw.get("all_queries_required", True)),
            form=Form(raw["form"]) if raw.get("form") else None,
            policy=Policy(raw["policy"]) if raw.get("policy") else None,
        )
        for role in spec.layout.roles:
            spec.column(role)
        _require_form(spec)
        _require_types(spec)
        return spec


def _require_form(spec: AnswerSpec) -> None:
    """Refuse several numbers that are not what their form says; raises ContractFault."""
    if not spec.is_several:
        if spec.form is not None:
            raise ContractFault("a form is for several numbers per row")
        return
    if spec.form is None:
        raise ContractFault("the form of the numbers is missing")
    if not all(column.type is ColumnType.FLOAT for column in spec.answers):
        raise ContractFault("several answers of one row are decimal numbers")
    count = len(spec.answers)
    if count < 2:
        raise ContractFault(f"{count} columns for the form {spec.form.value}")
    if len(set(spec.classes or spec.targets or ())) != count:
        raise ContractFault("a class has two columns")


def _require_types(spec: AnswerSpec) -> None:
    """Refuse scores whose columns cannot hold them; raises ContractFault."""
    if (spec.policy is None) is (spec.layout is Layout.CANDIDATE_SCORES):
        raise ContractFault("a policy, complete or top_k, goes with scores of candidates")
    if spec.layout is Layout.CANDIDATE_SCORES:
        if not spec.answer.is_number:
            raise ContractFault("a score is a number")
        if spec.labelled.is_number or spec.labelled.type is ColumnType.LABEL_SET:
            raise ContractFault("a candidate has one name")


@dataclass(frozen=True)
class Limits:
    """Bound what reading one prediction file may cost; sizes in bytes, times in seconds."""

    max_bytes: int = 50 * 2**20
    max_uncompressed_bytes: int = 200 * 2**20
    max_zip_ratio: int = 100
    max_zip_entries: int = 20
    max_columns: int = 64
    max_cell_bytes: int = 256
    max_line_bytes: int = 65536
    max_rows: int = 20_000_000
    wall_seconds: float = 30.0
    memory_bytes: int = 300 * 2**20

    @classmethod
    def of(cls, spec: AnswerSpec, expected: int) -> "Limits":
        """Derive the limits of a challenge from its answer and its number of identifiers."""
        rows = 2 * expected * spec.list_length
        columns = max(64, len(spec.columns) + 8)
        cell = max(256, 64 * (spec.answer.max_labels or 1))
        return cls(
            max_bytes=spec.max_bytes,
            max_uncompressed_bytes=max(4 * 2**20, min(4 * spec.max_bytes, rows * columns * cell)),
            max_columns=columns,
            max_cell_bytes=cell,
            max_rows=rows,
        )

    def but(self, **changes: Any) -> "Limits":
        """Return the same limits with some changed."""
        return replace(self, **changes)


class UsageFault(ContractFault):
    """Name what is missing or contradictory: a code of the closed list, and the word at fault.

    The sentences of the codes stand in challenges/client.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail


class TruthFault(ValueError):
    """Say, with a code and facts, why a held-out file cannot be compiled."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail


TRUTH_COLUMNS = ("target", "id", "query", "item", "gain")
REPLICATES = 1000
LEVEL = 0.95


@dataclass(frozen=True)
class TruthSpec:
    """Say where the truth stands in the held-out file.

    file: in the folder of the challenge; it decides nothing and is not written.
    split names the column of parts and its two values; None makes one public part.
    cluster names the unit of resampling; None makes each row (or query) its own. weight names
    the column of row weights, held like the truth; None counts each row once. strata names the
    column within whose values units are resampled; None draws them from the whole part.
    """

    target: str | None = None
    id: str | None = None
    query: str | None = None
    item: str | None = None
    gain: str | None = None
    split_column: str | None = None
    public: str = "public"
    private: str = "private"
    cluster: str | None = None
    weight: str | None = None
    strata: str | None = None
    file: str = ""

    @property
    def key(self) -> str | None:
        """Return the column that identifies a row, or a query."""
        return self.id if self.id is not None else self.query

    @property
    def is_plain(self) -> bool:
        """Tell whether rows are independent draws that count alike, as Wilson and DeLong ask."""
        return self.cluster is None and self.weight is None and self.strata is None

    @property
    def columns(self) -> dict[str, str]:
        """Return the name of each declared column, by its role."""
        named = {name: getattr(self, name) for name in TRUTH_COLUMNS}
        return {name: column for name, column in named.items() if column is not None}

    @property
    def splits(self) -> tuple[str, ...]:
        """Return the names of the parts, the public one first."""
        return ("public", "private") if self.split_column else ("public",)

    def to_json(self) -> dict[str, Any]:
        """Return the truth as in challenge.yaml."""
        split = {"column": self.split_column, "public": self.public, "private": self.private}
        more = without_none({"weight": self.weight, "strata": self.strata})
        parts = {"split": split if self.split_column else None, "cluster": self.cluster}
        return self.columns | more | parts

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "TruthSpec":
        """Read ``truth`` of a challenge.yaml."""
        split = raw.get("split") or {}
        return cls(
            target=raw.get("target"),
            id=raw.get("id"),
            query=raw.get("query"),
            item=raw.get("item"),
            gain=raw.get("gain"),
            cluster=raw.get("cluster"),
            weight=raw.get("weight"),
            strata=raw.get("strata"),
            split_column=split.get("column"),
            public=str(split.get("public", "public")),
            private=str(split.get("private", "private")),
        )


@dataclass(frozen=True)
class MetricSpec:
    """Name one declared figure: a metric, its parameters and, for a group figure, the groups.

    by, group, aggregate and min_n are set for the figures of ``fairness.metrics`` only.
    """

    key: str
    metric: str
    label: str = ""
    direction: str = "max"
    decimals: int = 3
    primary: bool = False
    params: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1
    by: str | None = None
    group: str | None = None
    aggregate: str | None = None
    min_n: int = 1

    def to_json(self) -> dict[str, Any]:
        """Return the figure as in challenge.yaml."""
        return without_none(asdict(self) | {"params": dict(self.params)})

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "MetricSpec":
        """Read one entry of ``metrics`` or ``fairness.metrics``."""
        group = raw.get("group")
        return cls(
            key=str(raw["key"]),
            metric=str(raw["metric"]),
            label=str(raw.get("label", "")),
            direction=str(raw.get("direction", "max")),
            decimals=int(raw.get("decimals", 3)),
            primary=bool(raw.get("primary", False)),
            params=dict(raw.get("params") or {}),
            version=int(raw.get("version", 1)),
            by=raw.get("by"),
            group=None if group is None else str(group),
            aggregate=raw.get("aggregate"),
            min_n=int(raw.get("min_n", 1)),
        )


@dataclass(frozen=True)
class Attribute:
    """Describe an attribute of fairness: groups of rows, or a number per query and item.

    of: "items" when it groups the items of ranked lists, None for rows or queries. nature:
    origin, commune or department, None when it is none of them or its name tells.
    """

    key: str
    source: str
    column: str
    label: str = ""
    groups: Mapping[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    id: str | None = None
    type: str = "group"
    of: str | None = None
    nature: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the attribute as in challenge.yaml."""
        raw = asdict(self) | {"groups": dict(self.groups), "ignore": list(self.ignore)}
        return without_none(raw)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Attribute":
        """Read one entry of ``fairness.attributes``."""
        return cls(
            key=str(raw["key"]),
            source=str(raw["source"]),
            column=str(raw["column"]),
            label=str(raw.get("label", "")),
            groups={str(k): str(v) for k, v in (raw.get("groups") or {}).items()},
            ignore=tuple(str(v) for v in raw.get("ignore") or ()),
            id=raw.get("id"),
            type=str(raw.get("type") or "group"),
            of=raw.get("of"),
            nature=raw.get("nature"),
        )


@dataclass(frozen=True)
class ScoringContract:
    """Hold all that decides a score: answer, truth, metrics, groups, resampling.

    n_min_group: the challenge's own threshold of persons, 11 or more.
    """

    answer: AnswerSpec
    truth: TruthSpec
    metrics: tuple[MetricSpec, ...]
    fairness: tuple[MetricSpec, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    min_rows: int = 30
    n_min_group: int = SMALLEST
    audit: AuditSpec | None = None
    task: str = ""
    replicates: int = REPLICATES
    level: float = LEVEL

    @property
    def primary(self) -> MetricSpec:
        """Return the metric that ranks; the first one when none is marked."""
        return next((m for m in self.metrics if m.primary), self.metrics[0])

    @property
    def figures(self) -> tuple[MetricSpec, ...]:
        """Return every declared figure, metrics first, in the declared order."""
        return self.metrics + self.fairness

    @property
    def least_group(self) -> int:
        """Return how many persons a group must count to be shown: what is declared only raises."""
        audited = self.audit.min_persons if self.audit else SMALLEST
        return max(SMALLEST, self.n_min_group, self.min_rows, audited)

    @property
    def audited(self) -> tuple[str, ...]:
        """Return the keys of the attributes that the audit declares, by default all that group."""
        declared = self.audit.attributes if self.audit else ()
        return declared or tuple(a.key for a in self.attributes if a.type != "number")

    def target(self, spec: MetricSpec) -> int | None:
        """Return which of several targets a figure is of, by its parameter target; None for all.

        Raises ContractFault when no column of the answer is that target.
        """
        targets = self.answer.targets
        if targets is None or "target" not in spec.params:
            return None
        if spec.params["target"] not in targets:
            raise ContractFault(f"no target {spec.params['target']}")
        return targets.index(spec.params["target"])

    def attribute(self, key: str) -> Attribute:
        """Return an attribute by its key; raises ContractFault when there is none."""
        for attribute in self.attributes:
            if attribute.key == key:
                return attribute
        raise ContractFault(f"no attribute {key}")

    @property
    def digest(self) -> str:
        """Return the sha256 of the contract."""
        return digest_of(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Return the contract as JSON values, domains included."""
        return {
            "task": self.task,
            "submission": self.answer.to_json(),
            "truth": self.truth.to_json(),
            "metrics": [m.to_json() for m in self.metrics],
            "fairness": {
                "min_rows": self.min_rows,
                "attributes": [a.to_json() for a in self.attributes],
                "metrics": [m.to_json() for m in self.fairness],
            }
            | without_none(
                {
                    "n_min_group": self.n_min_group if self.n_min_group > SMALLEST else None,
                    "audit": self.audit.to_json() if self.audit else None,
                }
            ),
            "interval": {"replicates": self.replicates, "level": self.level},
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "ScoringContract":
        """Read submission, truth, metrics and fairness of a resolved challenge.yaml.

        Keys are those of challenge.yaml; each ``domain`` is a list. Raises ContractFault,
        KeyError or ValueError on a form it cannot read.
        """
        fairness = raw.get("fairness") or {}
        interval, audit = raw.get("interval") or {}, fairness.get("audit")
        metrics = _specs(raw["metrics"])
        if not metrics:
            raise ContractFault("no metric")
        return cls(
            answer=AnswerSpec.from_json(raw["submission"]),
            truth=TruthSpec.from_json(raw["truth"]),
            metrics=metrics,
            fairness=_specs(fairness.get("metrics") or ()),
            attributes=tuple(Attribute.from_json(a) for a in fairness.get("attributes") or ()),
            min_rows=int(fairness.get("min_rows", 30)),
            n_min_group=max(SMALLEST, int(fairness.get("n_min_group") or SMALLEST)),
            audit=None if audit is None else AuditSpec.from_json(audit),
            task=str(raw.get("task", "")),
            replicates=int(interval.get("replicates", REPLICATES)),
            level=float(interval.get("level", LEVEL)),
        )


def _specs(raws: Sequence[Mapping[str, Any]]) -> tuple[MetricSpec, ...]:
    return tuple(MetricSpec.from_json(raw) for raw in raws)


VERSION = "0.1.0"
SOURCE_SUFFIXES = (".py", ".json", ".toml")


@cache
def engine_sha256() -> str:
    """Return the sha256 of the sources of the engine: of one line « path sha256 » a file.

    The same in a checkout, in an installed package and in the program of a starter kit.
    """
    lines = [
        f"{path} {hashlib.sha256(file.read_bytes()).hexdigest()}\n"
        for path, file in sources(resources.files("challenges.scoring"), "challenges/scoring")
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def sources(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    """Yield each source file below a package with its path, by name."""
    for each in sorted(folder.iterdir(), key=lambda item: item.name):
        if each.is_dir() and each.name != "__pycache__":
            yield from sources(each, f"{path}/{each.name}")
        elif each.name.endswith(SOURCE_SUFFIXES):
            yield f"{path}/{each.name}", each
