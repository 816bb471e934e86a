"""Make parts for the tests of metrics, by hand or at random, and compute a figure on them."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import sklearn
from numpy.typing import NDArray

from challenges.scoring import manual, registry
from challenges.scoring.intervals import Buckets
from challenges.scoring.metric import Part, Shape

Array = NDArray[Any]
CASES = 50
# The oracles are called thousands of times on valid input.
sklearn.set_config(assume_finite=True, skip_parameter_validation=True)


def _seeds(count: int, *marks: Any) -> Any:
    return pytest.param(range(count), marks=(pytest.mark.slow, *marks), id=str(count))


# Each property is tried on 50 cases in `make test`, 200 in `.ci/run`, 2,000 in `make test-full`.
cases = pytest.mark.parametrize(
    "seeds",
    [_seeds(CASES), _seeds(4 * CASES, pytest.mark.ci), _seeds(40 * CASES, pytest.mark.full)],
)


def rngs(seed: int, seeds: range) -> Iterator[np.random.Generator]:
    """Return one generator per random case."""
    for i in seeds:
        yield np.random.default_rng([seed, i])


def size(rng: np.random.Generator, most: int = 200) -> int:
    """Draw a number of rows, often small, at times 5,000."""
    if most > 100 and rng.random() < 0.01:
        return 5000
    return int(rng.integers(1, rng.choice([4, 30, most]) + 1))


def part(y: Any, p: Any, **more: Any) -> Part:
    """Make a part whose rows fall in a few buckets."""
    n = more.pop("n", None) or len(y)
    bucket = np.arange(n) % 7
    return Part(y=np.asarray(y), p=np.asarray(p), bucket=bucket, buckets=7, **more)


def lists(rows: list[list[int]]) -> tuple[Array, Array]:
    """Lay lists of codes end to end: (codes, offsets)."""
    flat = np.array([code for row in rows for code in row], np.int32)
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return flat, offsets


def label_sets(y: list[list[int]], p: list[list[int]], texts: list[str]) -> Part:
    """Make rows of sets of labels."""
    (true, y_offsets), (given, p_offsets) = lists(y), lists(p)
    return part(true, given, n=len(y), texts=texts, y_offsets=y_offsets, p_offsets=p_offsets)


def durations(y: Any, ended: Any, p: Any) -> Part:
    """Make durations of which some are cut short."""
    groups = {"column:event": np.asarray(ended, np.int32)}
    return part(y, p, groups=groups, group_names={"column:event": ["0", "1"]})


ITEMS = [f"{letter}{number}" for letter in "ABCD" for number in range(6)]


def ranked(truth: list[dict[int, float]], given: list[list[int]], **more: Any) -> Part:
    """Make ranked lists of ITEMS. truth: {item: gain} of each query."""
    y, y_offsets = lists([list(row) for row in truth])
    p, p_offsets = lists(given)
    ranks = np.array([i + 1 for row in given for i in range(len(row))], np.int32)
    gains = np.array([g for row in truth for g in row.values()], np.float64)
    offsets = {"y_offsets": y_offsets, "p_offsets": p_offsets}
    more = {"ranks": ranks, "names": [ITEMS[i] for i in range(len(truth))]} | more
    return part(y, p, n=len(truth), texts=ITEMS, gains=gains, **offsets, **more)


def candidates(gains: list[list[float]], scores: list[list[float]], given: Any = None) -> Part:
    """Make scored candidates. given: which of them have the scores, all of them when None."""
    flat, offsets = lists([list(range(len(row))) for row in gains])
    p, p_offsets = (flat, offsets) if given is None else lists(given)
    return part(
        flat,
        p,
        n=len(gains),
        gains=np.array([g for row in gains for g in row], np.float64),
        scores=np.array([s for row in scores for s in row], np.float64),
        y_offsets=offsets,
        p_offsets=p_offsets,
        texts=ITEMS,
    )


def theirs(function: Callable[..., Any], *args: Any, **kwargs: Any) -> float:
    """Ask a library, its warnings silenced."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(function(*args, **kwargs))


def close(found: float, wanted: float, relative: float = 1e-9) -> None:
    """Require a figure to equal the oracle's, to a relative difference."""
    assert found == pytest.approx(wanted, rel=relative, abs=1e-12, nan_ok=True)


def approached(name: str, chosen: Part, **params: Any) -> float:
    """Compute a metric from its bucket sums alone."""
    metric = registry.metric(name)
    stats = metric.stats(chosen, params)
    sums = Buckets.of(stats, chosen.bucket, chosen.buckets).total()
    return float(metric.value(sums, stats.context))


def figure(name: str, chosen: Part, **params: Any) -> float:
    """Compute a metric, from its bucket sums unless it has an exact form."""
    exact = registry.metric(name).exact
    return approached(name, chosen, **params) if exact is None else exact(chosen, params)


Rng = np.random.Generator
Fields = dict[str, Any]
CLASSES = 4


