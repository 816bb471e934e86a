"""Declare a fairness audit: attributes, crossings, measures, audience; standard library only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SMALLEST = 11  # persons under which a cell is never shown


class Measure(StrEnum):
    """Name what an audit compares between groups."""

    DEMOGRAPHIC_PARITY = "demographic_parity"
    EQUAL_OPPORTUNITY = "equal_opportunity"
    EQUALISED_ODDS = "equalised_odds"
    PREDICTIVE_PARITY = "predictive_parity"
    CALIBRATION = "calibration"
    AUC_BY_GROUP = "auc_by_group"
    WORST_GROUP = "worst_group"
    SIGNED_ERROR = "signed_error"
    EXPOSURE = "exposure"


class Kind(StrEnum):
    """Tell what an answer is to an audit: it decides which measures can be computed."""

    SCORES = "scores"
    LABELS = "labels"
    NUMBERS = "numbers"
    RANKED = "ranked"
    OTHER = "other"


class Audience(StrEnum):
    """Say who reads the audit of a team's entry after the reveal."""

    PUBLIC = "public"
    TEAM = "team"


class Person(StrEnum):
    """Say what counts as one person: each row, or each cluster of the truth."""

    ROW = "row"
    CLUSTER = "cluster"


class Nature(StrEnum):
    """Name the attributes whose crossing is refused: origin with a small territory."""

    ORIGIN = "origin"
    COMMUNE = "commune"
    DEPARTMENT = "department"


_RATES = (
    Measure.DEMOGRAPHIC_PARITY,
    Measure.EQUAL_OPPORTUNITY,
    Measure.EQUALISED_ODDS,
    Measure.PREDICTIVE_PARITY,
)
SUITED: Mapping[Kind, tuple[Measure, ...]] = {
    Kind.SCORES: (*_RATES, Measure.CALIBRATION, Measure.AUC_BY_GROUP, Measure.WORST_GROUP),
    Kind.LABELS: (*_RATES, Measure.WORST_GROUP),
    Kind.NUMBERS: (Measure.SIGNED_ERROR, Measure.WORST_GROUP),
    Kind.RANKED: (Measure.EXPOSURE, Measure.WORST_GROUP),
    Kind.OTHER: (Measure.WORST_GROUP,),
}
WORDS: Mapping[Nature, tuple[str, ...]] = {
    Nature.ORIGIN: ("nationalit", "migra", "origine", "pays_naissance", "immigr"),
    Nature.COMMUNE: ("commune", "insee", "code_postal", "ville", "quartier", "qpv", "iris"),
    Nature.DEPARTMENT: ("departement", "département", "dept"),
}


@dataclass(frozen=True)
class BoardColumn:
    """Describe the column « Équité » of a board.

    measure: worst_group gives the challenge's metric of the worst group, any other measure its
    largest gap. attribute: the one it is about, None for the worst of all. limit: the ceiling
    (or the floor, for the worst group of a metric to maximise) beyond which an entry stays
    ranked but cannot win a prize.
    """

    key: str = "equite"
    label: str = ""
    measure: Measure = Measure.WORST_GROUP
    attribute: str | None = None
    limit: float | None = None

    def bars(self, value: float | None, direction: str) -> bool:
        """Say whether a released value is beyond the limit. direction: of the metric."""
        if value is None or self.limit is None:
            return False
        floor = self.measure is Measure.WORST_GROUP and direction == "max"
        return value < self.limit if floor else value > self.limit

    def to_json(self) -> dict[str, Any]:
        """Return the column as in challenge.yaml."""
        return {
            "key": self.key,
            "label": self.label,
            "measure": self.measure.value,
            "attribute": self.attribute,
            "limit": self.limit,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "BoardColumn":
        """Read ``fairness.audit.column``."""
        limit = raw.get("limit")
        return cls(
            key=str(raw.get("key") or "equite"),
            label=str(raw.get("label") or ""),
            measure=Measure(raw.get("measure") or Measure.WORST_GROUP),
            attribute=raw.get("attribute"),
            limit=None if limit is None else float(limit),
        )


@dataclass(frozen=True)
class AuditSpec:
    """Declare an audit.

    attributes: keys, none for every attribute that groups. crossings: pairs of them, none but
    these. measures: none for all that suit the answer. positive: the label of a favourable
    answer. threshold: a score of at least this much is one. event: what a positive is, in words.
    min_persons: persons under which a group is not shown, at least 11. person: what counts as
    one.
    """

    attributes: tuple[str, ...] = ()
    crossings: tuple[tuple[str, str], ...] = ()
    measures: tuple[Measure, ...] = ()
    positive: str | None = None
    threshold: float = 0.5
    event: str = ""
    shown: Audience = Audience.PUBLIC
    min_persons: int = SMALLEST
    person: Person = Person.ROW
    column: BoardColumn | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the audit as in challenge.yaml."""
        return {
            "attributes": list(self.attributes),
            "crossings": [list(pair) for pair in self.crossings],
            "measures": [measure.value for measure in self.measures],
            "positive": self.positive,
            "threshold": self.threshold,
            "event": self.event,
            "shown": self.shown.value,
            "min_persons": self.min_persons,
            "person": self.person.value,
            "column": None if self.column is None else self.column.to_json(),
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "AuditSpec":
        """Read ``fairness.audit``; raises ValueError on a word of no list."""
        positive, column = raw.get("positive"), raw.get("column")
        return cls(
            attributes=tuple(str(key) for key in raw.get("attributes") or ()),
            crossings=tuple((str(a), str(b)) for a, b in raw.get("crossings") or ()),
            measures=tuple(Measure(name) for name in raw.get("measures") or ()),
            positive=None if positive is None else str(positive),
            threshold=float(raw.get("threshold", 0.5)),
            event=str(raw.get("event") or ""),
            shown=Audience(raw.get("shown") or Audience.PUBLIC),
            min_persons=max(SMALLEST, int(raw.get("min_persons") or SMALLEST)),
            person=Person(raw.get("person") or Person.ROW),
            column=None if column is None else BoardColumn.from_json(column),
        )

    def measured(self, kind: Kind) -> tuple[Measure, ...]:
        """Return the declared measures that this kind of answer can give."""
        suited, wanted = SUITED[kind], set(self.measures or Measure)
        if self.column is not None:
            wanted.add(self.column.measure)
        return tuple(measure for measure in suited if measure in wanted)


def nature_of(declared: str | None, *names: str) -> Nature | None:
    """Return the nature of an attribute: the declared one, else the one its names tell."""
    if declared:
        return Nature(declared)
    told = " ".join(names).lower()
    return next((n for n, words in WORDS.items() if any(word in told for word in words)), None)


def forbidden(natures: Iterable[Nature | None]) -> bool:
    """Say whether attributes of these natures may not be crossed."""
    found = set(natures)
    return Nature.ORIGIN in found and bool(found & {Nature.COMMUNE, Nature.DEPARTMENT})
