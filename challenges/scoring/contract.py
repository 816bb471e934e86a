"""State how a challenge is scored, and by which engine; standard library only.

Every object is frozen and survives ``from_json(to_json())``. The digests are sha256 of the
canonical JSON (sorted keys, no spaces), so that a receipt can name the exact contract."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from challenges.scoring.answer import (
    AnswerSpec,
    ContractFault,
    digest_of,
    without_none,
)
from challenges.scoring.audit.declared import SMALLEST, AuditSpec

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
