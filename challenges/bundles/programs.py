"""What an organiser's program scores, what its scores may be, what a file must look like before.

Values that rest as JSON: `ProgramSpec` in ScorerVersion.spec, `Form` in PhaseTask.form. The bytes
of the programs and of their data are elsewhere, sealed."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

PUBLIC, PRIVATE = "public", "private"
BOTH = (PUBLIC, PRIVATE)
# Names of the sealed archives.
SCORING, INGESTION, REFERENCE, INPUT = "notation.zip", "ingestion.zip", "reference.zip", "input.zip"
NOTHING = "sans-donnees.txt"


class Protocol(StrEnum):
    """How a program is called: Codabench and CodaLab alike, or EvalAI's evaluate()."""

    CODABENCH = "codabench"
    EVALAI = "evalai"


class FormKind(StrEnum):
    """What is checked of a file before a program reads it, free of any slot."""

    ANY = "any"  # a readable archive where one is expected; the rest is the program's
    TABLE = "table"  # columns, identifiers and values, as for a metric of ours
    ROWS = "rows"  # a table with as many rows as the reference
    LINES = "lines"  # a text with as many lines as the reference has rows


@dataclass(frozen=True)
class Declared:
    """A score that the program must write.

    name: as it writes it, in this split for EvalAI. key: the column. parts: where the figure is
    told; without PUBLIC it stays sealed until the reveal.
    """

    name: str
    key: str
    parts: tuple[str, ...] = BOTH
    split: str = ""
    valid_min: float | None = None
    valid_max: float | None = None
    sentinels: tuple[float, ...] = ()


@dataclass(frozen=True)
class ProgramSpec:
    """The contract of a scoring program.

    takes_code: teams send programs, run on the hidden inputs without the reference. has_ingestion:
    the organiser's own program runs them; beside_truth: during the scoring, which is never done.
    """

    protocol: Protocol
    scores: tuple[Declared, ...]
    program: str = ""
    codename: str = ""
    takes_code: bool = False
    has_ingestion: bool = False
    beside_truth: bool = False

    @property
    def splits(self) -> dict[str, list[Declared]]:
        """Group the declared scores by split."""
        found: dict[str, list[Declared]] = {}
        for each in self.scores:
            found.setdefault(each.split, []).append(each)
        return found

    def to_json(self) -> dict[str, Any]:
        """Write as JSON values."""
        return {"kind": "program", **_SPEC.dump_python(self, mode="json")}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "ProgramSpec":
        """Read what `to_json` wrote."""
        return _SPEC.validate_python(raw)


@dataclass(frozen=True)
class Form:
    """What a team's file must look like. name: of the file in the archive, "" for the file sent.

    rows: of the reference. answer: an AnswerSpec as JSON. ids: file and column of the reference
    that hold identifiers already public. types: extensions taken, all when empty.
    """

    kind: FormKind = FormKind.ANY
    name: str = ""
    rows: int | None = None
    answer: Mapping[str, Any] | None = None
    ids: tuple[str, str] | None = None
    types: tuple[str, ...] = ()
    is_archive: bool = True

    def to_json(self) -> dict[str, Any]:
        """Write as JSON values."""
        written: dict[str, Any] = _FORM.dump_python(self, mode="json")
        return written

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Form":
        """Read what `to_json` wrote; {} gives the form that checks nothing."""
        return _FORM.validate_python(raw)


_SPEC, _FORM = TypeAdapter(ProgramSpec), TypeAdapter(Form)

# What programs write most often instead of a score when they failed.
SENTINELS = (-1.0, -0.999999, -999.0)
MOST_SENTINELS = 10
ANY = "/"
NUMBER = re.compile(r"[+-]?(\d{1,30}([.,]\d{0,30})?|[.,]\d{1,30})([eE][+-]?\d{1,3})?", re.ASCII)
FORM = (
    "le plus petit et le plus grand séparés par « / », puis, après « ; », les valeurs qui disent "
    "un échec : « 0/1 », « 0/ », « 0/1 ; -1 -999 »"
)


@dataclass(frozen=True)
class Bounds:
    """The values that a score may take. None: no bound. sentinels: never a score."""

    low: float | None = None
    high: float | None = None
    sentinels: tuple[float, ...] = ()

    def on(self, score: Declared) -> "Declared":
        """Declare a score with these values."""
        return replace(
            score, valid_min=self.low, valid_max=self.high, sentinels=tuple(self.sentinels)
        )


def read_bounds(text: str) -> "Bounds":
    """Read « MIN/MAX » or « MIN/MAX ; VALUE VALUE »; "" is without bound. Raises ValueError."""
    ranged, _semicolon, named = text.replace("−", "-").strip().partition(";")
    low, slash, high = (ranged.strip() or ANY).partition("/")
    sentinels = tuple(dict.fromkeys(_number(each) for each in named.split()))
    if not slash or len(sentinels) > MOST_SENTINELS:
        raise ValueError(FORM)
    found = Bounds(_bound(low), _bound(high), sentinels)
    if found.low is not None and found.high is not None and found.low > found.high:
        raise ValueError("le plus petit dépasse le plus grand")
    return found


def bounds_key(name: str) -> str:
    """Return the key of the question about a score, by the name its program writes."""
    return f"scores.{name}"


def bounds_answered(answers: Mapping[str, str], name: str) -> "Bounds":
    """Return what was answered of a score; without bound when it cannot be read."""
    try:
        return read_bounds(answers.get(bounds_key(name), ANY))
    except ValueError:
        return Bounds()


def _bound(text: str) -> float | None:
    return _number(text.strip()) if text.strip() else None


def _number(text: str) -> float:
    if not NUMBER.fullmatch(text) or not math.isfinite(found := float(text.replace(",", "."))):
        raise ValueError(FORM)
    return found + 0.0  # -0 is 0
