"""Blurred public figures: the law of the noise, its scale, what it depends on, what is refused."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as oracle

from challenges.scoring import leakage, privacy, registry
from challenges.scoring.contract import MetricSpec, ScoringContract
from challenges.scoring.intervals import draw_weights
from challenges.scoring.leakage import Column, Facts
from challenges.scoring.metric import Part
from challenges.scoring.truth import Labels
from tests.challenges.scoring.parts import figure, part

KEY = bytes(range(32))
DRAWS = 4000


def spec(metric: str, **params: Any) -> MetricSpec:
    return MetricSpec(key=f"k_{metric}", metric=metric, params=params)


def contract(
    *figures: MetricSpec,
    weight: str | None = None,
    bounds: tuple[float | None, float | None] = (0, 1),
) -> ScoringContract:
    low, high = bounds
    columns = [
        {"name": "id", "role": "id", "type": "string"},
        {"name": "p", "role": "target", "type": "float", "min": low, "max": high},
    ]
    return ScoringContract.from_json(
        {
            "submission": {"layout": "one_row_per_id", "columns": columns},
            "truth": {"id": "id", "target": "y", "weight": weight},
            "metrics": [each.to_json() for each in figures],
        }
    )


def half_right(n: int) -> Part:
    """Make n rows, half of them right: noise of a small scale stays in the range."""
    y = np.arange(n) % 2
    return part(y * 1.0, np.where(np.arange(n) % 4 < 2, y, 1 - y) * 1.0)


def shown(
    figures: list[MetricSpec], rows: Part, epsilon: float, answer: str, key: bytes = KEY
) -> dict[str, float | None]:
    exact = {each.key: figure(each.metric, rows, **each.params) for each in figures}
    return privacy.blurred(contract(*figures), rows, exact, privacy.Noise(epsilon, key), answer)


def noises(name: str, rows: Part, epsilon: float, **params: Any) -> np.ndarray:
    """Draw what is added to a figure, over answers that only differ by their digest."""
    one = spec(name, **params)
    exact = figure(name, rows, **params)
    found = [shown([one], rows, epsilon, str(at))[one.key] for at in range(DRAWS)]
    return np.array(found, float) - exact


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "n", "epsilon", "params", "scale"),
    [
        ("accuracy", 2000, 0.1, {}, 0.005),
        ("accuracy", 500, 1.0, {}, 0.002),
        ("brier", 1000, 0.5, {}, 0.002),
        ("log_loss", 1000, 2.0, {"clip": 0.01}, 2 * math.log(100) / 1000 / 2.0),
    ],
)
def test_the_noise_of_a_mean_has_the_law_and_the_scale_of_the_design(
    name: str, n: int, epsilon: float, params: dict[str, Any], scale: float
) -> None:
    rows = half_right(n)
    found = noises(name, rows, epsilon, **params)
    assert stats.kstest(found, stats.laplace(scale=scale).cdf).pvalue > 1e-3
    assert np.abs(found).mean() == pytest.approx(scale, rel=0.06)
    assert stats.kstest(found, stats.laplace(scale=1.3 * scale).cdf).pvalue < 1e-3
    assert stats.kstest(found, stats.norm(scale=found.std()).cdf).pvalue < 1e-3


def test_the_example_of_the_design() -> None:
    """2,000 rows, ε 0.1: a scale of 0.005."""
    assert privacy.sensitivity(spec("accuracy"), 2000) == 1 / 2000
    assert privacy.sensitivity(spec("accuracy"), 2000) / 0.1 == pytest.approx(0.005)  # type: ignore[operator] # not None, just above
    assert privacy.sensitivity(spec("log_loss", clip=0.01), 100) == 2 * math.log(100) / 100
    assert privacy.sensitivity(spec("log_loss"), 1) == 2 * math.log(1e6)


def test_several_figures_share_what_an_entry_spends() -> None:
    rows, both = half_right(1000), [spec("accuracy"), spec("brier")]
    alone = shown(both[:1], rows, 0.2, "a")[both[0].key]
    beside = shown(both, rows, 0.4, "a")[both[0].key]
    assert alone == beside
    assert beside != shown(both, rows, 0.2, "a")[both[0].key]


def test_the_same_answer_is_shown_the_same_and_any_other_anew() -> None:
    rows, one = half_right(1000), [spec("accuracy")]
    first = shown(one, rows, 0.1, "a")
    assert shown(one, rows, 0.1, "a") == first
    assert shown(one, rows, 0.1, "b") != first
    assert shown(one, rows, 0.1, "a", key=bytes(32)) != first


def test_two_scales_of_noise_do_not_give_the_exact_figure_together() -> None:
    """One draw at two scales, x + 2u and x + u, would tell x."""
    rows, one = half_right(1000), [spec("accuracy")]
    wide, narrow = (shown(one, rows, epsilon, "a")["k_accuracy"] for epsilon in (0.1, 0.2))
    assert abs(2 * narrow - wide - 0.5) > 1e-4  # type: ignore[operator] # every row has a value
    clipped = [spec("log_loss", clip=clip) for clip in (0.1, 0.01)]
    drawn = [
        shown([each], rows, 1.0, "a")[each.key] - figure("log_loss", rows, **each.params)  # type: ignore[operator] # every row has a value
        for each in clipped
    ]
    assert abs(drawn[1] / drawn[0] - 2) > 1e-4  # ln 100 is twice ln 10


def test_what_is_shown_stays_in_the_range() -> None:
    rows = part(np.ones(40), np.ones(40))
    found = [shown([spec("accuracy")], rows, 0.1, str(at))["k_accuracy"] for at in range(200)]
    assert min(found) >= 0.0  # type: ignore[type-var] # every row has a value
    assert max(found) == 1.0  # type: ignore[type-var] # every row has a value
    assert 0.3 < np.mean([each == 1.0 for each in found]) < 0.7


def scored(n: int) -> Part:
    rng = np.random.default_rng(8)
    y = (rng.random(n) < 0.3).astype(float)
    return part(y, np.clip(0.35 * y + 0.65 * rng.random(n), 0, 1))


def test_counts_without_noise_give_the_figure() -> None:
    rows = scored(400)
    answers = part(rows.y, (rows.p > 0.5) * 1.0)
    found = shown([spec("f1", positive=1)], answers, 10.0, "a")["k_f1"]
    wanted = oracle.f1_score(answers.y, answers.p)
    assert found == pytest.approx(wanted, abs=0.02)
    coarse = part(rows.y, np.round(rows.p, 1))  # eleven scores: every bin holds one
    found = shown([spec("roc_auc")], coarse, 10.0, "a")["k_roc_auc"]
    assert found == pytest.approx(oracle.roc_auc_score(coarse.y, coarse.p), abs=0.02)


class Recorded(privacy._Draw):
    """Keep the counts that are noised and their scale."""

    seen: list[tuple[list[float], float]] = []

    def around(self, counts: Any, scale: float, most: Any) -> Any:
        self.seen.append((counts.tolist(), scale))
        return super().around(counts, scale, most)


@pytest.mark.parametrize(("name", "params"), [("f1", {"positive": 1}), ("roc_auc", {})])
def test_one_answer_moves_the_noised_counts_by_one(name: str, params: dict[str, Any]) -> None:
    """The scale is 1/ε: of all counts together, one other answer moves one, by 1."""
    rows = scored(200)
    p = (rows.p > 0.5) * 1.0 if name == "f1" else rows.p
    Recorded.seen = []
    cells = privacy._CELLS[name]
    cells(spec(name, **params), part(rows.y, p), 0.5, Recorded(KEY, b"x"))
    for at in range(0, 200, 7):
        y = rows.y.copy()
        y[at] = 1 - y[at]
        cells(spec(name, **params), part(y, p), 0.5, Recorded(KEY, b"x"))
    (first, scale), *others = Recorded.seen
    assert scale == 2.0
    moved = [sum(abs(a - b) for a, b in zip(first, each, strict=True)) for each, _ in others]
    assert set(moved) == {1.0}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["accuracy", "brier", "log_loss"])
def test_no_answer_moves_a_mean_by_more_than_is_declared(name: str) -> None:
    rng = np.random.default_rng(9)
    params = {"clip": 0.01} if name == "log_loss" else {}
    for _ in range(200):
        n = int(rng.integers(1, 40))
        y, p = (rng.random(n) < 0.5) * 1.0, rng.choice([0.0, 0.01, 0.5, 0.99, 1.0], n)
        other = y.copy()
        at = int(rng.integers(0, n))
        other[at] = 1 - other[at]
        moved = abs(figure(name, part(y, p), **params) - figure(name, part(other, p), **params))
        delta = privacy.sensitivity(spec(name, **params), n)
        assert delta is not None
        assert moved <= delta * (1 + 1e-12)


def test_what_has_no_declared_sensitivity_is_refused_by_name() -> None:
    known = contract(
        *(
            spec(name, **({"positive": 1} if name == "f1" else {}))
            for name in ("accuracy", "brier", "log_loss", "f1", "roc_auc")
        )
    )
    assert privacy.problems(known, 30) == []
    assert privacy.problems(known, 29) == [("k_accuracy", "units")]
    assert privacy.problems(contract(spec("accuracy"), spec("mae"))) == [("k_mae", "sensitivity")]
    assert privacy.problems(contract(spec("logloss"))) == []
    assert privacy.problems(contract(spec("accuracy"), weight="w")) == [("k_accuracy", "weight")]
    refused = {n for n in registry.METRICS if privacy.problems(contract(spec(n)))}
    assert set(registry.METRICS) - refused == set(privacy.KNOWN)


@pytest.mark.parametrize("bounds", [(None, None), (0, None), (None, 1), (-1, 1), (0, 50)])
def test_the_brier_of_answers_outside_0_and_1_has_no_sensitivity(bounds: Any) -> None:
    """One answer of 24 over 2,000 rows moves it by 47/n, not 1/n."""
    rows = [part(np.array([y] + [0.0] * 1999), np.array([24.0] + [0.0] * 1999)) for y in (0.0, 1.0)]
    moved = abs(figure("brier", rows[0]) - figure("brier", rows[1]))
    assert moved == pytest.approx(47 / 2000)
    one = spec("brier")
    assert privacy.problems(contract(one, bounds=bounds)) == [("k_brier", "range")]
    assert privacy.problems(contract(spec("log_loss"), bounds=bounds)) == []  # it clips


@pytest.mark.parametrize("epsilon", [0.0, -1.0, 10.5, math.nan])
def test_an_epsilon_out_of_range_is_refused(epsilon: float) -> None:
    with pytest.raises(ValueError, match="epsilon"):
        privacy.Noise(epsilon, KEY)


def test_the_leak_budget_counts_the_noise() -> None:
    """1,000 rows at ε 0.1: noise of scale 0.01 leaves log2(51) bits where 3 decimals show 9.97."""
    facts = Facts(1000, 780.0, (Column("a", 0.0, 3, 1001, 1 / 1000),))
    exact = leakage.told(facts, 60, None)
    assert exact == pytest.approx(60 * math.log2(1001))
    blurred = Facts(facts.units, facts.label_bits, facts.columns, epsilon=0.1)
    assert leakage.told(blurred, 60, None) == pytest.approx(60 * math.log2(51))
    less = Facts(facts.units, facts.label_bits, facts.columns, epsilon=0.01)
    divergence = 1000 * 0.01 * math.tanh(0.005) / math.log(2)
    assert leakage.told(less, 60, None) == pytest.approx(60 * divergence)
    remedies = [each.remedy for each in leakage.budget(blurred, 60).proposals]
    assert leakage.Remedy.LADDER not in remedies
    assert Facts.from_json(blurred.to_json()) == facts


def test_the_noise_of_parts_of_one_cluster_is_secret_too() -> None:
    """Their only resampling is known to all: the labels in secret order make the key."""

    def labels(y: list[float], weights: dict[str, Any]) -> Labels:
        rows = np.zeros(len(y), np.uint8)
        return Labels(
            [], np.array(y), rows, rows.astype(np.uint16), weights, ("public",), {}, {}, {}
        )

    alone = {"public": draw_weights(1, 40, b"")}
    assert privacy.key_of(labels([1.0, 0.0], alone)) != privacy.key_of(labels([0.0, 1.0], alone))
    drawn = {"public": draw_weights(8, 40, b"secret")}
    assert privacy.key_of(labels([1.0, 0.0], drawn)) == privacy.key_of(labels([0.0, 1.0], drawn))
