"""State how a challenge is scored: the file it expects, its truth, its figures, the engine.

Standard library only. Every object is frozen and survives ``from_json(to_json())``. Its fields and
their rules are its one definition: it is read by them from challenge.yaml, each fault noted at its
key, and from what the portal stores. The digests are sha256 of the canonical JSON (sorted keys, no
spaces), so that a receipt can name the exact contract."""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Annotated, Any

from challenges.scoring import patterns
from challenges.scoring.audit.declared import (
    AUDIT,
    SMALLEST,
    AuditSpec,
    Nature,
    forbidden,
    nature_of,
)
from challenges.scoring.fields import (
    NEEDED,
    ContractFault,
    Document,
    Fields,
    Rule,
    Stored,
    counted,
)

# Codes of faults, beside that of a key that is absent.
ROLE, DOMAIN, SPLIT = "E_COLUMN_ROLE", "E_DOMAIN", "E_SPLIT"
COLUMN, METRIC = "E_COLUMN_MISSING", "E_METRIC_KEY"
FORMATS = ("csv", "parquet", "zip")
DIRECTIONS = ("max", "min", "none")
AGGREGATES = ("table", "gap", "worst")
METRIC_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*")
MAX_KEY, MAX_COLUMN_KEY = 64, 36
TARGET = "target"  # the parameter that names one of several targets
DEFAULT_ITEMS = 100
DEFAULT_ROWS = 1000  # candidates of a query
FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
# Of any number of a file: its square, summed over all rows, is finite and loses no other row.
MOST = 1e15
COMMA_FLOAT = re.compile(r"[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d+)?", re.ASCII)
INTEGER = re.compile(r"[+-]?\d+(\.0*)?", re.ASCII)


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


# What the columns of scores hold, by role.
TYPES: dict[Layout, dict[str, tuple[ColumnType, ...]]] = {
    Layout.CANDIDATE_SCORES: {
        "item": (ColumnType.STRING, ColumnType.CATEGORY),
        "score": (ColumnType.INTEGER, ColumnType.FLOAT),
    },
}


