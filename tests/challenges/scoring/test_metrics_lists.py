"""Sets of labels against scikit-learn, and their edges."""

from typing import Any

import numpy as np
from sklearn import metrics as oracle

from tests.challenges.scoring.parts import cases, close, figure, lists, part, rng_of, size

TEXTS = [f"d{i:02}" for i in range(12)]


def sets_of(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    shape = (size(rng, 60), int(rng.integers(2, 12)))
    y = rng.random(shape) < rng.random()
    p = np.where(rng.random(shape) < rng.random(), y, rng.random(shape) < 0.3)
    return y.astype(int), p.astype(int)


def as_part(y: np.ndarray, p: np.ndarray) -> Any:
    facts = {}
    flat = {}
    for name, table in (("y", y), ("p", p)):
        rows = [np.flatnonzero(row).tolist() for row in table]
        flat[name], facts[f"{name}_offsets"] = lists(rows)
    return part(flat["y"], flat["p"], n=len(y), texts=TEXTS[: y.shape[1]], **facts)


@cases
def test_sets_of_labels_equal_the_oracle(seeds: range) -> None:
    for i in seeds:
        y, p = sets_of(rng_of(74, i))
        chosen = as_part(y, p)
        close(figure("hamming", chosen), oracle.hamming_loss(y, p), 1e-12)
        wanted = oracle.jaccard_score(y, p, average="samples", zero_division=1)
        close(figure("jaccard_samples", chosen), wanted, 1e-12)
