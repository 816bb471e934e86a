"""What holds of every metric: order changes nothing, values stay in range, the page tells it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from challenges.scoring import intervals, manual, registry
from challenges.scoring.intervals import Buckets
from challenges.scoring.metric import Part, Shape, Step
from tests.challenges.scoring.parts import figure
from tests.challenges.scoring.random_parts import random_part

PAGE = Path(__file__).resolve().parents[3] / "docs" / "metriques.md"
COMPUTED = [n for n, m in registry.METRICS.items() if m.shape is not Shape.FORMULA]
each_metric = pytest.mark.parametrize("name", COMPUTED)


def example(name: str) -> tuple[Part, dict[str, object]]:
    """Return the example of the page: its part and parameters."""
    note = manual.notes()[name]
    _, part = manual.EXAMPLES[note.get("example", registry.METRICS[name].shape.value)]()
    return part, dict(note.get("params", {}))


@each_metric
def test_the_order_of_units_changes_nothing_and_values_are_in_range(name: str) -> None:
    part, params = example(name)
    value = figure(name, part, **params)
    backwards = figure(name, part.take(np.arange(len(part))[::-1]), **params)
    assert backwards == pytest.approx(value, rel=1e-12, abs=1e-15)
    assert registry.METRICS[name].low <= value <= registry.METRICS[name].high


@each_metric
def test_resamplings_are_in_the_range_told_and_once_each_gives_the_value(name: str) -> None:
    metric, (part, params) = registry.METRICS[name], example(name)
    n = len(part)
    stats = metric.stats(part, params)
    buckets = Buckets.of(stats, np.arange(n), n)
    weights = np.concatenate([np.ones((1, n), np.uint8), intervals.draw_weights(n, 50, b"s")])
    found = intervals.resampled_figure(buckets, weights, metric, stats.context)
    assert found[0] == pytest.approx(float(metric.value(buckets.total(), stats.context)))
    finite = found[np.isfinite(found)]
    assert found.shape == (51,)
    if not metric.name.startswith(("kendall", "spearman", "concordance", "roc_auc")):
        assert finite.min() >= metric.low - 1e-12
        assert finite.max() <= metric.high + 1e-12


@pytest.mark.parametrize("name", [n for n in COMPUTED if n not in registry.UNWEIGHTED])
def test_a_weight_of_two_is_the_unit_twice(name: str) -> None:
    metric, (part, params) = registry.METRICS[name], example(name)
    weight = np.ones(len(part))
    weight[0] = 2.0
    stats = metric.stats(part, params).weighted(weight)
    sums = np.bincount(stats.column, stats.value, stats.width).astype(np.float64)
    found = float(metric.value(sums, stats.context))
    twice = figure(name, part.take(np.array([0, *range(len(part))])), **params)
    assert found == pytest.approx(twice, rel=1e-12, abs=1e-15)


@each_metric
def test_an_empty_part_has_no_value(name: str) -> None:
    part, params = example(name)
    metric = registry.METRICS[name]
    stats = metric.stats(part.take(np.zeros(0, np.int64)), params)
    sums = np.bincount(stats.column, stats.value, stats.width).astype(np.float64)
    found = float(metric.value(sums, stats.context)) if stats.width else float("nan")
    assert not np.isfinite(found) or name == "n_clusters"


# How many units each metric with a smallest step is a share of, on a part; the page tells it so.
COUNTED = {
    "accuracy": len,
    "hamming": lambda part: len(part) * len(part.texts),
    "n_clusters": lambda _part: 1,
    "pair_consistency": lambda part: len(part) // 2,
    "recall": lambda part: int((part.y == 0).sum()),
}


def test_every_step_is_counted() -> None:
    stepped = {name for name, one in registry.METRICS.items() if one.step is not Step.DATA}
    assert stepped == set(COUNTED)
    for name, metric in registry.METRICS.items():
        # The rows that precision is a share of depend on the answer.
        assert not metric.proportion or metric.step is Step.UNIT or name == "precision", name


@pytest.mark.parametrize("name", COUNTED)
def test_no_two_values_are_nearer_than_a_step_and_some_are_as_near(name: str) -> None:
    part, params = random_part(name, np.random.default_rng(95), 14)
    params |= {"positive": part.texts[0]} if name == "recall" else {}
    found = []
    for case in range(400):
        other, _ = random_part(name, np.random.default_rng([95, case]), 14)
        given = replace(part, p=other.p, p_offsets=other.p_offsets)
        found.append(figure(name, given, **params) * COUNTED[name](part))
    whole = np.round(found)
    assert np.abs(found - whole).max() < 1e-9
    assert np.diff(np.unique(whole)).min() == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["spearman", "kendall_b", "concordance", "roc_auc_ovr"])
def test_figures_of_pairs_spread_as_those_of_rows_drawn(name: str) -> None:
    """They are resampled by their first-order terms."""
    n = 300
    part, params = random_part(name, np.random.default_rng(9), n)
    metric = registry.metric(name)
    stats = metric.stats(part, params)
    weights = intervals.draw_weights(n, 1000, b"w")
    ours = intervals.resampled_figure(
        Buckets.of(stats, part.bucket, n), weights, metric, stats.context
    )
    drawn = [figure(name, part.take(np.repeat(np.arange(n), w)), **params) for w in weights[:400]]
    assert np.std(ours) == pytest.approx(np.std(drawn), rel=0.06)
    assert np.corrcoef(ours[:400], drawn)[0, 1] > 0.97


def test_the_page_is_the_one_made_from_the_code() -> None:
    assert PAGE.read_text("utf-8") == manual.page()


def test_every_metric_is_told_once_with_an_example_of_what_it_needs() -> None:
    assert set(manual.notes()) == set(registry.METRICS)
    assert set(registry.ALIASES.values()) <= set(registry.METRICS)
    assert not set(registry.ALIASES) & set(registry.METRICS)
    for name, metric in registry.METRICS.items():
        params = manual.notes()[name].get("params", {})
        assert metric.required <= set(params) <= metric.required | metric.optional
        assert list(metric.faults(params)) == []
