"""The interval of a figure holds the figure, whatever the metric and the answer."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from challenges.scoring import registry
from challenges.scoring.contract import MetricSpec
from challenges.scoring.evaluation import Measured, measure
from challenges.scoring.intervals import draw_weights
from challenges.scoring.metric import Metric, Part, Shape
from challenges.scoring.metrics import clusters
from tests.challenges.scoring.random_parts import entities, random_part

BOUNDED = [n for n, m in registry.METRICS.items() if m.interval and m.shape is not Shape.FORMULA]
GROUPINGS = [m.name for m in clusters.METRICS if m.interval]
SEEDS = range(12)
SIZES = (60, 200)


@cache
def weights(buckets: int) -> Any:
    return draw_weights(buckets, 300, b"own value")


def bounded(metric: Metric, part: Part, params: dict[str, Any], *, alone: bool) -> Measured:
    spec = MetricSpec("k", metric.name, params=params)
    drawn = weights(part.buckets)
    return measure(metric, spec, part, drawn, independent=alone, level=0.95)


@pytest.mark.slow
@pytest.mark.parametrize("alone", [True, False], ids=["rows", "clusters"])
@pytest.mark.parametrize("name", BOUNDED)
def test_an_interval_holds_its_own_value(name: str, alone: bool) -> None:
    seen = 0
    for seed in SEEDS:
        n = SIZES[seed % len(SIZES)]
        part, params = random_part(name, np.random.default_rng([5, seed]), n)
        found = bounded(registry.metric(name), part, params, alone=alone)
        if found.interval is not None:
            assert found.value is not None
            assert found.interval[0] <= found.value <= found.interval[1], (seed, found)
            seen += 1
    assert seen == len(SEEDS)


@pytest.mark.slow
@pytest.mark.parametrize("found", [0.0, 0.1, 0.5, 0.95, 1.0])
@pytest.mark.parametrize("name", GROUPINGS)
def test_the_interval_of_a_grouping_of_persons_holds_its_value(name: str, found: float) -> None:
    for seed in range(4):
        part = entities(np.random.default_rng([6, seed]), 200, found)
        done = bounded(registry.metric(name), part, {}, alone=True)
        assert done.interval is not None
        assert done.value is not None
        assert done.interval[0] <= done.value <= done.interval[1], (seed, done)


def classes(rng: np.random.Generator, n: int) -> Part:
    """Draw rows of four classes, each right at its own rate, else answered as the next."""
    y = rng.integers(0, 4, n)
    right = rng.random(n) < np.array([0.9, 0.75, 0.6, 0.5])[y]
    return Part(y, np.where(right, y, (y + 1) % 4), np.arange(n), n, texts=list("abcd"))


def covered(name: str, drawn: Any, boards: int) -> float:
    """Return how often the 95 % interval holds the mean figure of the boards of a law."""
    metric = registry.metric(name)
    found = [
        bounded(metric, drawn(np.random.default_rng([7, s]), 400), {}, alone=True)
        for s in range(boards)
    ]
    wanted = np.mean([each.value for each in found if each.value is not None])
    return float(np.mean([e.interval[0] <= wanted <= e.interval[1] for e in found if e.interval]))


LAWS = {"persons": entities, "classes": classes}


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("name", ["ari", "nmi"])
def test_groupings_are_covered(name: str, law: str) -> None:
    assert covered(name, LAWS[law], 60) >= 0.88


@pytest.mark.full
@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("name", ["ari", "nmi"])
def test_groupings_are_covered_93_to_98_times_in_a_hundred(name: str, law: str) -> None:
    assert 0.93 <= covered(name, LAWS[law], 1000) <= 0.985


def test_a_person_is_the_unit_when_persons_are_many() -> None:
    many = bounded(registry.metric("ari"), entities(np.random.default_rng(1), 400), {}, alone=True)
    few = bounded(registry.metric("ari"), classes(np.random.default_rng(1), 400), {}, alone=True)
    assert (many.units, few.units) == (200, 400)
