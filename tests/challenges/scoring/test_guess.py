"""The command score with a metric alone: the contract is guessed from the columns."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as oracle

from challenges.scoring.guess import first_of, named
from challenges.scoring.registry import ALIASES, METRICS
from tests.challenges.scoring.answers import parquet
from tests.challenges.scoring.test_commands import run

RANKED = "query,item,gain\nq1,a,2\nq1,b,1\nq1,c,0\nq2,b,1\nq2,c,0\n"
LISTS = "query,rank,item\nq1,1,b\nq1,2,a\nq2,1,c\nq2,2,b\n"
SCORES = "query,item,score\nq1,a,0.5\nq1,b,0.9\nq1,c,0.1\nq2,b,0.3\nq2,c,0.3\n"
CLASSES = "id,y\n1,a\n2,b\n3,c\n4,a\n"
PROBABILITIES = "id,c,a,b\n1,0.1,0.7,0.2\n2,0.2,0.3,0.5\n3,0.6,0.2,0.2\n4,0.3,0.3,0.4\n"
NUMBERS = "id,y\n1,3\n2,7\n"


@pytest.fixture
def score(tmp_path: Path) -> Any:
    def call(truth: str, given: str | bytes, *args: str, name: str = "p.csv") -> Any:
        (tmp_path / "t.csv").write_text(truth)
        path = tmp_path / name
        path.write_bytes(given.encode() if isinstance(given, str) else given)
        return run("score", str(tmp_path / "t.csv"), str(path), *args)

    return call


def exp(*gains: float) -> float:
    return float(sum((2**g - 1) / np.log2(at + 2) for at, g in enumerate(gains)))


@pytest.mark.parametrize(
    ("metric", "name", "value"),
    [
        ("ndcg@2", "ndcg", ((1 + 2 / np.log2(3)) / (2 + 1 / np.log2(3)) + 1 / np.log2(3)) / 2),
        ("ndcg_exp@2", "ndcg", (exp(1, 2) / exp(2, 1) + 1 / np.log2(3)) / 2),
        ("map@2", "map_at_k", (1 + 0.5) / 2),
        ("mrr@2", "mrr_at_k", 0.75),
        ("precision@1", "precision_at_k", 0.5),
        ("recall@1", "recall_r_at_k", 0.25),
        ("recall_capped@1", "recall_at_k", 0.5),
    ],
)
def test_ranked_lists(score: Any, metric: str, name: str, value: float) -> None:
    found, code = score(RANKED, LISTS, "--metric", metric)
    assert (code, found["metric"], found["n"]) == (0, name, 2)
    assert found["score"] == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(
    ("metric", "name", "value"),
    [
        ("mrr", "mrr_at_k", (1 + 0.75) / 2),
        ("map@2", "map_at_k", (1 + 0.75) / 2),
        ("precision@1", "precision_at_k", 0.75),
        ("recall@1", "recall_r_at_k", 0.5),
        ("recall_capped@1", "recall_at_k", 0.75),
        ("ndcg", "ndcg", None),
        ("ndcg_exp@3", "ndcg", None),
    ],
)
def test_scored_candidates(score: Any, metric: str, name: str, value: float | None) -> None:
    found, code = score(RANKED, SCORES, "--metric", metric)
    assert (code, found["metric"], found["n"]) == (0, name, 2)
    if value is None:
        gains = [[2, 1, 0], [1, 0]]
        if "exp" in metric:
            gains = [[2**g - 1 for g in row] for row in gains]
        scores = [[0.5, 0.9, 0.1], [0.3, 0.3]]
        value = float(
            np.mean([oracle.ndcg_score([g], [s]) for g, s in zip(gains, scores, strict=True)])
        )
    assert found["score"] == pytest.approx(value, abs=1e-12)


def test_candidates_without_a_score_are_refused_where_the_truth_lists_wrong_ones(
    score: Any,
) -> None:
    less = SCORES.replace("q1,c,0.1\n", "")
    found, code = score(RANKED, less, "--metric", "mrr")
    assert (found["code"], code) == ("E_ID_MISSING", 1)
    relevant = "".join(line for line in RANKED.splitlines(True) if not line.endswith(",0\n"))
    found, code = score(relevant, less, "--metric", "mrr")
    assert (code, found["score"]) == (0, (1 + 0.75) / 2)


def test_columns_of_lists_may_be_named(score: Any) -> None:
    truth = RANKED.replace("query,item,gain", "offre,profil,retenu")
    given = LISTS.replace("query,rank,item", "offre,place,profil")
    names = ("--id", "offre", "--item", "profil", "--target", "retenu", "--prediction", "place")
    _, code = score(truth, given, "--metric", "mrr@2")
    assert code == 2
    # The column of places holds ranks when it is not a column of scores.
    found, code = score(truth, given.replace("place", "rang"), "--metric", "mrr@2", *names[:-2])
    assert (code, found["score"]) == (0, 0.75)


def probabilities() -> tuple[list[str], np.ndarray]:
    rows = [line.split(",") for line in PROBABILITIES.split()[1:]]
    return ["a", "b", "c", "a"], np.array([[float(r[2]), float(r[3]), float(r[1])] for r in rows])


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        ("log_loss", "log_loss_multi"),
        ("logloss", "log_loss_multi"),
        ("log_loss_multi", "log_loss_multi"),
        ("auc", "roc_auc_ovr"),
        ("brier", "brier_multi"),
        ("top_k_accuracy@2", "top_k_accuracy"),
    ],
)
def test_class_probabilities(score: Any, metric: str, name: str) -> None:
    found, code = score(CLASSES, PROBABILITIES, "--metric", metric)
    y, p = probabilities()
    wanted = {
        "log_loss_multi": oracle.log_loss(y, p),
        "roc_auc_ovr": oracle.roc_auc_score(y, p, multi_class="ovr"),
        "brier_multi": float(((p - np.eye(3)[[0, 1, 2, 0]]) ** 2).sum(1).mean()),
        "top_k_accuracy": 0.875,
    }
    assert (code, found["metric"]) == (0, name)
    assert found["score"] == pytest.approx(wanted[name], abs=1e-12)


def test_class_probabilities_with_a_prefix_and_a_fault(score: Any) -> None:
    prefixed = PROBABILITIES.replace("id,c,a,b", "id,p_c,p_a,p_b")
    found, code = score(CLASSES, prefixed, "--metric", "log_loss")
    assert (code, found["metric"]) == (0, "log_loss_multi")
    fourth = PROBABILITIES.replace("\n", ",0\n").replace("a,b,0", "a,b,d")
    found, code = score(CLASSES, fourth, "--metric", "log_loss")
    y, p = probabilities()
    assert (code, found["score"]) == (0, pytest.approx(oracle.log_loss(y, p)))
    wrong = PROBABILITIES.replace("1,0.1,0.7", "1,0.3,0.7")
    found, code = score(CLASSES, wrong, "--metric", "log_loss")
    assert (found["code"], found["line"], code) == ("E_PROBA_SUM", 2, 1)


def test_micro_f1_of_one_label_a_row_is_its_accuracy(score: Any) -> None:
    found, code = score(CLASSES, "id,y\n1,a\n2,b\n3,c\n4,c\n", "--metric", "f1_micro")
    assert (code, found["metric"], found["score"]) == (0, "accuracy", 0.75)


def test_lists_of_labels(score: Any) -> None:
    truth, given = "id,y\n1,a|b\n2,c\n", "id,y\n1,a\n2,c\n"
    found, code = score(truth, given, "--metric", "f1_samples")
    assert (code, found["score"]) == (0, pytest.approx((2 / 3 + 1) / 2))
    found, code = score(truth, given, "--metric", "f1_micro")
    assert (code, found["metric"], found["score"]) == (0, "f1_micro", pytest.approx(0.8))
    found, code = score(truth, given, "--metric", "hamming")
    assert (code, found["score"]) == (0, pytest.approx(1 / 6))


def test_durations_take_their_column_from_the_truth(score: Any) -> None:
    truth = "id,y,event\n1,1,1\n2,2,0\n3,3,1\n4,5,1\n"
    found, code = score(truth, "id,y\n1,2\n2,2\n3,4\n4,3\n", "--metric", "concordance")
    assert (code, found["score"]) == (0, 0.625)


ZONES = "id,y,zone,age,w\n1,a,n,x,1\n2,b,s,x,1\n3,b,n,y,2\n4,a,s,y,1\n"
LABELS = "id,y\n1,a\n2,b\n3,b\n4,b\n"


def test_each_group_of_each_column_has_its_figure(score: Any) -> None:
    found, code = score(ZONES, LABELS, "--metric", "accuracy", "--group", "zone", "age")
    assert (code, found["score"], found["n"]) == (0, 0.75, 4)
    assert {
        column: {name: (facts["value"], facts["n"]) for name, facts in groups.items()}
        for column, groups in found["groups"].items()
    } == {"zone": {"n": (1.0, 2), "s": (0.5, 2)}, "age": {"x": (1.0, 2), "y": (0.5, 2)}}
    assert found["groups"]["zone"]["s"]["low"] < 0.5 < found["groups"]["zone"]["s"]["high"]


def test_a_group_without_a_value_is_none(score: Any) -> None:
    truth = "id,y,zone\n1,0,n\n2,1,n\n3,1,s\n4,1,s\n"
    given = "id,y\n1,0.1\n2,0.9\n3,0.5\n4,0.6\n"
    found, code = score(truth, given, "--metric", "auc", "--group", "zone")
    assert code == 0
    values = {name: facts["value"] for name, facts in found["groups"]["zone"].items()}
    assert values == {"n": 1.0, "s": None}


def test_groups_parts_and_weights_go_together(score: Any) -> None:
    args = ("--split", "zone", "--group", "age", "--weight", "w")
    found, code = score(ZONES, LABELS, "--metric", "accuracy", *args)
    assert code == 0
    splits = found["splits"]
    assert {name: facts["score"] for name, facts in splits.items()} == {
        "public": 1.0,
        "private": 0.5,
    }
    assert splits["private"]["groups"]["age"]["y"]["value"] == 0.0
    found, _ = score(ZONES, LABELS, "--metric", "accuracy", "--weight", "w", "--target", "y")
    assert found["score"] == pytest.approx(4 / 5)


def test_a_parquet_answer_is_read_by_its_columns(score: Any) -> None:
    table = parquet(query=["q1", "q2"], rank=[1, 1], item=["a", "b"])
    found, code = score(RANKED, table, "--metric", "mrr@2", name="p.parquet")
    assert (code, found["score"]) == (0, 1.0)


def test_a_prediction_column_may_be_named(score: Any) -> None:
    given = "id,y,other\n1,b,a\n2,a,b\n3,a,b\n4,b,b\n"
    found, code = score(ZONES, given, "--metric", "accuracy", "--prediction", "other")
    assert (code, found["score"]) == (0, 0.75)


@pytest.mark.parametrize(
    ("truth", "given", "args"),
    [
        (ZONES, LABELS, ("--metric", "accuracy", "--group", "pays")),
        (ZONES, LABELS, ("--metric", "accuracy", "--split", "pays")),
        (ZONES, LABELS, ("--metric", "accuracy", "--cluster", "pays")),
        (ZONES, LABELS, ("--metric", "accuracy", "--weight", "zone")),
        (ZONES, LABELS, ("--metric", "accuracy", "--target", "pays")),
        (ZONES, LABELS, ("--metric", "accuracy", "--id", "pays")),
        (ZONES, LABELS, ("--metric", "formula")),
        (CLASSES, CLASSES, ("--metric", "f1")),
        (CLASSES, PROBABILITIES.replace("id,c", "id,d"), ("--metric", "log_loss_multi")),
        (NUMBERS, "id,y\n1,3\n2,7\n", ("--metric", "concordance")),
        (RANKED, LISTS.replace("item", "x"), ("--metric", "ndcg@2")),
        (RANKED.replace("gain", "x"), LISTS, ("--metric", "ndcg@2")),
        (RANKED, SCORES, ("--metric", "gain_covered@2")),
        ("id,y\n1,1\n2,1\n", "id,y\n1,1\n2,0\n", ("--metric", "auc")),
        ("id,y\n1,5\n2,5\n", "id,y\n1,1\n2,0\n", ("--metric", "r2")),
        ("id,y\n1,0\n2,5\n", "id,y\n1,1\n2,0\n", ("--metric", "mape")),
    ],
)
def test_what_cannot_be_guessed_or_measured_exits_with_two(
    score: Any, truth: str, given: str, args: tuple[str, ...]
) -> None:
    assert score(truth, given, *args)[1] == 2


def test_names_and_numbers_of_metrics() -> None:
    assert named("ndcg@10") == ("ndcg", {"k": 10})
    assert named("ndcg_exp@10") == ("ndcg", {"gain": "exponential", "k": 10})
    assert named("pinball@0.9") == ("pinball", {"tau": 0.9})
    for alias, name in (
        ("auc", "roc_auc"),
        ("f1_macro", "f1_macro"),
        ("f1_micro", "f1_micro"),
        ("qwk", "kappa_quadratic"),
        ("ap", "average_precision"),
        ("logloss", "log_loss"),
    ):
        assert named(alias) == (name, {})
    assert {named(alias)[0] for alias in ALIASES} <= set(METRICS)
    assert first_of(["Rang", "x"], "rank") == "Rang"
