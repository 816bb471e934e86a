"""Durations of which some are cut short, against lifelines."""

import math
from typing import Any

import numpy as np
from lifelines.utils import concordance_index

from tests.challenges.scoring.parts import cases, close, figure, part, rng_of, size


def lives(y: Any, ended: Any, p: Any) -> Any:
    groups = {"column:event": np.asarray(ended, np.int32)}
    return part(y, p, groups=groups, group_names={"column:event": ["0", "1"]})


@cases
def test_concordance_equals_the_oracle(seeds: range) -> None:
    for i in seeds:
        rng = rng_of(64, i)
        n = size(rng, 120)
        y = rng.exponential(10, n) + 0.5
        y = np.ceil(y) if rng.random() < 0.5 else y
        ended = rng.random(n) < rng.uniform(0.3, 1.0)
        p = y + rng.normal(size=n) * 10
        p = np.round(p, -1) if rng.random() < 0.5 else p
        try:
            wanted = concordance_index(y, p, ended)
        except ZeroDivisionError:
            wanted = math.nan
        close(figure("concordance", lives(y, ended, p), event="event"), wanted)
        found = figure("concordance", lives(y, ended, -p), event="event", score="risk")
        close(found, wanted)
