"""Labels and groupings against scikit-learn, and the edges where libraries disagree."""

import math
import warnings

import numpy as np
import pytest
from sklearn import metrics as oracle

from challenges.scoring.metric import MetricFault
from tests.challenges.scoring.parts import cases, close, figure, part, rngs, size

TEXTS = ["A1101", "A1201", "B1301", "B2", "C", "D", "E1", "E2"]


def labels_of(rng: np.random.Generator, classes: int) -> tuple[np.ndarray, np.ndarray]:
    n = size(rng)
    y = rng.integers(0, classes, n)
    p = np.where(rng.random(n) < rng.random(), y, rng.integers(0, classes, n))
    return y.astype(np.int32), p.astype(np.int32)


@cases
def test_accuracy_equals_the_oracle(seeds: range) -> None:
    for rng in rngs(1, seeds):
        y, p = labels_of(rng, 8)
        found = figure("accuracy", part(y, p, texts=TEXTS))
        assert found == pytest.approx(oracle.accuracy_score(y, p), abs=1e-12)


@cases
def test_accuracy_of_first_characters(seeds: range) -> None:
    for rng in rngs(2, seeds):
        y, p = labels_of(rng, 8)
        wanted = np.mean([TEXTS[a][:1] == TEXTS[b][:1] for a, b in zip(y, p, strict=True)])
        found = figure("accuracy", part(y, p, texts=TEXTS), prefix=1)
        assert found == pytest.approx(wanted, abs=1e-12)


def test_prefix_needs_texts() -> None:
    with pytest.raises(MetricFault):
        figure("accuracy", part([1.0], [1.0]), prefix=2)


@cases
def test_macro_f1_averages_over_the_classes_of_the_truth(seeds: range) -> None:
    for rng in rngs(3, seeds):
        y, p = labels_of(rng, 8)
        wanted = oracle.f1_score(y, p, labels=np.unique(y), average="macro", zero_division=0)
        assert figure("f1_macro", part(y, p, texts=TEXTS)) == pytest.approx(wanted, abs=1e-12)
        assert figure("f1_macro", part(y * 1.0, p * 1.0)) == pytest.approx(wanted, abs=1e-12)


@cases
def test_quadratic_kappa_equals_the_oracle(seeds: range) -> None:
    levels = [1, 2, 3, 4, 5]
    for rng in rngs(4, seeds):
        y, p = labels_of(rng, 5)
        y, p = y + 1.0, p + 1.0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = oracle.cohen_kappa_score(y, p, labels=levels, weights="quadratic")
        found = figure("kappa_quadratic", part(y, p), labels=levels)
        close(found, wanted)


def test_kappa_of_texts_follows_the_declared_order() -> None:
    chosen = part([0, 1, 2, 2], [1, 1, 0, 2], texts=["bas", "haut", "moyen"])
    wanted = oracle.cohen_kappa_score([0, 2, 1, 1], [2, 2, 0, 1], weights="quadratic")
    found = figure("kappa_quadratic", chosen, labels=["bas", "moyen", "haut"])
    assert found == pytest.approx(wanted, abs=1e-12)


def test_kappa_refuses_a_value_outside_the_levels() -> None:
    with pytest.raises(MetricFault):
        figure("kappa_quadratic", part([1.0], [1.5]), labels=[1, 2])


def pairs(p: list[int]) -> float:
    groups = {
        "column:job": np.array([0, 0, 1, 1, 2, 3], np.int32),
        "column:form": np.array([1, 0, 1, 0, 1, 2], np.int32),
    }
    names = {"column:job": list("abcd"), "column:form": ["f", "m", "x"]}
    chosen = part([0] * 6, p, texts=TEXTS, groups=groups, group_names=names)
    return figure("pair_consistency", chosen, pair="job", member="form", members=["m", "f"])


def test_pair_consistency_counts_whole_pairs_only() -> None:
    assert pairs([3, 3, 1, 2, 5, 6]) == 0.5
    assert pairs([3, 3, 1, 1, 5, 6]) == 1.0


def test_pair_consistency_without_a_pair_cannot_be_computed() -> None:
    groups = {"column:job": np.array([0, 1], np.int32), "column:form": np.array([0, 0], np.int32)}
    names = {"column:job": ["a", "b"], "column:form": ["m"]}
    chosen = part([0, 0], [1, 1], texts=TEXTS, groups=groups, group_names=names)
    found = figure("pair_consistency", chosen, pair="job", member="form", members=["m", "f"])
    assert math.isnan(found)


@cases
def test_rand_index_equals_the_oracle(seeds: range) -> None:
    for rng in rngs(5, seeds):
        y, p = labels_of(rng, int(rng.integers(1, 8)))
        wanted = oracle.adjusted_rand_score(y, p)
        close(figure("ari", part(y, p)), wanted)


@cases
def test_mutual_information_equals_the_oracle(seeds: range) -> None:
    for rng in rngs(6, seeds):
        y, p = labels_of(rng, int(rng.integers(1, 8)))
        while len(set(y)) == len(y) or len(set(p)) == len(p):  # singletons: by hand, below
            y, p = labels_of(rng, int(rng.integers(1, 8)))
        close(figure("ami", part(y, p)), oracle.adjusted_mutual_info_score(y, p))


@cases
def test_normalised_information_equals_the_oracle(seeds: range) -> None:
    for rng in rngs(7, seeds):
        y, p = labels_of(rng, int(rng.integers(1, 12)))
        close(figure("nmi", part(y, p)), oracle.normalized_mutual_info_score(y, p))


@pytest.mark.parametrize("name", ["ari", "ami", "nmi"])
def test_groupings_at_the_edges(name: str) -> None:
    assert figure(name, part([1, 1, 1], [2, 2, 2])) == 1.0
    assert figure(name, part([0, 1, 2], [0, 0, 0])) == 0.0
    assert figure(name, part([0, 0, 1, 1], [5, 5, 7, 7])) == pytest.approx(1.0, abs=1e-12)
    assert figure(name, part([0, 1, 2], [2, 0, 1])) == pytest.approx(1.0, abs=1e-12)


def test_number_of_groups() -> None:
    assert figure("n_clusters", part([0, 0, 1, 1], [3, 4, 4, 9])) == 3.0


def test_only_the_arithmetic_mean_is_known() -> None:
    with pytest.raises(MetricFault):
        figure("ami", part([0, 1], [0, 1]), average="max")
