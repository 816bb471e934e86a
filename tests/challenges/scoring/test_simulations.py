"""Intervals, tiers and ranks err as rarely as they say, on simulated boards.

Each is tried on few boards in `make test`, on thousands in `make test-full`.
"""

from collections.abc import Callable
from functools import cache
from math import erf
from typing import Any

import numpy as np
import pytest

from challenges.scoring import arrays, registry
from challenges.scoring.contract import MetricSpec
from challenges.scoring.evaluation import Measured, measure
from challenges.scoring.intervals import draw_weights
from challenges.scoring.metric import Part, Shape
from challenges.scoring.metrics import clusters
from challenges.scoring.tiers import Listed, Placed, tiers
from tests.challenges.scoring.parts import entities, random_part

pytestmark = pytest.mark.slow
Rng = np.random.Generator
N = 500
CLASSES = 4
HARD = np.array([0.9, 0.75, 0.6, 0.5])
LIST = 12
SHARED = 0.5**0.5  # of the spread of a unit, what its cluster shares


@cache
def weights(buckets: int, replicates: int = 1000) -> Any:
    """Return the resamplings of so many buckets."""
    return draw_weights(buckets, replicates, b"simulated")


def bounded(
    name: str, part: Part, *, alone: bool = True, replicates: int = 1000, **params: Any
) -> Measured:
    """Compute a figure with its interval at 95 %. alone: units are independent draws."""
    spec = MetricSpec("k", name, params=params)
    drawn = weights(part.buckets, replicates)
    return measure(registry.metric(name), spec, part, drawn, independent=alone, level=0.95)


# --- intervals hold the true figure