def canonical(value: object) -> bytes:
    """Write a JSON value in its one canonical form: sorted keys, no spaces, UTF-8."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def digest_of(value: object) -> str:
    """Return the sha256, in hexadecimal, of the canonical JSON of a value."""
    return hashlib.sha256(canonical(value)).hexdigest()


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


# What the columns that play a role are often called, their parts too.
NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "identifiant", "identifier"),
    "query": ("query", "query_id", "qid", "q", "requete", "demande", "id"),
    "item": ("item", "item_id", "doc", "doc_id", "document", "candidate", "candidat", "element"),
    "rank": ("rank", "rang"),
    "score": ("score", "prediction"),
    "gain": ("gain", "relevance", "rel", "pertinence", "score"),
    "split_column": ("split", "jeu", "usage", "part", "partie"),
}


def first_named(names: Sequence[str], role: str) -> str | None:
    """Return the first usual name of a role that a header holds, whatever its case."""
    folded = {name.casefold(): name for name in reversed(names)}
    return next((folded[name] for name in NAMES.get(role, ()) if name in folded), None)


def number_of(cell: str) -> float | None:
    """Read a finite number written with a point; None for anything else."""
    number = float(cell) if FLOAT.fullmatch(cell.strip(" ")) else math.inf
    return number if math.isfinite(number) else None


@dataclass(frozen=True)
class ListedValues(Document):
    """Name the column of a table of the challenge that lists allowed values."""

    file: str
    column: str


@dataclass(frozen=True)
class FileColumn(Document):
    """Describe one column of a prediction file.

    domain holds the allowed values in their declared order, or None for any text; listing says
    where a folder lists them, until they are read. label: the class a probability is of, or the
    column of the truth a target is in; the name of the column when None.
    """

    name: str
    role: Annotated[str, Rule(code=ROLE)]
    type: Annotated[ColumnType, Rule(code=ROLE)] = ColumnType.STRING
    min: Annotated[float | None, Rule(code=DOMAIN)] = None
    max: Annotated[float | None, Rule(code=DOMAIN)] = None
    pattern: str | None = None
    domain: Annotated[tuple[str, ...] | None, Rule(from_list=True)] = None
    separator: str = " "
    max_labels: Annotated[int | None, Rule(low=1)] = None
    max_distinct: Annotated[int | None, Rule(low=1)] = None
    label: str | None = None
    listing: Annotated[ListedValues | None, Rule("domain", is_written=False, from_list=False)] = (
        None
    )

    @classmethod
    def read(cls, fields: Fields) -> "FileColumn":
        """Read a column; a pattern that would be costly to try is noted, and left out."""
        column = super().read(fields)
        wrong = patterns.fault(column.pattern) if column.pattern is not None else ""
        if not wrong:
            return column
        fields.refuse(DOMAIN, wrong, key="pattern", value=column.pattern)
        return replace(column, pattern=None)

    def check(self, fields: Fields) -> None:
        """Note bounds out of order, and values that are still to be listed."""
        if self.min is not None and self.max is not None and self.min > self.max:
            fields.refuse(DOMAIN, "le minimum dépasse le maximum", key="min", value=self.min)
        if self.listing is not None and isinstance(fields, Stored):
            fields.refuse(DOMAIN, "les valeurs de ce domaine sont attendues", key="domain")

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


@dataclass(frozen=True)
class AnswerSpec(Document):
    """Describe the prediction file a challenge expects.

    max_items: rows of one query at most. all_queries_required: each of them has a row.
    """

    layout: Annotated[Layout, Rule(code=ROLE)]
    columns: tuple[FileColumn, ...]
    formats: Annotated[tuple[str, ...], Rule(choices=FORMATS)] = FORMATS
    max_bytes: Annotated[int, Rule(low=1)] = 50 * 2**20
    max_items: Annotated[int | None, Rule("max_items_per_query", low=1)] = None
    all_queries_required: bool = True
    form: Annotated[Form | None, Rule(code=ROLE)] = None
    policy: Annotated[Policy | None, Rule(code=ROLE)] = None

    def find(self, role: str) -> FileColumn | None:
        """Return the column that plays a role, None when there is none."""
        return next((column for column in self.columns if column.role == role), None)

    def column(self, role: str) -> FileColumn:
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
    def key(self) -> FileColumn:
        """Return the column of identifiers: the id, or the query of a ranked list."""
        return self.column(self.layout.roles[0])

    @property
    def answer(self) -> FileColumn:
        """Return the column that holds the answer: target, item of a list, label, score."""
        return self.column(self.layout.answer)

    @property
    def labelled(self) -> FileColumn:
        """Return the column that holds labels: the candidates, elsewhere the answer."""
        scored = self.layout is Layout.CANDIDATE_SCORES
        return self.column("item") if scored else self.answer

    @property
    def answers(self) -> tuple[FileColumn, ...]:
        """Return the columns that hold the answer, in their declared order."""
        return tuple(column for column in self.columns if column.role == self.layout.answer)

    @property
    def read_columns(self) -> tuple[FileColumn, ...]:
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
    def by_target(self) -> dict[str, FileColumn]:
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

    def check(self, fields: Fields) -> None:
        """Note a role that no column plays, or too many, and columns that cannot play theirs."""

        def refuse(said: str, value: object, key: str = "columns") -> None:
            fields.refuse(ROLE, said, key=key, value=value)

        for role in self.layout.roles:
            played = [column.name for column in self.columns if column.role == role]
            several = self.is_several and role == self.layout.answer
            if len(played) < 2 if several else len(played) != 1:
                there = counted(len(played), "trouvée", "trouvées")
                wanted = f"une colonne de rôle « {role} » est attendue, {there}"
                if several:
                    wanted = "deux colonnes au moins sont attendues"
                refuse(wanted, ", ".join(played) or role)
        for column in self.columns:
            if column.role not in self.layout.roles:
                admitted_roles = ", ".join(self.layout.roles)
                refuse(f"rôles admis : {admitted_roles}", column.role or column.name)
            allowed = TYPES.get(self.layout, {}).get(column.role, tuple(ColumnType))
            if column.type not in allowed:
                said = f"le rôle « {column.role} » est de type {' ou '.join(allowed)}"
                refuse(said, column.type.value)
        names = [column.name for column in self.columns]
        for name in sorted({name for name in names if names.count(name) > 1}):
            refuse("colonne déclarée deux fois", name)
        self._check_form(fields, refuse)

    def _check_form(self, fields: Fields, refuse: Callable[..., None]) -> None:
        """Note what goes with one layout alone, and several numbers that are none."""
        scored = self.layout is Layout.CANDIDATE_SCORES
        for key, wanted in (("form", self.is_several), ("policy", scored)):
            if wanted and not fields.has(key):
                refuse(NEEDED, "", key)
            elif fields.has(key) and not wanted:
                refuse(f"cette clé ne va pas avec {self.layout.value}", fields.raw(key), key)
        if not self.is_several:
            return
        said = "plusieurs nombres par identifiant sont de type float, sans domaine ni motif"
        for column in self.answers:
            if column.type is not ColumnType.FLOAT or column.listing or column.pattern:
                refuse(said, column.name)
        if len(set(self._names)) < len(self._names):
            said = "une colonne par classe pour des probabilités, une par cible"
            refuse(said, ", ".join(self._names))


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

    def is_missing(self, column: str | None) -> bool:
        """Say whether it is that the file lacks this column."""
        return self.code == "E_COLUMN_MISSING" and self.detail == column


TRUTH_COLUMNS = ("target", "id", "query", "item", "gain")
REPLICATES = 1000
LEVEL = 0.95


@dataclass(frozen=True)
class TruthSpec(Document):
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
    split_column: Annotated[str | None, Rule("split.column", code=SPLIT)] = None
    public: Annotated[str, Rule("split.public", code=SPLIT)] = "public"
    private: Annotated[str, Rule("split.private", code=SPLIT)] = "private"
    cluster: str | None = None
    weight: str | None = None
    strata: str | None = None
    file: Annotated[str, Rule(is_written=False)] = field(default="", compare=False)

    def check(self, fields: Fields) -> None:
        """Note two parts that cannot be told apart."""
        if self.public == self.private:
            said = "les deux parties portent la même valeur"
            fields.mapping("split").refuse(SPLIT, said, key="private", value=self.private)

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


@dataclass(frozen=True)
class MetricSpec(Document):
    """Name one declared figure: a metric, its parameters and, for a group figure, the groups.

    by, group, aggregate and min_n are set for the figures of ``fairness.metrics`` only.
    """

    key: Annotated[str, Rule(code=METRIC)]
    metric: Annotated[str, Rule(code="E_METRIC_UNKNOWN")]
    label: Annotated[str, Rule(like="key")] = ""
    direction: Annotated[str, Rule(code="E_DIRECTION", choices=DIRECTIONS, is_needed=True)] = "max"
    decimals: Annotated[int, Rule(code=METRIC, high=10)] = 4
    primary: bool = False
    params: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1
    by: str | None = None
    group: str | None = None
    aggregate: str | None = None
    min_n: Annotated[int, Rule(low=1)] = 1

    def check(self, fields: Fields) -> None:
        """Note a key that no column of a board can bear."""
        if self.key and (not METRIC_KEY.fullmatch(self.key) or len(self.key) > MAX_KEY):
            said = f"lettres sans accent, chiffres et _, {MAX_KEY} caractères au plus"
            fields.refuse(METRIC, said, key="key", value=self.key)


@dataclass(frozen=True)
class Attribute(Document):
    """Describe an attribute of fairness: groups of rows, or a number per query and item.

    of: "items" when it groups the items of ranked lists, None for rows or queries. nature:
    origin, commune or department, None when it is none of them or its name tells.
    """

    key: Annotated[str, Rule(code=METRIC)]
    source: Annotated[str, Rule(code=COLUMN)]
    column: Annotated[str, Rule(code=COLUMN)]
    label: Annotated[str, Rule(like="key")] = ""
    groups: Mapping[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    id: str | None = None
    type: Annotated[str, Rule(code=COLUMN, choices=("group", "string", "number"))] = "group"
    of: Annotated[str | None, Rule(code=AUDIT, choices=("items",))] = None
    nature: Annotated[Nature | None, Rule(code=AUDIT)] = None

    def check(self, fields: Fields) -> None:
        """Note an attribute of a table apart that nothing joins, or one of items in the truth."""
        if self.of and self.source == "truth":
            said = "items, pour un attribut d’une table à part"
            fields.refuse(AUDIT, said, key="of", value=self.of)
        if self.source and self.source != "truth" and self.id is None:
            fields.refuse(COLUMN, "colonne de jointure attendue", key="id")


@dataclass(frozen=True)
class ScoringContract(Document):
    """Hold all that decides a score: answer, truth, metrics, groups, resampling.

    n_min_group: the challenge's own threshold of persons, 11 or more.
    """

    answer: Annotated[AnswerSpec, Rule("submission")]
    truth: TruthSpec
    metrics: tuple[MetricSpec, ...]
    attributes: Annotated[tuple[Attribute, ...], Rule("fairness.attributes")] = ()
    fairness: Annotated[tuple[MetricSpec, ...], Rule("fairness.metrics")] = ()
    min_rows: Annotated[int, Rule("fairness.min_rows", low=1)] = 30
    n_min_group: Annotated[int, Rule("fairness.n_min_group", low=SMALLEST, code=AUDIT)] = SMALLEST
    audit: Annotated[AuditSpec | None, Rule("fairness.audit", code=AUDIT)] = None
    task: str = ""
    replicates: Annotated[int, Rule("interval.replicates")] = REPLICATES
    level: Annotated[float, Rule("interval.level")] = LEVEL

    def check(self, fields: Fields) -> None:
        """Note what the parts of a contract say against one another."""
        truth, fairness = fields.mapping("truth"), fields.mapping("fairness")
        for name in self.answer.layout.held if fields.has("truth") else ():
            if not getattr(self.truth, name):
                truth.refuse(COLUMN, NEEDED, key=name)
        check_primary(fields, self.metrics)
        grouping = [each.key for each in self.attributes if not each.of]
        for each, one in zip(self.fairness, fairness.items("metrics"), strict=True):
            _check_grouping(one, each, grouping)
        _used_once(fields, [each.key for each in self.figures], "metrics")
        _used_once(fields, [each.key for each in self.attributes], "fairness.attributes")
        if self.audit is not None:
            self._check_audit(fairness.mapping("audit"), self.audit)

    def _check_audit(self, fields: Fields, audit: AuditSpec) -> None:
        """Note an audit of what does not group, and what must never be computed."""
        known = {each.key: each for each in self.attributes if each.type != "number"}
        if not known:
            fields.refuse(AUDIT, "aucun attribut déclaré ne forme de groupes")
        for key in audit.attributes:
            if key not in known:
                said = "attribut non déclaré, ou qui ne forme pas de groupes"
                fields.refuse(AUDIT, said, key="attributes", value=key)
        audited = {key: known[key] for key in audit.attributes or known if key in known}
        for pair in audit.crossings:
            said = _fault_of_crossing(pair, audited)
            if said:
                fields.refuse(AUDIT, said, key="crossings", value=list(pair))
        column = audit.column
        if column is None:
            return
        place = fields.mapping("column")
        if column.key in [each.key for each in self.figures] or len(column.key) > MAX_COLUMN_KEY:
            said = "clé déjà employée, ou trop longue"
            place.refuse(AUDIT, said, key="key", value=column.key)
        if column.attribute is not None and column.attribute not in known:
            place.refuse(AUDIT, "attribut non déclaré", key="attribute", value=column.attribute)

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


def check_primary(fields: Fields, metrics: Sequence[MetricSpec]) -> None:
    """Note figures of which none, or several, rank."""
    primary = [one for one in metrics if one.primary]
    if metrics and (len(primary) != 1 or primary[0].direction == "none"):
        fields.refuse(
            "E_METRIC_PRIMARY",
            "une seule mesure principale est attendue, de sens max ou min",
            key="metrics",
            value=", ".join(one.key for one in primary) or "aucune",
        )


def _check_grouping(fields: Fields, metric: MetricSpec, keys: Sequence[str]) -> None:
    """Note a group figure that names no attribute, or says twice or not how to sum up."""
    if metric.primary:
        said = "une mesure d’équité ne classe pas"
        fields.refuse("E_METRIC_PRIMARY", said, key="primary", value=True)
    if metric.by is not None and metric.by not in keys:
        fields.refuse(COLUMN, "attribut non déclaré", key="by", value=metric.by)
    if metric.aggregate is not None and metric.aggregate not in AGGREGATES:
        said = f"agrégats admis : {', '.join(AGGREGATES)}"
        fields.refuse("E_METRIC_UNKNOWN", said, key="aggregate", value=metric.aggregate)
    ways = (metric.group is not None) + (metric.aggregate is not None)
    if ways != (1 if metric.by is not None else 0):
        said = "by va avec group ou avec aggregate, l’un des deux"
        fields.refuse(METRIC, said, key="by", value=metric.by or "")


def _used_once(fields: Fields, keys: Sequence[str], place: str) -> None:
    for key in sorted({key for key in keys if key and keys.count(key) > 1}):
        fields.refuse(METRIC, "clé employée deux fois", key=place, value=key)


def _fault_of_crossing(pair: tuple[str, str], audited: Mapping[str, Attribute]) -> str:
    """Say what is wrong in a crossing, nothing when it may be computed."""
    crossed = [audited[key] for key in pair if key in audited]
    if len(set(pair)) != 2 or len(crossed) != 2:
        return "deux attributs audités différents sont attendus"
    if any(each.of == "items" for each in crossed):
        return "des éléments ne se croisent pas"
    if forbidden(nature_of(e.nature, e.key, e.column, e.label) for e in crossed):
        return "l’origine d’une personne ne se croise ni avec la commune ni avec le département"
    return ""


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