def random_part(name: str, rng: Rng, n: int) -> tuple[Part, dict[str, Any]]:
    """Return n units for a metric, answered neither at random nor without a fault."""
    note = manual.notes()[name]
    example = note.get("example", registry.METRICS[name].shape.value)
    fields = DRAWN[example](rng, n)
    params = dict(note.get("params", {}))
    if "labels" in params:
        params["labels"] = fields["texts"]
    return Part(bucket=np.arange(n), buckets=n, **fields), params


def entities(rng: Rng, n: int, found: float = 0.7) -> Part:
    """Draw persons of two rows: put together as often as told, else apart or with another's."""
    truth = np.arange(n) // 2
    given = np.arange(n) + n
    good = rng.random(n // 2) < found
    given[np.repeat(good, 2)] = truth[np.repeat(good, 2)]
    bad = np.flatnonzero(~good)
    wrong = bad[rng.random(len(bad)) < 0.3]
    for one, other in zip(wrong[::2], wrong[1::2], strict=False):
        given[2 * other] = given[2 * one]
    _, codes = np.unique(given, return_inverse=True)
    texts = [str(i) for i in range(n)]
    return Part(truth, codes, np.arange(n), n, texts=texts)


def _labels(rng: Rng, n: int) -> Fields:
    y = rng.integers(0, CLASSES, n)
    p = np.where(rng.random(n) < 0.6, y, rng.integers(0, CLASSES, n))
    return {"y": y, "p": p, "texts": list("abcd")}


def _pairs(rng: Rng, n: int) -> Fields:
    trades = [str(i) for i in range(n)]
    groups = {"column:metier": np.arange(n) // 2, "column:forme": np.arange(n) % 2}
    names = {"column:metier": trades, "column:forme": ["f", "m"]}
    return _labels(rng, n) | {"groups": groups, "group_names": names}


def _numbers(rng: Rng, n: int) -> Fields:
    y = rng.exponential(10, n) + 1
    return {"y": y, "p": np.abs(y + rng.normal(size=n) * 4)}


def _scores(rng: Rng, n: int) -> Fields:
    p = rng.random(n)
    return {"y": (rng.random(n) < p) * 1.0, "p": p}


def _probabilities(rng: Rng, n: int) -> Fields:
    p = rng.dirichlet(np.ones(CLASSES), n)
    y = np.array([rng.choice(CLASSES, p=row) for row in p])
    return {"y": y, "p": p, "texts": list("abcd")}


def _lives(rng: Rng, n: int) -> Fields:
    groups = {"column:event": (rng.random(n) < 0.7) * 1}
    y = rng.exponential(4, n) + 0.1
    more = {"groups": groups, "group_names": {"column:event": ["0", "1"]}}
    return {"y": y, "p": np.abs(y + rng.normal(size=n) * 3), **more}


def _label_sets(rng: Rng, n: int) -> Fields:
    true = rng.random((n, CLASSES)) < 0.4
    given = true ^ (rng.random((n, CLASSES)) < 0.2)
    y, y_offsets = lists([np.flatnonzero(row) for row in true])
    p, p_offsets = lists([np.flatnonzero(row) for row in given])
    return {
        "y": y,
        "y_offsets": y_offsets,
        "p": p,
        "p_offsets": p_offsets,
        "texts": list("abcd"),
    }


def _ranked(rng: Rng, n: int) -> Fields:
    items = 8
    y, y_offsets = lists([rng.permutation(items)[: rng.integers(1, 4)] for _ in range(n)])
    given = []
    for i in range(n):
        mine = y[y_offsets[i] : y_offsets[i + 1]]
        first = mine if rng.random() < 0.5 else np.zeros(0, np.int64)
        rest = rng.permutation(np.setdiff1d(np.arange(items), first))
        given.append(np.concatenate([first, rest])[:4])
    p, p_offsets = lists(given)
    part = {"units": rng.normal(size=n) * 9, "items": rng.normal(size=items) * 9}
    return {
        "y": y,
        "y_offsets": y_offsets,
        "gains": rng.integers(1, 4, len(y)) * 1.0,
        "p": p,
        "p_offsets": p_offsets,
        "ranks": np.tile(np.arange(1, 5), n),
        "texts": [f"{letter}{k}" for letter in "ab" for k in range(4)],
        "names": [f"{'ab'[i % 2]}{i}" for i in range(n)],
        "numbers": {"part": part},
    }


def _scored(rng: Rng, n: int) -> Fields:
    size = 6
    offsets = np.arange(0, n * size + 1, size)
    gains = rng.integers(0, 3, n * size) * 1.0
    codes = np.tile(np.arange(size), n)
    scores = np.round(gains * 0.4 + rng.random(n * size), 1)
    more = {"y_offsets": offsets, "p_offsets": offsets, "texts": list("abcdef")}
    return {"y": codes, "p": codes, "gains": gains, "scores": scores, **more}


DRAWN: dict[str, Callable[[Rng, int], Fields]] = {
    Shape.ANY: _labels,
    "pairs": _pairs,
    Shape.NUMBERS: _numbers,
    "scores": _scores,
    Shape.PROBABILITIES: _probabilities,
    "durations": _lives,
    Shape.LABEL_SETS: _label_sets,
    Shape.LISTS: _ranked,
    Shape.RANKED: _ranked,
    "scored": _scored,
    "attribute": _ranked,
}
