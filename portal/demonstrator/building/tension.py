"""Learn how hard it is to recruit by occupation and zone, and measure it where it was not seen."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import erf, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portal.demonstrator.building import measuring
from portal.demonstrator.building.measuring import Figure
from portal.demonstrator.engines.tension import COVERED, LEVELS, Tensions

Array = NDArray[Any]
YEARS = (2021, 2022, 2023, 2024, 2025)
# Employment zones of the Region that lie whole in it (Insee, 2020).
ZONES = {
    "9301": "Aix-en-Provence",
    "9302": "Briançon",
    "9303": "Brignoles",
    "9304": "Cannes",
    "9305": "Carpentras",
    "9306": "Cavaillon",
    "9307": "Digne-les-Bains",
    "9308": "Draguignan",
    "9309": "Fréjus",
    "9310": "Gap",
    "9311": "Manosque",
    "9312": "Marseille",
    "9313": "Martigues-Salon",
    "9314": "Menton",
    "9315": "Nice",
    "9316": "Orange",
    "9317": "Sainte-Maxime",
    "9318": "Toulon",
}
SEED = 2026
SPREADS = {"occupation": 1.0, "zone": 0.4, "place": 0.5, "year": 0.1, "noise": 0.5}
CUTS = (-1.0, -0.3, 0.3, 1.0)  # between levels, in spreads of the latent


def synthetic(codes: Sequence[str]) -> NDArray[np.int64]:
    """Draw levels that are nobody's, for trial: years × occupations × zones, from 1 to LEVELS.

    An occupation, a zone, both together and a year each add something, and chance the rest.
    """
    draw = np.random.Generator(np.random.PCG64(SEED))
    shape = (len(YEARS), len(codes), len(ZONES))
    latent = (
        draw.normal(0, SPREADS["occupation"], (1, shape[1], 1))
        + draw.normal(0, SPREADS["zone"], (1, 1, shape[2]))
        + draw.normal(0, SPREADS["place"], (1, *shape[1:]))
        + draw.normal(0, SPREADS["year"], (shape[0], 1, 1))
        + draw.normal(0, SPREADS["noise"], shape)
    )
    return np.searchsorted(CUTS, latent / latent.std()) + 1


def learn_years(
    codes: Sequence[str], levels: NDArray[np.int64]
) -> tuple[dict[str, Array], list[Figure]]:
    """Learn from levels (years × occupations × zones) by shrunk means; measure the last year.

    What is served is learnt from all years, as the last one is by those before.
    """
    before = _expected(levels[:-1].astype(float))
    spread = _spread(levels[:-1].astype(float))
    chances = _chances(before, spread)
    places = [(code, zone) for code in codes for zone in ZONES]
    found = figures(
        places,
        chances,
        levels[-1].ravel(),
        groups=[ZONES[zone] for _code, zone in places],
        plain=np.repeat(np.median(levels[:-1], axis=(0, 2)), len(ZONES)),
    )
    last = _chances(_expected(levels.astype(float)), _spread(levels.astype(float)))
    return stored(places, last, ZONES), found


def stored(
    places: Sequence[tuple[str, str]], chances: Array, zones: Mapping[str, str]
) -> dict[str, Array]:
    """Write chances (n × LEVELS) by occupation and zone as named arrays."""
    return {
        "codes": np.array([code for code, _zone in places]),
        "places": np.array([zone for _code, zone in places]),
        "chances": chances.astype(np.float32),
        "zones": np.array([*zones]),
        "names": np.array([*zones.values()]),
    }


def _expected(levels: Array) -> Array:
    """Give the mean of each place, shrunk to what its occupation and its zone would make of it."""
    years = len(levels)
    whole = levels.mean()
    by_year = levels - levels.mean(axis=(1, 2), keepdims=True)
    occupation = by_year.mean(axis=(0, 2))[:, None]
    zone = by_year.mean(axis=(0, 1))[None, :]
    rest = by_year - occupation - zone
    place = rest.mean(axis=0)
    noise = (rest - place).var() * years / max(years - 1, 1)
    own = max(float(place.var() - noise / years), 0.0)
    kept = own / max(own + noise / years, 1e-9)
    return np.asarray(whole + occupation + zone + kept * place)


def _spread(levels: Array) -> float:
    """Give how far a year lies from what those before make of it."""
    return float(np.sqrt(((levels[-1] - _expected(levels[:-1])) ** 2).mean()))


def _chances(expected: Array, spread: float) -> Array:
    """Give the chance of each level about what is expected: places × LEVELS."""
    cuts = (np.arange(1, LEVELS) + 0.5 - expected.reshape(-1, 1)) / (spread * sqrt(2))
    below = 0.5 * (1 + np.vectorize(erf)(cuts))
    return np.diff(below, axis=1, prepend=0.0, append=1.0)


def figures(
    places: Sequence[tuple[str, str]],
    chances: Array,
    levels: Array,
    *,
    groups: Sequence[str],
    plain: Array,
) -> list[Figure]:
    """Measure levels by the chances of each (n × LEVELS), zones drawn whole.

    plain: n levels by the median of the occupation elsewhere or before.
    """
    engine = Tensions(chances.astype(np.float32), {place: at for at, place in enumerate(places)})
    answers = [engine.level(*place) for place in places]
    ours = np.array([each.level for each in answers if each])
    within = [
        each.low <= level <= each.high for each, level in zip(answers, levels, strict=True) if each
    ]
    zones = [zone for _code, zone in places]
    theirs = np.clip(np.rint(plain), 1, LEVELS)
    levels_known = {"labels": list(range(1, LEVELS + 1))}
    grade = partial(measuring.figure, metric="kappa_quadratic", params=levels_known)
    beside = grade("kappa_quadratic", measuring.rows(levels, theirs, zones))["value"]
    part = measuring.rows(levels, ours, zones, groups)
    return [
        grade("kappa_quadratic", part, baseline=beside),
        measuring.figure(
            "mae",
            part,
            metric="mae",
            baseline=float(np.abs(theirs - levels).mean()),
        ),
        measuring.mean("within_interval", within, zones, groups=groups, baseline=COVERED),
    ]
