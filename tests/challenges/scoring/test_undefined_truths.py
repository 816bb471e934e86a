"""Every metric: the truths that leave it without a value are refused before a challenge opens.

What is published then has a value for every answer that is accepted, whatever it holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from challenges.scoring import definedness, evaluation, registry
from challenges.scoring.contract import ScoringContract
from challenges.scoring.metric import Shape
from challenges.scoring.predictions.reader import read
from challenges.scoring.truth import TruthFault, compile_truth, load_keys, load_labels
from tests.challenges.scoring.boards import SALT

CLASSES = ["a", "b", "c"]
KEY = {"name": "id", "role": "id", "type": "string"}
QUERY = {"name": "id", "role": "query", "type": "string"}
LABEL = {"name": "p", "role": "target", "type": "category", "domain": CLASSES}
ITEM = {"name": "i", "role": "item", "type": "category", "domain": ["x", "y", "z"]}


def columns(*names: str, **facts: Any) -> list[dict[str, Any]]:
    return [{"name": n, "role": "target", "type": "float"} | facts for n in names]


def several(form: str, *names: str, **facts: Any) -> dict[str, Any]:
    shape = {"layout": "numbers_per_id", "form": form}
    return shape | {"columns": [KEY, *columns(*names, **facts)]}


def row(**facts: Any) -> dict[str, Any]:
    return {"layout": "one_row_per_id", "columns": [KEY, {**columns("p")[0], **facts}]}


SHARE = {"min": 0, "max": 1}
SUBMISSIONS: dict[str, dict[str, Any]] = {
    "label": {"layout": "one_row_per_id", "columns": [KEY, LABEL]},
    "share": row(**SHARE),
    "number": row(),
    "positive": row(min=0),
    "sets": {"layout": "one_row_per_id", "columns": [KEY, LABEL | {"type": "label_set"}]},
    "group": row(type="string"),
    "classes": several("probabilities", *CLASSES, **SHARE),
    "ranked": {
        "layout": "ranked_list",
        "max_items_per_query": 3,
        "columns": [QUERY, {"name": "r", "role": "rank", "type": "integer"}, ITEM],
    },
    "scored": {
        "layout": "candidate_scores",
        "policy": "complete",
        "columns": [QUERY, ITEM, {"name": "s", "role": "score", "type": "float"}],
    },
}
GAINS = {"query": "id", "item": "i", "gain": "g"}
TRUTHS = {
    "ranked": GAINS,
    "scored": GAINS,
}


@dataclass(frozen=True)
class Case:
    """Name a kind of answer, parameters, truths without a value and one with a value."""

    kind: str
    without: list[str]
    fine: str
    params: dict[str, Any] = field(default_factory=dict)


def rows(*values: Any, more: str = "", cells: Any = ()) -> str:
    """Write a truth: id, y and perhaps one more column."""
    head = "id,y" + (f",{more}" if more else "")
    extra = [f",{cell}" for cell in cells] or [""] * len(values)
    lines = [f"r{i},{v}{e}" for i, (v, e) in enumerate(zip(values, extra, strict=True))]
    return "\n".join([head, *lines]) + "\n"


def gains(*each: tuple[str, str, float]) -> str:
    return "id,i,g\n" + "".join(f"{q},{i},{g}\n" for q, i, g in each)


TWO = rows("a", "b", "b", "a")
NUMBERS = rows(1, 2, 3, 5)
YES_NO = rows(0, 1, 1, 0)
ENDS = rows(1, 2, 3, 3.5, more="done", cells=[1, 0, 1, 1])
CUT = rows(1, 2, 3, 3.5, more="done", cells=[0, 0, 0, 0])
LISTS = gains(("q1", "x", 1), ("q1", "y", 0), ("q2", "y", 2), ("q2", "z", 0))
NOTHING = gains(("q1", "x", 0), ("q1", "y", 0))
ONE_CLASS = [rows("a", "a"), rows("b")]
LEVELS = {"labels": CLASSES}
K = {"k": 2}

REFUSED = {
    **{name: Case("label", ONE_CLASS, TWO, LEVELS)
       for name in ("kappa", "kappa_quadratic")},
    "mcc": Case("label", ONE_CLASS, TWO),
    **{name: Case("label", [rows("a", "a")], TWO, {"positive": "b"})
       for name in ("precision", "recall", "f1")},
    "roc_auc": Case("share", [rows(1, 1), rows(0), rows(0, 1, 0.5)], YES_NO),
    "average_precision": Case("share", [rows(0, 0), rows(0, 0.5)], YES_NO),
    **{name: Case("share", [rows(0, 0.5)], YES_NO)
       for name in ("log_loss", "brier")},
    "roc_auc_ovr": Case("classes", ONE_CLASS, rows("a", "b", "c")),
    **{name: Case("number", [rows(5, 5), rows(5)], NUMBERS)
       for name in ("pearson", "spearman", "kendall_b", "r2")},
    "mape": Case("number", [rows(0, 10), rows(1e-300, 10)], NUMBERS),
    "rmsle": Case("positive", [rows(-1, 10)], NUMBERS),
    "concordance": Case("positive", [CUT, rows(2, more="done", cells=[1])], ENDS,
                        {"event": "done"}),
    "f1_micro": Case("sets", [rows("", "")], rows("a b", "")),
    **{name: Case("ranked", [NOTHING], LISTS, K)
       for name in ("map_at_k", "map_r_at_k", "mrr_at_k", "precision_at_k",
                    "recall_r_at_k", "recall_at_k")},
    "ndcg": Case("ranked", [NOTHING], LISTS, {"k": 2, "gain": "linear"}),
    "pair_consistency": Case(
        "label",
        [rows("a", "a", more="m,g", cells=["1,f", "2,m"])],
        rows("a", "b", more="m,g", cells=["1,f", "1,m"]),
        {"pair": "m", "member": "g", "members": ["f", "m"]},
    ),
}  # fmt: skip

# Metrics that have a value on any truth that compiles.
ALWAYS = {
    **{name: Case("label", [], rows("a"))
       for name in ("accuracy", "f1_macro", "balanced_accuracy", "f1_weighted")},
    **{name: Case("classes", [], rows("a"))
       for name in ("log_loss_multi", "brier_multi")},
    "top_k_accuracy": Case("classes", [], rows("a"), K),
    **{name: Case("number", [], rows(0)) for name in ("mae", "medae", "mse", "rmse")},
    "pinball": Case("number", [], rows(0), {"tau": 0.9}),
    **{name: Case("sets", [], rows(""))
       for name in ("f1_samples", "precision_samples", "recall_samples", "jaccard_samples",
                    "hamming")},
    "gain_covered": Case("ranked", [], NOTHING, K),
    **{name: Case("group", [], rows("a"))
       for name in ("ari", "ami", "nmi", "n_clusters")},
}  # fmt: skip
# Figures over what teams give: they may have no value, and none of them ranks alone.
OF_THE_ANSWER = {"attribute_distance", "share_other_prefix", "formula"}


def contract(name: str, case: Case) -> ScoringContract:
    return ScoringContract.from_json(
        {
            "submission": SUBMISSIONS[case.kind],
            "truth": TRUTHS.get(case.kind, {"id": "id", "target": "y"}),
            "metrics": [{"key": "m", "metric": name, "params": case.params}],
        }
    )


def published(name: str, case: Case, truth: str) -> Any:
    chosen = contract(name, case)
    compiled = compile_truth(chosen, truth.encode(), {}, salt=SALT)
    definedness.require(chosen, compiled)
    return compiled


def test_every_metric_is_told() -> None:
    assert set(REFUSED) | set(ALWAYS) | OF_THE_ANSWER == set(registry.METRICS)
    assert not set(REFUSED) & set(ALWAYS)
    assert {Shape.FORMULA} == {registry.METRICS[name].shape for name in OF_THE_ANSWER} - {
        Shape.RANKED
    }


@pytest.mark.parametrize(
    ("name", "truth"), [(n, truth) for n, case in REFUSED.items() for truth in case.without]
)
def test_a_truth_without_a_value_is_refused(name: str, truth: str) -> None:
    with pytest.raises(TruthFault, match="E_METRIC_UNDEFINED m, public"):
        published(name, REFUSED[name], truth)


def answers(case: Case, keys: Any) -> Iterator[str]:
    """Write answers that are accepted: constant ones, and drawn ones."""
    rng = np.random.default_rng(11)
    ids, names = keys.ids, [c["name"] for c in SUBMISSIONS[case.kind]["columns"]]
    for cells in _cells(case, rng, ids, keys.candidates):
        yield "\n".join([",".join(names), *cells]) + "\n"


def _cells(case: Case, rng: Any, ids: list[str], listed: list[list[str]]) -> Iterator[list[str]]:
    each: dict[str, list[Any]] = {
        "label": CLASSES,
        "group": ["x", "y", "z"],
        "sets": ["", "a", "a b", "a b c"],
        "share": [0, 1, 0.5, 0.25],
        "number": [0, -7, 3, 1e9],
        "positive": [0, 7, 3, 1e9],
        "classes": ["1,0,0", "0,0,1", "0.5,0.25,0.25"],
        "ranked": ["1,x", "1,z", "3,y"],
    }
    if case.kind == "scored":
        pairs = [(q, i) for q, items in zip(ids, listed, strict=True) for i in items]
        yield [f"{q},{i},0" for q, i in pairs]
        for _ in range(3):
            yield [f"{q},{i},{rng.integers(0, 3)}" for q, i in pairs]
        return
    values = each[case.kind]
    for value in values:
        yield [f"{i},{value}" for i in ids]
    for _ in range(5):
        yield [f"{i},{values[rng.integers(0, len(values))]}" for i in ids]


@pytest.mark.parametrize("name", [*REFUSED, *ALWAYS])
def test_what_is_published_has_a_value_for_every_accepted_answer(name: str) -> None:
    case = {**REFUSED, **ALWAYS}[name]
    chosen, truth = contract(name, case), published(name, case, case.fine)
    keys, labels = load_keys(truth.keys), load_labels(truth.labels)
    metric = registry.METRICS[name]
    for text in answers(case, keys):
        found, answer = read(text.encode(), "p.csv", chosen.answer, keys)
        assert answer is not None, (found.faults, text)
        done = evaluation.evaluate(chosen, keys, labels, answer, found)
        value = done.values["public"]["m"]
        assert value is not None, text
        assert metric.low <= value <= metric.high, text


def test_a_group_without_a_value_is_not_computed_and_refuses_nothing() -> None:
    raw = contract("roc_auc", REFUSED["roc_auc"]).to_json()
    raw["fairness"] = {
        "min_rows": 1,
        "attributes": [{"key": "z", "source": "truth", "column": "zone"}],
        "metrics": [
            {"key": "by", "metric": "roc_auc", "by": "z", "aggregate": "table"},
            {"key": "worst", "metric": "roc_auc", "by": "z", "aggregate": "worst"},
        ],
    }
    chosen = ScoringContract.from_json(raw)
    text = rows(0, 1, 1, 1, more="zone", cells=["n", "n", "s", "s"])
    truth = compile_truth(chosen, text.encode(), {}, salt=SALT)
    definedness.require(chosen, truth)
    keys = load_keys(truth.keys)
    answer = "id,p\n" + "".join(f"{i},{p}\n" for i, p in zip(keys.ids, [0.5] * 4, strict=True))
    found, laid = read(answer.encode(), "p.csv", chosen.answer, keys)
    assert laid is not None
    done = evaluation.evaluate(chosen, keys, load_labels(truth.labels), laid, found)
    groups = done.values["public"]["by"]["groups"]
    assert {name: facts["value"] for name, facts in groups.items()} == {"n": 0.5, "s": None}
    assert done.values["public"]["worst"] == {"withheld": 0.5}  # of two rows


def test_both_parts_are_looked_at() -> None:
    raw = contract("mcc", REFUSED["mcc"]).to_json()
    raw["truth"]["split"] = {"column": "part", "public": "u", "private": "v"}
    chosen = ScoringContract.from_json(raw)
    fine = rows("a", "b", "b", "a", more="part", cells=["u", "u", "v", "v"])
    definedness.require(chosen, compile_truth(chosen, fine.encode(), {}, salt=SALT))
    one = rows("a", "a", "b", "a", more="part", cells=["u", "u", "v", "v"])
    truth = compile_truth(chosen, one.encode(), {}, salt=SALT)
    with pytest.raises(TruthFault, match="E_METRIC_UNDEFINED m, public"):
        definedness.require(chosen, truth)
    one = rows("b", "a", "a", "a", more="part", cells=["u", "u", "v", "v"])
    truth = compile_truth(chosen, one.encode(), {}, salt=SALT)
    with pytest.raises(TruthFault, match="E_METRIC_UNDEFINED m, private"):
        definedness.require(chosen, truth)
