"""Figures of pairs are resampled by their first-order terms: the spread is that of rows drawn."""

from typing import Any

import numpy as np
import pytest

from challenges.scoring import intervals, registry
from challenges.scoring.buckets import Buckets
from challenges.scoring.metric import Part
from tests.challenges.scoring.parts import figure

N = 300
EVENTS = {"column:event": ["0", "1"]}


def rows(name: str) -> tuple[Part, dict[str, Any]]:
    rng = np.random.default_rng(9)
    y = rng.exponential(10, N)
    p = y + rng.normal(size=N) * 10
    params: dict[str, Any] = {}
    more: dict[str, Any] = {}
    if name == "concordance":
        more = {"groups": {"column:event": rng.integers(0, 2, N)}, "group_names": EVENTS}
        params = {"event": "event"}
    if name == "roc_auc_ovr":
        y = rng.integers(0, 3, N)
        p = rng.random((N, 3)) + np.eye(3)[y] * 0.4
        more = {"texts": list("abc")}
    return Part(y, p, np.arange(N), N, **more), params


@pytest.mark.slow
@pytest.mark.parametrize("name", ["spearman", "kendall_b", "concordance", "roc_auc_ovr"])
def test_the_spread_is_that_of_rows_drawn(name: str) -> None:
    part, params = rows(name)
    metric = registry.metric(name)
    stats = metric.stats(part, params)
    weights = intervals.draw_weights(N, 1000, b"w")
    ours = intervals.replicates(Buckets.of(stats, part.bucket, N), weights, metric, stats.context)
    drawn = [figure(name, part.take(np.repeat(np.arange(N), w)), **params) for w in weights[:400]]
    assert np.std(ours) == pytest.approx(np.std(drawn), rel=0.06)
    assert np.corrcoef(ours[:400], drawn)[0, 1] > 0.97
