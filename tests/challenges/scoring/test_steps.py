"""The smallest step of a figure: no two values are nearer, and some are as near."""

import numpy as np
import pytest

from challenges.scoring import registry
from challenges.scoring.metric import Step
from tests.challenges.scoring.parts import figure, lists, part, rng_of

TEXTS = ["a", "b", "c", "d"]
N = 7


def rows(name: str, rng: np.random.Generator) -> float:
    y, p = np.repeat([0, 1, 2, 3], [3, 2, 1, 1]), rng.integers(0, 4, N)
    if name == "recall":
        return figure(name, part(y, p, texts=TEXTS), positive="a")
    return figure(name, part(y, p, texts=TEXTS))


def sets(name: str, rng: np.random.Generator) -> float:
    (y, y_offsets), (p, p_offsets) = (
        lists([np.flatnonzero(rng.random(4) < 0.5).tolist() for _ in range(N)]) for _ in "yp"
    )
    more = {"texts": TEXTS, "y_offsets": y_offsets, "p_offsets": p_offsets}
    return figure(name, part(y, p, n=N, **more))


def pairs(name: str, rng: np.random.Generator) -> float:
    groups = {"column:m": np.repeat(np.arange(N), 2), "column:g": np.tile([0, 1], N)}
    names = {"column:m": [str(i) for i in range(N)], "column:g": ["f", "m"]}
    p = rng.integers(0, 2, 2 * N)
    chosen = part(p * 0, p, texts=TEXTS, groups=groups, group_names=names)
    return figure(name, chosen, pair="m", member="g", members=["f", "m"])


OF = {
    **dict.fromkeys(("accuracy", "recall", "n_clusters"), rows),
    "hamming": sets,
    "pair_consistency": pairs,
}
STEPS = {"recall": 1 / 3, "n_clusters": 1, "hamming": 1 / (4 * N)}


def test_every_step_is_tried() -> None:
    stepped = {name for name, one in registry.METRICS.items() if one.step is not Step.DATA}
    assert stepped == set(OF)
    for name, metric in registry.METRICS.items():
        # The rows that precision is a share of depend on the answer.
        assert not metric.proportion or metric.step is Step.UNIT or name == "precision", name


@pytest.mark.parametrize("name", OF)
def test_values_go_by_steps(name: str) -> None:
    step = STEPS.get(name, 1 / N)
    found = np.array([OF[name](name, rng_of(95, case)) for case in range(400)]) / step
    whole = np.round(found)
    assert np.abs(found - whole).max() < 1e-9
    assert np.diff(np.unique(whole)).min() == 1
