"""Draw a part for any metric: the shape of its example, at random, row by row its own bucket."""

from collections.abc import Callable
from typing import Any

import numpy as np

from challenges.scoring import manual, registry
from challenges.scoring.metric import Part, Shape

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


def _laid(rows: list[Any]) -> tuple[Any, Any]:
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return np.concatenate(rows).astype(np.int64), offsets


def _label_sets(rng: Rng, n: int) -> Fields:
    true = rng.random((n, CLASSES)) < 0.4
    given = true ^ (rng.random((n, CLASSES)) < 0.2)
    y, y_offsets = _laid([np.flatnonzero(row) for row in true])
    p, p_offsets = _laid([np.flatnonzero(row) for row in given])
    return {
        "y": y,
        "y_offsets": y_offsets,
        "p": p,
        "p_offsets": p_offsets,
        "texts": list("abcd"),
    }


def _ranked(rng: Rng, n: int) -> Fields:
    items = 8
    y, y_offsets = _laid([rng.permutation(items)[: rng.integers(1, 4)] for _ in range(n)])
    lists = []
    for i in range(n):
        mine = y[y_offsets[i] : y_offsets[i + 1]]
        first = mine if rng.random() < 0.5 else np.zeros(0, np.int64)
        rest = rng.permutation(np.setdiff1d(np.arange(items), first))
        lists.append(np.concatenate([first, rest])[:4])
    p, p_offsets = _laid(lists)
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
