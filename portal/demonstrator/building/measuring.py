"""Figures with their intervals: the metrics and the bootstrap of the scoring engine, by group.

Rows that belong together (both genders of a title, the moves of an occupation, the occupations of
a zone) are drawn together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import registry
from challenges.scoring.contract import LEVEL, REPLICATES, MetricSpec
from challenges.scoring.evaluation import measure
from challenges.scoring.intervals import MAX_BUCKETS, draw_weights
from challenges.scoring.metric import Part

Array = NDArray[Any]
Figure = dict[str, Any]
LEAST_ROWS = 20  # of a group whose figure is shown
SEED = b"portal.demonstrator"


def figure(
    name: str,
    part: Part,
    *,
    metric: str,
    params: Mapping[str, Any] | None = None,
    baseline: float | None = None,
) -> Figure:
    """Measure the rows of a part, and each of its groups (those of `part.groups["group"]`).

    Returns {metric, value, low, high, n, baseline, groups: [{group, value, n}]}, as a build keeps
    it; low and high are None where nothing bounds the value.
    """
    spec = MetricSpec(key=name, metric=metric, params=dict(params or {}))
    weights = draw_weights(part.buckets, REPLICATES, SEED)
    measured = measure(registry.metric(metric), spec, part, weights, independent=False, level=LEVEL)
    low, high = measured.interval[:2] if measured.interval else (None, None)
    return {
        "metric": name,
        "value": measured.value,
        "low": low,
        "high": high,
        "n": len(part),
        "baseline": baseline,
        "groups": _groups(part, metric, spec),
    }


def _groups(part: Part, metric: str, spec: MetricSpec) -> list[dict[str, Any]]:
    by_group = []
    codes = part.groups.get("group", np.full(len(part), -1))
    for code, group in enumerate(part.group_names.get("group", [])):
        rows = part.take(np.flatnonzero(codes == code))
        if len(rows) >= LEAST_ROWS:
            none = np.zeros((0, rows.buckets), np.uint8)  # a group is given without an interval
            got = measure(registry.metric(metric), spec, rows, none, independent=False, level=LEVEL)
            by_group.append({"group": group, "value": got.value, "n": len(rows)})
    return by_group


def rows(
    y: Sequence[float] | Array,
    p: Sequence[float] | Array,
    clusters: Sequence[str],
    groups: Sequence[str] = (),
) -> Part:
    """Lay the truth y and the answer p, n numbers each. groups: n names, "" for none of them."""
    _names, bucket = np.unique(np.array(clusters, str), return_inverse=True)
    bucket = bucket % MAX_BUCKETS
    part = Part(
        y=np.asarray(y, np.float64),
        p=np.asarray(p, np.float64),
        bucket=bucket.astype(np.int64),
        buckets=int(bucket.max(initial=0)) + 1,
    )
    if not groups:
        return part
    names = sorted(set(groups) - {""})
    codes = np.array([names.index(each) if each else -1 for each in groups])
    return replace(part, groups={"group": codes}, group_names={"group": names})


def mean(
    name: str,
    values: Sequence[float] | Array,
    clusters: Sequence[str],
    *,
    groups: Sequence[str] = (),
    baseline: float | None = None,
) -> Figure:
    """Measure the mean of n numbers of 0 or more, NaN left out: a share where each is 0 or 1."""
    numbers = np.asarray(values, np.float64)
    finite: list[int] = np.flatnonzero(np.isfinite(numbers)).tolist()
    part = rows(
        np.zeros(len(finite)),
        numbers[finite],
        [clusters[at] for at in finite],
        [groups[at] for at in finite] if groups else (),
    )
    if np.isin(numbers[finite], (0.0, 1.0)).all():
        return figure(name, replace(part, y=part.y + 1), metric="accuracy", baseline=baseline)
    return figure(name, part, metric="mae", baseline=baseline)


def ranked(
    truths: Sequence[Mapping[int, int]], answers: Sequence[Sequence[int]], names: Sequence[str]
) -> Part:
    """Lay lists: of each query, the gain of each right item, and the items in their order."""
    flat = [(item, gain) for truth in truths for item, gain in truth.items()]
    numbers = [item for answer in answers for item in answer]
    size = max([*(item for item, _gain in flat), *numbers], default=0) + 1
    return Part(
        y=np.array([item for item, _gain in flat], np.int64),
        gains=np.array([gain for _item, gain in flat], np.float64),
        y_offsets=np.cumsum([0, *map(len, truths)]),
        p=np.array(numbers, np.int64),
        p_offsets=np.cumsum([0, *map(len, answers)]),
        ranks=np.concatenate([np.arange(len(answer)) + 1 for answer in answers]),
        texts=[str(at) for at in range(size)],
        bucket=np.arange(len(truths)) % MAX_BUCKETS,
        buckets=min(len(truths), MAX_BUCKETS),
        names=list(names),
    )
