"""What holds of every metric: order changes nothing, values stay in range, the page tells it."""

from pathlib import Path

import numpy as np
import pytest

from challenges.scoring import intervals, manual, registry
from challenges.scoring.buckets import Buckets
from challenges.scoring.metric import Part, Shape

PAGE = Path(__file__).resolve().parents[3] / "docs" / "metriques.md"
COMPUTED = [n for n, m in registry.METRICS.items() if m.shape is not Shape.FORMULA]


def example(name: str) -> tuple[Part, dict[str, object]]:
    """Return the example of the page: its part and parameters."""
    note = manual.notes()[name]
    _, part = manual.EXAMPLES[note.get("example", registry.METRICS[name].shape.value)]()
    return part, dict(note.get("params", {}))


def value(name: str, part: Part) -> float:
    metric, (_, params) = registry.METRICS[name], example(name)
    if metric.exact is not None:
        return metric.exact(part, params)
    stats = metric.stats(part, params)
    sums = np.bincount(stats.column, stats.value, stats.width).astype(np.float64)
    return float(metric.value(sums, stats.context))


@pytest.mark.parametrize("name", COMPUTED)
def test_the_order_of_units_changes_nothing(name: str) -> None:
    part, _ = example(name)
    backwards = part.take(np.arange(len(part))[::-1])
    assert value(name, backwards) == pytest.approx(value(name, part), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("name", COMPUTED)
def test_values_are_in_the_range_told(name: str) -> None:
    metric = registry.METRICS[name]
    assert metric.low <= value(name, example(name)[0]) <= metric.high


@pytest.mark.parametrize("name", COMPUTED)
def test_resamplings_are_in_the_range_told_and_once_each_gives_the_value(name: str) -> None:
    metric, (part, params) = registry.METRICS[name], example(name)
    n = len(part)
    stats = metric.stats(part, params)
    buckets = Buckets.of(stats, np.arange(n), n)
    weights = np.concatenate([np.ones((1, n), np.uint8), intervals.draw_weights(n, 50, b"s")])
    found = intervals.replicates(buckets, weights, metric, stats.context)
    assert found[0] == pytest.approx(float(metric.value(buckets.total(), stats.context)))
    finite = found[np.isfinite(found)]
    assert found.shape == (51,)
    if not metric.name.startswith(("kendall", "spearman", "concordance", "roc_auc")):
        assert finite.min() >= metric.low - 1e-12
        assert finite.max() <= metric.high + 1e-12


@pytest.mark.parametrize("name", [n for n in COMPUTED if n not in registry.UNWEIGHTED])
def test_a_weight_of_two_is_the_unit_twice(name: str) -> None:
    metric, (part, params) = registry.METRICS[name], example(name)
    twice = part.take(np.array([0, *range(len(part))]))
    weight = np.ones(len(part))
    weight[0] = 2.0
    stats = metric.stats(part, params).weighted(weight)
    sums = np.bincount(stats.column, stats.value, stats.width).astype(np.float64)
    found = float(metric.value(sums, stats.context))
    assert found == pytest.approx(value(name, twice), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("name", COMPUTED)
def test_an_empty_part_has_no_value(name: str) -> None:
    part, params = example(name)
    metric = registry.METRICS[name]
    nothing = part.take(np.zeros(0, np.int64))
    stats = metric.stats(nothing, params)
    sums = np.bincount(stats.column, stats.value, stats.width).astype(np.float64)
    found = float(metric.value(sums, stats.context)) if stats.width else float("nan")
    assert not np.isfinite(found) or name == "n_clusters"


def test_the_page_is_the_one_made_from_the_code() -> None:
    assert PAGE.read_text("utf-8") == manual.page()


def test_every_metric_is_told_once_and_no_other() -> None:
    assert list(manual.notes()) == [n for n in manual.notes() if n in registry.METRICS]
    assert set(manual.notes()) == set(registry.METRICS)
    assert set(registry.ALIASES.values()) <= set(registry.METRICS)
    assert not set(registry.ALIASES) & set(registry.METRICS)


def test_examples_give_what_each_metric_needs() -> None:
    for name, metric in registry.METRICS.items():
        params = manual.notes()[name].get("params", {})
        assert metric.required <= set(params) <= metric.required | metric.optional
        assert list(metric.faults(params)) == []
