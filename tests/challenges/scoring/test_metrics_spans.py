"""Spans against seqeval and nervaluate, groupings against scikit-learn."""

import math
import warnings
from typing import Any

import numpy as np
import pytest
from nervaluate import Evaluator
from seqeval.metrics import f1_score
from seqeval.scheme import IOB2
from sklearn import metrics as oracle

from challenges.scoring.metric import MetricFault
from tests.challenges.scoring.parts import cases, close, figure, part, rng_of, size

LABELS = ["COMP", "JOB", "PLACE"]
FORMS = {"strict": "strict", "exact": "exact", "partial": "partial", "type": "ent_type"}
Document = list[tuple[int, int, int]]


def spans(y: list[Document], p: list[Document]) -> Any:
    facts = {}
    for name, documents in (("y", y), ("p", p)):
        facts[name] = np.array([s for d in documents for s in d], np.int64).reshape(-1, 3)
        sizes = [len(d) for d in documents]
        facts[f"{name}_offsets"] = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return part(facts.pop("y"), facts.pop("p"), n=len(y), texts=LABELS, **facts)


def document(rng: np.random.Generator, length: int) -> Document:
    cuts = np.sort(rng.choice(length + 1, 2 * int(rng.integers(0, 5)), replace=False))
    return [
        (int(rng.integers(0, 3)), int(a), int(b))
        for a, b in zip(cuts[::2], cuts[1::2], strict=True)
    ]


def answer(rng: np.random.Generator, truth: Document, length: int) -> Document:
    """Keep, move or relabel some true spans; at times find others."""
    if rng.random() < 0.3:
        return document(rng, length)
    out: Document = []
    end = 0
    for label, a, b in truth:
        a, b = max(end, a - int(rng.integers(0, 2))), b + int(rng.integers(0, 2))
        if rng.random() < 0.8 and a < b <= length:
            out.append((label if rng.random() < 0.7 else int(rng.integers(0, 3)), a, b))
            end = b
    return out


def case(rng: np.random.Generator) -> tuple[list[Document], list[Document]]:
    y: list[Document] = []
    while not any(y):
        y = [document(rng, 16) for _ in range(int(rng.integers(1, 6)))]
    return y, [answer(rng, row, 16) for row in y]


def tags(documents: list[Document]) -> list[list[str]]:
    out = []
    for row in documents:
        line = ["O"] * 16
        for label, a, b in row:
            line[a:b] = [f"I-{LABELS[label]}"] * (b - a)
            line[a] = f"B-{LABELS[label]}"
        out.append(line)
    return out


@cases
def test_exact_spans_equal_seqeval(seeds: range) -> None:
    for i in seeds:
        y, p = case(rng_of(81, i))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = f1_score(tags(y), tags(p), mode="strict", scheme=IOB2, zero_division=0)
        close(figure("span_f1", spans(y, p)), float(wanted))


