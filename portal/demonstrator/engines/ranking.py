"""Say by intervals which ranks are possible, and compare zones the same way."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from portal.demonstrator.engines.tension import LEVELS, Tension, Tensions

# The zone under which several are put together.
TOGETHER = "together"


class Place(NamedTuple):
    """The first and the last rank that something may hold."""

    first: int
    last: int


def places(levels: Mapping[str, Tension]) -> dict[str, Place]:
    """Give each its place: one is above another where its interval is, whole."""
    placed: dict[str, Place] = {}
    for name, one in levels.items():
        above = sum(each.low > one.high for each in levels.values())
        below = sum(each.high < one.low for each in levels.values())
        placed[name] = Place(above + 1, len(levels) - below)
    return placed


def together(tensions: Tensions, codes: Iterable[str], zones: Sequence[str]) -> Tensions:
    """Give each occupation one level for all zones where it has one, each zone counting the same.

    Its interval is that of a zone taken at random. It is asked for under the zone TOGETHER.
    """
    rows: dict[tuple[str, str], NDArray[np.float32]] = {}
    for code in codes:
        known = [tensions.places[code, zone] for zone in zones if (code, zone) in tensions.places]
        if known:
            rows[code, TOGETHER] = tensions.chances[known].mean(axis=0)
    chances = np.array(list(rows.values()), np.float32).reshape(len(rows), LEVELS)
    return Tensions(chances, {place: at for at, place in enumerate(rows)})


def easier(tensions: Tensions, code: str, zones: Iterable[str]) -> dict[str, int]:
    """Count, for each zone where an occupation has a level, those whose interval is below."""
    known = {zone: each for zone in zones if (each := tensions.level(code, zone))}
    return {
        zone: sum(each.high < one.low for each in known.values()) for zone, one in known.items()
    }
