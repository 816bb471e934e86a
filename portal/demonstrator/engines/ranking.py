"""Order by intervals what has no certain order, and compare zones the same way."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from portal.demonstrator.engines.tension import LEVELS, Tension, Tensions

# The zone under which several are put together.
TOGETHER = "together"


class Place(NamedTuple):
    """Where something may stand: its group, from 1, and the first and last rank it may hold."""

    group: int
    first: int
    last: int


def places(found: Mapping[str, Tension]) -> dict[str, Place]:
    """Give each its place, the highest first.

    One is above another where its interval is, whole. A group holds what nothing of that group is
    above: any two of it overlap, and neither comes first.
    """
    placed: dict[str, Place] = {}
    for one in sorted(found, key=lambda each: -found[each].low):
        above = [placed[each].group for each in found if found[each].low > found[one].high]
        below = sum(found[each].high < found[one].low for each in found)
        placed[one] = Place(1 + max(above, default=0), len(above) + 1, len(found) - below)
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