def noise(rng: Rng, n: int, cluster: int) -> Any:
    """Draw standard normal noise, half of whose variance clusters share when they hold several."""
    own = rng.normal(size=n)
    if cluster == 1:
        return own
    shared = np.repeat(rng.normal(size=n // cluster), cluster)
    return SHARED * shared + (1 - SHARED**2) ** 0.5 * own


def clustered(y: Any, p: Any, cluster: int, n: int, **more: Any) -> Part:
    """Make a part whose clusters are its buckets."""
    return Part(y=y, p=p, bucket=np.arange(n) // cluster, buckets=n // cluster, **more)


def normal(x: Any) -> Any:
    """Return the standard normal distribution function."""
    return np.array([(1 + erf(v / 2**0.5)) / 2 for v in np.atleast_1d(x)])


def right_or_wrong(rng: Rng, n: int, cluster: int) -> Part:
    """Draw labels that are right eight times in ten."""
    right = normal(noise(rng, n, cluster)) < 0.8
    return clustered(np.zeros(n, np.int32), np.where(right, 0, 1), cluster, n, texts=["a", "b"])


def labels(rng: Rng, n: int, cluster: int = 1) -> Part:
    """Draw four classes, each right at its own rate, else answered as the next."""
    y = rng.integers(0, CLASSES, n).astype(np.int32)
    right = normal(noise(rng, n, cluster)) < HARD[y]
    return clustered(y, np.where(right, y, (y + 1) % CLASSES), cluster, n, texts=list("abcd"))


def scores(rng: Rng, n: int, cluster: int) -> Part:
    """Draw a truth and scores one standard deviation apart."""
    y = (rng.random(n) < 0.4).astype(float)
    return clustered(y, y + noise(rng, n, cluster), cluster, n)


def numbers(rng: Rng, n: int, cluster: int) -> Part:
    """Draw errors of standard deviation 1."""
    return clustered(np.zeros(n), noise(rng, n, cluster), cluster, n)


def rankings(rng: Rng, n: int, cluster: int) -> Part:
    """Draw lists of twelve items, three of them relevant, ranked by noisy gains."""
    gains = np.tile([3.0, 2.0, 1.0, *[0.0] * (LIST - 3)], (n, 1))
    level = 1.5 + 0.7 * noise(rng, n, cluster)
    order = np.argsort(-(gains * level[:, None] + rng.normal(size=(n, LIST))), axis=1)
    offsets = np.arange(0, n * LIST + 1, LIST)
    return clustered(
        np.tile(np.arange(LIST, dtype=np.int32), n),
        order.ravel().astype(np.int32),
        cluster,
        n,
        texts=[f"i{i}" for i in range(LIST)],
        gains=gains.ravel(),
        ranks=np.tile(np.arange(1, LIST + 1), n),
        y_offsets=offsets,
        p_offsets=offsets,
    )


def macro_f1() -> float:
    """Return the macro F1 of the law of `labels`."""
    given = HARD + np.roll(1 - HARD, 1)
    return float((2 * HARD / (1 + given)).mean())


@cache
def mean_ndcg() -> float:
    """Return the mean NDCG of the law of `rankings`, to about 0.0004."""
    many = rankings(np.random.default_rng(1), 150_000, 1)
    stats = registry.metric("ndcg").stats(many, {"k": 10, "gain": "linear"})
    judged, total = np.bincount(stats.column, stats.value, 2)
    return float(total / judged)


LAWS: dict[str, tuple[Callable[[Rng, int, int], Part], Callable[[], float]]] = {
    "accuracy": (right_or_wrong, lambda: 0.8),
    "f1_macro": (labels, macro_f1),
    "roc_auc": (scores, lambda: float(normal(0.5**0.5)[0])),
    "mae": (numbers, lambda: (2 / np.pi) ** 0.5),
    "rmse": (numbers, lambda: 1.0),
    "ndcg": (rankings, mean_ndcg),
}
FULL = pytest.mark.full
EVERY = [(name, cluster) for name in LAWS for cluster in (1, 5)]
RUNS = [
    *[(*law, 40, 0.82, 1.0) for law in EVERY],
    *[(name, 1, 150, 0.90, 0.99) for name in ("mae", "rmse")],
    *[pytest.param(*law, 2000, 0.93, 0.97, marks=FULL) for law in EVERY],
]


@pytest.mark.parametrize(("name", "cluster", "boards", "low", "high"), RUNS)
def test_intervals_hold_as_often_as_they_say(
    name: str, cluster: int, boards: int, low: float, high: float
) -> None:
    drawn, true = LAWS[name]
    rng, wanted, held = np.random.default_rng([8, cluster]), true(), 0
    params = {"k": 10, "gain": "linear"} if name == "ndcg" else {}
    for _ in range(boards):
        found = bounded(name, drawn(rng, N, cluster), alone=cluster == 1, **params).interval
        assert found is not None
        held += found[0] <= wanted <= found[1]
    assert low <= held / boards <= high


GROUPINGS = [metric.name for metric in clusters.METRICS if metric.interval]


@pytest.mark.parametrize(
    ("boards", "low", "high"),
    [(60, 0.88, 1.0), pytest.param(1000, 0.93, 0.985, marks=FULL)],
)
@pytest.mark.parametrize("law", [entities, labels], ids=["persons", "classes"])
@pytest.mark.parametrize("name", ["ari", "nmi"])
def test_intervals_of_groupings_hold_their_mean_figure(
    name: str, law: Any, boards: int, low: float, high: float
) -> None:
    found = [bounded(name, law(np.random.default_rng([7, s]), 400), replicates=300)
             for s in range(boards)]  # fmt: skip
    wanted = np.mean([each.value for each in found if each.value is not None])
    held = np.mean([e.interval[0] <= wanted <= e.interval[1] for e in found if e.interval])
    assert low <= held <= high


# --- an interval holds its own figure, whatever the metric and the answer

BOUNDED = [n for n, m in registry.METRICS.items() if m.interval and m.shape is not Shape.FORMULA]


def holds_itself(found: Measured) -> bool:
    assert found.interval is not None
    assert found.value is not None
    return found.interval[0] <= found.value <= found.interval[1]


@pytest.mark.parametrize("alone", [True, False], ids=["rows", "clusters"])
@pytest.mark.parametrize("name", BOUNDED)
def test_an_interval_holds_its_own_value(name: str, alone: bool) -> None:
    for seed in range(12):
        part, params = random_part(name, np.random.default_rng([5, seed]), (60, 200)[seed % 2])
        found = bounded(name, part, alone=alone, replicates=300, **params)
        assert holds_itself(found), (seed, found)


@pytest.mark.parametrize("together", [0.0, 0.1, 0.5, 0.95, 1.0])
@pytest.mark.parametrize("name", GROUPINGS)
def test_the_interval_of_a_grouping_of_persons_holds_its_value(name: str, together: float) -> None:
    for seed in range(4):
        part = entities(np.random.default_rng([6, seed]), 200, together)
        found = bounded(name, part, replicates=300)
        assert holds_itself(found), (seed, found)


def test_a_person_is_the_unit_when_persons_are_many() -> None:
    many, few = (bounded("ari", law(np.random.default_rng(1), 400)) for law in (entities, labels))
    assert (many.units, few.units) == (200, 400)


def test_an_exact_figure_is_the_centre_of_its_resamplings() -> None:
    rng = np.random.default_rng(3)
    y = (rng.random(5000) < 0.3) * 1.0
    p = np.clip(0.2 * y + 0.8 * rng.random(5000), 0, 1)
    found = bounded("average_precision", Part(y, p, np.arange(5000) % 2000, 2000))
    assert holds_itself(found)
    assert found.interval[1] - found.interval[0] < 0.1


# --- tiers and ranks

TEAMS = 20


def board(right: Any) -> list[Listed]:
    """Make the sums that evaluations would seal. right: (units, teams) 0 or 1."""
    n = len(right)
    drawn = weights(n).astype(np.float64) @ right / n
    listed = []
    for team, value in enumerate(right.mean(0).tolist()):
        meta = {"units": n, "rarest": None, "value": value, "interval": None}
        sums = arrays.pack(meta, {"replicates": np.ascontiguousarray(drawn[:, team])})
        listed.append(Listed(team, round(value, 4), sums))
    return listed


def placed(rng: Rng, n: int, shares: Any, shared: float = 0.7) -> list[Placed]:
    """Rank a simulated board, whose teams find the same rows hard."""
    limits = np.quantile(rng.normal(size=200_000), shares)
    hard = rng.normal(size=(n, 1)) * shared**0.5
    right = hard + rng.normal(size=(n, len(shares))) * (1 - shared) ** 0.5 < limits
    return tiers(board(right.astype(float)), "max")


@pytest.mark.parametrize(("boards", "most"), [(40, 0.15), pytest.param(2000, 0.07, marks=FULL)])
def test_equal_teams_are_rarely_split(boards: int, most: float) -> None:
    rng = np.random.default_rng(7)
    split = sum(placed(rng, N, np.full(TEAMS, 0.8))[-1].tier > 1 for _ in range(boards))
    assert split / boards <= most


@pytest.mark.parametrize(
    ("boards", "n", "least"),
    [(20, N, 0.85), *[pytest.param(400, n, 0.95, marks=FULL) for n in (N, 2000)]],
)
def test_intervals_of_ranks_and_the_first_tier_rarely_miss(
    boards: int, n: int, least: float
) -> None:
    rng = np.random.default_rng(8)
    every = best = 0
    for _ in range(boards):
        found = placed(rng, n, 0.8 - 0.005 * np.arange(TEAMS))
        every += all(p.rank_low <= p.id + 1 <= p.rank_high for p in found)
        best += next(p for p in found if p.id == 0).tier == 1
    assert every / boards >= least
    assert best / boards >= least


@pytest.mark.parametrize(("boards", "least"), [(20, 1.0), pytest.param(1000, 0.99, marks=FULL)])
def test_seven_standard_errors_are_two_tiers(boards: int, least: float) -> None:
    rng = np.random.default_rng(9)
    apart = 0
    for _ in range(boards):
        one, two = rng.random((2, N)) < 0.7
        right = np.stack([one, two], 1).astype(float)
        gap = right[:, 0] - right[:, 1]
        error = gap.std(ddof=1) / N**0.5
        lost = round((7 * error - gap.mean()) * N)
        flip = np.flatnonzero(right[:, 1] == 1)[: max(lost, 0)]
        right[flip, 1] = 0.0
        apart += tiers(board(right), "max")[-1].tier > 1
    assert apart / boards >= least
