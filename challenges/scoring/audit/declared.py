"""Declare a fairness audit: attributes, crossings, measures, audience; standard library only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from challenges.scoring.fields import Document, Rule

AUDIT = "E_AUDIT"
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
class BoardColumn(Document):
    """Describe the column « Équité » of a board.

    measure: worst_group gives the challenge's metric of the worst group, any other measure its
    largest gap. attribute: the one it is about, None for the worst of all. limit: the ceiling
    (or the floor, for the worst group of a metric to maximise) beyond which an entry stays
    ranked but cannot win a prize.
    """

    key: str = "equite"
    label: str = ""
    measure: Annotated[Measure, Rule(code=AUDIT)] = Measure.WORST_GROUP
    attribute: str | None = None
    limit: Annotated[float | None, Rule(code=AUDIT)] = None

    def bars(self, value: float | None, direction: str) -> bool:
        """Say whether a released value is beyond the limit. direction: of the metric."""
        if value is None or self.limit is None:
            return False
        floor = self.measure is Measure.WORST_GROUP and direction == "max"
        return value < self.limit if floor else value > self.limit


@dataclass(frozen=True)
class AuditSpec(Document):
    """Declare an audit.

    attributes: keys, none for every attribute that groups. crossings: pairs of them, none but
    these. measures: none for all that suit the answer. positive: the label of a favourable
    answer. threshold: a score of at least this much is one. event: what a positive is, in words.
    min_persons: persons under which a group is not shown, at least 11. person: what counts as
    one.
    """

    attributes: tuple[str, ...] = ()
    crossings: Annotated[tuple[tuple[str, str], ...], Rule(code=AUDIT)] = ()
    measures: Annotated[tuple[Measure, ...], Rule(code=AUDIT)] = ()
    positive: str | None = None
    threshold: Annotated[float, Rule(code=AUDIT)] = 0.5
    event: str = ""
    shown: Annotated[Audience, Rule(code=AUDIT)] = Audience.PUBLIC
    min_persons: Annotated[int, Rule(code=AUDIT, low=SMALLEST)] = SMALLEST
    person: Annotated[Person, Rule(code=AUDIT)] = Person.ROW
    column: Annotated[BoardColumn | None, Rule(code=AUDIT)] = None

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
