"""What a contract may not declare, and the truths that leave a figure without a value.

What is published then has a value for every answer that is accepted, whatever it holds.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from challenges.scoring import evaluation, registry
from challenges.scoring.contract import (
    AnswerSpec,
    FileColumn,
    ScoringContract,
    TruthFault,
)
from challenges.scoring.fields import ContractFault
from challenges.scoring.predictions.reader import read_predictions
from challenges.scoring.truth import load_keys, load_labels
from tests.challenges.scoring.answers import SHARE, one_row, ranked_list, scores, several
from tests.challenges.scoring.boards import ROWS, contract_of, scored, truth_of

CLASSES = ["a", "b", "c"]
LABEL = {"type": "category", "domain": CLASSES}
TARGETS = {"a": {"label": "vrai_a"}, "b": {"label": "vrai_b"}}
SUBMISSIONS: dict[str, dict[str, Any]] = {
    "label": one_row(**LABEL),
    "levels": one_row(type="integer", min=1, max=2),
    "share": one_row(**SHARE),
    "number": one_row(),
    "wide": one_row(min=-1, max=2),
    "positive": one_row(min=0),
    "sets": one_row(**LABEL | {"type": "label_set"}),
    "free sets": one_row(type="label_set"),
    "group": one_row(type="string"),
    "classes": several("probabilities", *CLASSES),
    "wide classes": several("probabilities", *CLASSES, a={"max": 2}),
    "targets": several("targets", "a", "b", **TARGETS),
    "ranked": ranked_list(),
    "scored": scores(),
}
GAINS = {"query": "q", "item": "i", "gain": "g"}


def of(metric: str, **params: Any) -> dict[str, Any]:
    return {"metric": metric, "params": params}


def formula(text: str, **more: Any) -> list[Any]:
    whole = {"key": "all"} | of("formula", formula=text) | more
    return [{"key": "auc", "metric": "roc_auc"}, whole]


SAID_OF_BRIER = ["{} needs answers of at least 0", "{} needs answers of at most 1"]
PROBLEMS: list[tuple[str, Any, list[str]]] = [
    ("share", of("pinball", tau=0.5), []),
    ("share", of("pinball", tau=1), ["tau must lie between 0 and 1"]),
    ("share", of("pinball", tau=True), ["tau must lie between 0 and 1"]),
    ("share", of("pinball"), ["parameter tau is missing"]),
    ("share", of("log_loss", clip=0.7), ["clip must lie between 0 and 0.5"]),
    ("share", of("concordance", event="e", score="x"), ["score must be one of duration, risk"]),
    ("share", of("accuracy", prefix=0), ["prefix must be a whole number of at least 1"]),
    ("share", of("accuracy", z=0), ["unknown parameter z"]),
    ("share", of("ami", average="max"), ["average must be one of arithmetic"]),
    ("levels", of("kappa_quadratic", labels="12"), ["labels must be a list"]),
    ("share", of("beauty"), ["unknown metric beauty"]),
    ("share", of("f1_samples"), ["f1_samples cannot read this kind of answer"]),
    ("share", of("mae") | {"by": "h"}, ["unknown attribute h"]),
    ("levels", of("kappa_quadratic", labels=[1, 2]), []),
    ("levels", of("kappa_quadratic"), ["parameter labels is missing"]),
    ("levels", of("kappa_quadratic", labels=[1]), ["an allowed answer is outside the levels"]),
    ("number", of("kappa_quadratic", labels=[1, 2]),
     ["levels need a declared nomenclature or integer bounds"]),
    *[(kind, of(metric), [text.format(metric) for text in SAID_OF_BRIER if kind != "share"])
      for metric in ("brier", "log_loss") for kind in ("share", "number", "wide")],
    ("positive", of("rmsle"), []),
    ("number", of("rmsle"), ["rmsle needs answers of at least 0"]),
    ("sets", of("hamming"), []),
    ("free sets", of("hamming"), ["hamming needs a declared nomenclature"]),
    ("wide classes", of("brier_multi"), ["probabilities are declared between 0 and 1"]),
    ("classes", of("mae"), ["mae cannot read this kind of answer"]),
    ("targets", of("mae", target="vrai_a"), []),
    ("targets", of("mae"), ["parameter target is missing"]),
    ("targets", of("mae", target="a"), ["target must be one of vrai_a, vrai_b"]),
    ("targets", of("brier_multi", target="vrai_a"),
     ["brier_multi cannot read this kind of answer"]),
    ("targets", of("brier", target="vrai_b"), [text.format("brier") for text in SAID_OF_BRIER]),
    ("scored", of("ndcg", gain="exponential"), []),
    ("scored", of("ndcg", gain="x"), ["gain must be one of linear, exponential"]),
    ("scored", of("gain_covered", k=1), ["gain_covered cannot read this kind of answer"]),
    ("share", formula("auc * 2"), []),
    ("share", formula("auc + beauty"), ["the formula names beauty, which is no plain figure"]),
    ("share", formula("auc + all"), ["the formula names all, which is no plain figure"]),
    ("share", formula("auc ** 2"), ["only + − × ÷ min max, numbers and keys are known"]),
    ("share", formula("auc", by="g"),
     ["a formula is not computed by group", "unknown attribute g"]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "metrics", "said"), PROBLEMS)
def test_problems_of_a_contract(kind: str, metrics: Any, said: list[str]) -> None:
    figures, truth = metrics if isinstance(metrics, list) else [metrics], ROWS
    if kind == "scored":
        truth = GAINS
    chosen = contract_of(SUBMISSIONS[kind], *figures, truth=truth)
    assert sorted(text for _, text in registry.problems(chosen)) == sorted(said)


ATTRIBUTES = [
    {"key": "zone", "source": "truth", "column": "zone"},
    {"key": "nat", "source": "truth", "column": "n", "label": "Nationalité"},
    {"key": "commune", "source": "truth", "column": "c"},
]


@pytest.mark.parametrize(
    ("audit", "text"),
    [
        ({"measures": ["equal_opportunity"]}, "the positive answer is missing"),
        ({"positive": "z"}, "z is no possible answer"),
    ],
)
def test_problems_of_an_audit(audit: dict[str, Any], text: str) -> None:
    fairness = {"attributes": ATTRIBUTES, "audit": audit}
    chosen = contract_of(SUBMISSIONS["label"], "accuracy", fairness=fairness)
    assert ("audit", text) in registry.problems(chosen)


def test_a_metric_of_ranks_knows_no_weights() -> None:
    chosen = contract_of(SUBMISSIONS["share"], "roc_auc", truth=ROWS | {"weight": "w"})
    assert registry.problems(chosen) == [("roc_auc", "roc_auc knows no weights")]


SCORES = scores()["columns"]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (one_row() | {"columns": one_row()["columns"][:1]}, "rôle « target » est attendue"),
        (one_row() | {"layout": "ranked_list"}, "« query » est attendue, 0 trouvée"),
        (several(None, "a", "b"), "form : cette clé est obligatoire"),
        (several("targets", "a") | {"layout": "one_row_per_id"}, "ne va pas avec one_row_per_id"),
        (several("beauty", "a", "b"), "form : valeurs admises : probabilities, targets"),
        (several("targets", "a", "b", a={"type": "string"}), "sont de type float"),
        (several("probabilities", "a", "b", a={"label": "b"}), "une colonne par classe"),
        (scores(None), "policy : cette clé est obligatoire"),
        (scores("some"), "policy : valeurs admises : complete, top_k"),
        (scores(layout="ranked_list"), "« rank » est attendue"),
        (scores(columns=[*SCORES[:2], SCORES[2] | {"type": "string"}]), "« score » est de type"),
        *[(scores(columns=[SCORES[0], SCORES[1] | {"type": kind}, SCORES[2]]),
           "« item » est de type string ou category") for kind in ("integer", "label_set")],
    ],
)  # fmt: skip
def test_a_form_of_answers_that_cannot_be_is_refused(raw: dict[str, Any], why: str) -> None:
    with pytest.raises(ContractFault, match=why):
        AnswerSpec.from_json(raw)


def test_a_domain_must_be_resolved() -> None:
    with pytest.raises(ContractFault):
        FileColumn.from_json(
            {"name": "p", "role": "target", "type": "category", "domain": {"file": "x"}}
        )


@pytest.mark.parametrize("kind", SUBMISSIONS)
def test_a_contract_survives_json(kind: str) -> None:
    truth = GAINS if kind in ("ranked", "scored") else ROWS | {"strata": "s", "weight": "w"}
    chosen = contract_of(SUBMISSIONS[kind], "mae", truth=truth)
    assert ScoringContract.from_json(json.loads(json.dumps(chosen.to_json()))) == chosen
    plain = contract_of(SUBMISSIONS[kind], "mae", truth=GAINS if truth is GAINS else ROWS)
    assert "strata" not in plain.to_json()["truth"]  # an older contract keeps its digest
    assert (plain.digest == chosen.digest) is (truth is GAINS)


# --- truths without a value


@dataclass(frozen=True)
class Case:
    """Name a form of answers, parameters, truths without a value and one with a value."""

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
    return "q,i,g\n" + "".join(f"{q},{i},{g}\n" for q, i, g in each)


TWO = rows("a", "b", "b", "a")
NUMBERS = rows(1, 2, 3, 5)
YES_NO = rows(0, 1, 1, 0)
ENDS = rows(1, 2, 3, 3.5, more="done", cells=[1, 0, 1, 1])
CUT = rows(1, 2, 3, 3.5, more="done", cells=[0, 0, 0, 0])
LISTS = gains(("q1", "a", 1), ("q1", "b", 0), ("q2", "b", 2), ("q2", "c", 0))
NOTHING = gains(("q1", "a", 0), ("q1", "b", 0))
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
    "concordance": Case("positive", [CUT, rows(2, more="done", cells=[1]),
                                     rows(1, 2, more="done", cells=["x", 0])], ENDS,
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
# The same of scores of candidates: one candidate alone is no list.
SCORED = {
    "ndcg": Case("scored", [NOTHING, gains(("q1", "b", 1))], LISTS),
    "map_at_k": Case("scored", [NOTHING, gains(("q1", "b", 0))], LISTS),
}
EVERY = [*REFUSED.items(), *ALWAYS.items(), *SCORED.items()]


def contract(name: str, case: Case, **truth: Any) -> ScoringContract:
    columns = GAINS if case.kind in ("ranked", "scored") else ROWS
    figure = {"key": "m"} | of(name, **case.params)
    return contract_of(SUBMISSIONS[case.kind], figure, truth=columns | truth)


def test_every_metric_is_told() -> None:
    assert set(REFUSED) | set(ALWAYS) | OF_THE_ANSWER == set(registry.METRICS)
    assert not set(REFUSED) & set(ALWAYS)


@pytest.mark.parametrize(
    ("name", "case", "truth"), [(n, case, truth) for n, case in EVERY for truth in case.without]
)
def test_a_truth_without_a_value_is_refused(name: str, case: Case, truth: str) -> None:
    chosen = contract(name, case)
    with pytest.raises(TruthFault, match="E_METRIC_UNDEFINED m, public"):
        evaluation.require_defined(chosen, truth_of(chosen, truth))


def answers(case: Case, ids: list[str], listed: list[list[str]]) -> Iterator[str]:
    """Write answers that are accepted: constant ones, and drawn ones."""
    rng = np.random.default_rng(11)
    head = ",".join(column["name"] for column in SUBMISSIONS[case.kind]["columns"])
    each: dict[str, list[Any]] = {
        "label": CLASSES,
        "group": ["x", "y", "z"],
        "sets": ["", "a", "a b", "a b c"],
        "share": [0, 1, 0.5, 0.25],
        "number": [0, -7, 3, 1e9],
        "positive": [0, 7, 3, 1e9],
        "classes": ["1,0,0", "0,0,1", "0.5,0.25,0.25"],
        "ranked": ["1,a", "1,c", "3,b"],
        "scored": [0, 1, 2],
    }
    starts = [f"{q},{i}" for q, row in zip(ids, listed, strict=True) for i in row]
    starts = starts if case.kind == "scored" else ids
    values = each[case.kind]
    for value in values:
        yield "\n".join([head, *(f"{start},{value}" for start in starts)])
    for _ in range(5):
        drawn = rng.integers(0, len(values), len(starts))
        lines = [f"{start},{values[at]}" for start, at in zip(starts, drawn, strict=True)]
        yield "\n".join([head, *lines])


@pytest.mark.parametrize(("name", "case"), EVERY, ids=[f"{n} {c.kind}" for n, c in EVERY])
def test_what_is_published_has_a_value_for_every_accepted_answer(name: str, case: Case) -> None:
    chosen = contract(name, case)
    truth = truth_of(chosen, case.fine)
    evaluation.require_defined(chosen, truth)
    keys, labels = load_keys(truth.keys), load_labels(truth.labels)
    metric = registry.METRICS[name]
    for text in answers(case, keys.ids, keys.candidates or [[]] * len(keys.ids)):
        found, answer = read_predictions(text.encode(), "p.csv", chosen.answer, keys)
        assert answer is not None, (found.faults, text)
        done = evaluation.evaluate(chosen, keys, labels, answer, found)
        value = done.values["public"]["m"]
        assert value is not None, text
        assert metric.low <= value <= metric.high, text


def test_the_event_of_durations_is_yes_or_no() -> None:
    chosen = contract("concordance", REFUSED["concordance"])
    truth = truth_of(chosen, rows(1, 2, more="done", cells=["x", 0]))
    told = evaluation.undefined_figures(chosen, load_keys(truth.keys), load_labels(truth.labels))
    assert [why for _, _, why in told] == ["the event must be 0 or 1"]


def test_publication_names_an_unknown_metric_and_a_column_that_the_truth_lacks() -> None:
    unknown = contract_of(SUBMISSIONS["share"], "beauty")
    with pytest.raises(TruthFault, match="E_METRIC beauty"):
        evaluation.require_defined(unknown, truth_of(unknown, YES_NO))
    for chosen in (
        contract("concordance", REFUSED["concordance"]),
        contract_of(
            SUBMISSIONS["targets"], of("mae", target="vrai_a"), truth=ROWS | {"target": "vrai_a"}
        ),
    ):
        with pytest.raises(TruthFault, match=r"E_COLUMN_MISSING (done|vrai_a)"):
            truth_of(chosen, YES_NO)


def test_a_group_without_a_value_is_not_computed_and_refuses_nothing() -> None:
    fairness = {
        "min_rows": 1,
        "attributes": [{"key": "z", "source": "truth", "column": "zone"}],
        "metrics": [
            {"key": "by", "metric": "roc_auc", "by": "z", "aggregate": "table"},
            {"key": "worst", "metric": "roc_auc", "by": "z", "aggregate": "worst"},
        ],
    }
    chosen = contract_of(SUBMISSIONS["share"], "roc_auc", fairness=fairness)
    text = rows(0, 1, 1, 1, more="zone", cells=["n", "n", "s", "s"])
    found = scored(chosen, text, rows(*[0.5] * 4).replace("y", "p")).values["public"]
    groups = found["by"]["groups"]
    assert {name: facts["value"] for name, facts in groups.items()} == {"n": 0.5, "s": None}
    assert found["worst"] == {"withheld": 0.5}  # of two rows


@pytest.mark.parametrize(
    ("cells", "part"), [("abba", None), ("aaba", "public"), ("baaa", "private")]
)
def test_both_parts_are_looked_at(cells: str, part: str | None) -> None:
    split = {"column": "part", "public": "u", "private": "v"}
    chosen = contract("mcc", REFUSED["mcc"], split=split)
    truth = truth_of(chosen, rows(*cells, more="part", cells="uuvv"))
    if part is None:
        evaluation.require_defined(chosen, truth)
        return
    with pytest.raises(TruthFault, match=f"E_METRIC_UNDEFINED m, {part}"):
        evaluation.require_defined(chosen, truth)