def test_offsets_leave_nothing_of_the_quarrel_over_tags() -> None:
    y, p = [["B-COMP", "I-COMP", "O"]], [["I-COMP", "I-COMP", "O"]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert f1_score(y, p) == 1.0
        assert f1_score(y, p, mode="strict", scheme=IOB2) == 0.0
    assert figure("span_f1", spans([[(0, 0, 2)]], [[(0, 0, 2)]])) == 1.0


def nervaluate(y: list[Document], p: list[Document]) -> dict[str, float]:
    def told(documents: list[Document]) -> list[list[dict[str, Any]]]:
        return [
            [{"label": LABELS[s[0]], "start": s[1], "end": s[2] - 1} for s in row]
            for row in documents
        ]

    results = Evaluator(told(y), told(p), tags=LABELS, loader="dict").evaluate()["overall"]
    return {form: results[theirs].f1 for form, theirs in FORMS.items()}


@cases
def test_semeval_forms_equal_nervaluate(seeds: range) -> None:
    for i in seeds:
        y, p = case(rng_of(82, i))
        wanted = nervaluate(y, p)
        for form, value in wanted.items():
            close(figure(f"span_f1_semeval_{form}", spans(y, p)), value)


def test_semeval_forms_by_hand() -> None:
    y = [[(0, 0, 4), (1, 6, 9)]]
    p = [[(0, 0, 4), (1, 6, 8), (2, 10, 12)]]
    found = {form: figure(f"span_f1_semeval_{form}", spans(y, p)) for form in FORMS}
    assert found == {
        "strict": pytest.approx(2 / 5),
        "exact": pytest.approx(2 / 5),
        "partial": pytest.approx(3 / 5),
        "type": pytest.approx(4 / 5),
    }


def relaxed_by_hand(y: list[Document], p: list[Document]) -> float:
    found = right = 0
    for true, given in zip(y, p, strict=True):
        cells = [{(a[0], c) for c in range(a[1], a[2])} for a in true]
        others = [{(a[0], c) for c in range(a[1], a[2])} for a in given]
        found += sum(any(a & b for b in others) for a in cells)
        right += sum(any(a & b for a in cells) for b in others)
    recall = found / sum(map(len, y))
    precision = right / max(sum(map(len, p)), 1)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@cases
def test_relaxed_spans_by_definition(seeds: range) -> None:
    for i in seeds:
        y, p = case(rng_of(83, i))
        close(figure("span_f1_relaxed", spans(y, p)), relaxed_by_hand(y, p))


def test_documents_empty_on_both_sides_weigh_nothing() -> None:
    one = figure("span_f1", spans([[(0, 0, 2)]], [[(0, 1, 2)]]))
    assert figure("span_f1", spans([[(0, 0, 2)], []], [[(0, 1, 2)], []])) == one == 0.0
    assert math.isnan(figure("span_f1", spans([[]], [[]])))
    assert figure("span_f1_relaxed", spans([[(0, 0, 2)]], [[]])) == 0.0


def test_spans_are_needed() -> None:
    with pytest.raises(MetricFault):
        figure("span_f1", part([1], [1]))


def groups_of(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    n, most = size(rng), int(rng.integers(1, 12))
    y = rng.integers(0, most, n)
    p = np.where(rng.random(n) < rng.random(), y, rng.integers(0, int(rng.integers(1, 30)), n))
    return y, p


@cases
def test_groupings_equal_the_oracle(seeds: range) -> None:
    for i in seeds:
        y, p = groups_of(rng_of(84, i))
        chosen = part(y, p)
        close(figure("nmi", chosen), oracle.normalized_mutual_info_score(y, p))
        parts = oracle.homogeneity_completeness_v_measure(y, p)
        names = ("homogeneity", "completeness", "v_measure")
        for name, value in zip(names, parts, strict=True):
            close(figure(name, chosen), value)
        close(figure("v_measure", chosen, beta=0.5), oracle.v_measure_score(y, p, beta=0.5))
        (_, fp), (fn, tp) = oracle.cluster.pair_confusion_matrix(y, p)
        close(figure("pair_f1", chosen), 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else 1.0)
        close(figure("pair_recall", chosen), tp / (tp + fn) if tp + fn else math.nan)
        alone = 0.0 if fn else 1.0
        close(figure("pair_precision", chosen), tp / (tp + fp) if tp + fp else alone)


@cases
def test_b_cubed_by_definition(seeds: range) -> None:
    for i in seeds:
        y, p = groups_of(rng_of(85, i))
        both = (y[:, None] == y[None, :]) & (p[:, None] == p[None, :])
        precision = np.mean(both.sum(1) / (p[:, None] == p[None, :]).sum(1))
        recall = np.mean(both.sum(1) / (y[:, None] == y[None, :]).sum(1))
        close(figure("b_cubed", part(y, p)), 2 * precision * recall / (precision + recall))


@pytest.mark.parametrize("name", ["nmi", "v_measure", "pair_f1"])
def test_groupings_at_the_edges(name: str) -> None:
    assert figure(name, part([1, 1, 1], [2, 2, 2])) == 1.0
    assert figure(name, part([0, 1, 2], [0, 0, 0])) == 0.0
    assert figure(name, part([0, 0, 1, 1], [5, 5, 7, 7])) == pytest.approx(1.0, abs=1e-12)
    assert figure(name, part([0, 1, 2], [2, 0, 1])) == pytest.approx(1.0, abs=1e-12)
