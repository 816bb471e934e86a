"""What the scores of an organiser's program may be: a range, and the values that say a failure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from challenges.bundles.programs import Declared

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

    @property
    def text(self) -> str:
        """Write as `read` reads it."""
        written = f"{_written(self.low)}/{_written(self.high)}"
        return " ; ".join([written, *filter(None, [" ".join(map(_written, self.sentinels))])])

    def on(self, score: Declared) -> Declared:
        """Declare a score with these values."""
        return replace(
            score, valid_min=self.low, valid_max=self.high, sentinels=tuple(self.sentinels)
        )

    @classmethod
    def of(cls, score: Declared) -> Bounds:
        """Return the values that a score was declared with."""
        return cls(score.valid_min, score.valid_max, score.sentinels)


def read(text: str) -> Bounds:
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


def key_of(name: str) -> str:
    """Return the key of the question about a score, by the name its program writes."""
    return f"scores.{name}"


def answered(answers: Mapping[str, str], name: str) -> Bounds:
    """Return what was answered of a score; without bound when it cannot be read."""
    try:
        return read(answers.get(key_of(name), ANY))
    except ValueError:
        return Bounds()


def _bound(text: str) -> float | None:
    return _number(text.strip()) if text.strip() else None


def _number(text: str) -> float:
    if not NUMBER.fullmatch(text) or not math.isfinite(found := float(text.replace(",", "."))):
        raise ValueError(FORM)
    return found + 0.0  # -0 is 0


def _written(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if float(f"{value:g}") == value else repr(value)
