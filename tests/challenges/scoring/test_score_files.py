"""Files of scores: one per candidate of a query, one per label of a row."""

from typing import Any

import numpy as np
import pytest

from challenges.scoring import definedness, evaluation, registry
from challenges.scoring.answer import AnswerSpec, ContractFault
from challenges.scoring.contract import ScoringContract
from challenges.scoring.predictions.align import Answer
from challenges.scoring.predictions.reader import read
from challenges.scoring.truth import (
    Keys,
    TruthFault,
    compile_truth,
    keys_of,
    load_keys,
    load_labels,
)
from tests.challenges.scoring.answers import first, parquet, verdict
from tests.challenges.scoring.boards import SALT
from tests.challenges.scoring.parts import rng_of
from tests.challenges.scoring.test_metrics_ranking import candidates

HEAD = "q,i,s\n"
KNOWN = load_keys(keys_of(["q1", "q2"], [["a", "b"], ["b", "c", "d"]]))
FREE = Keys.of(["q1", "q2"])
FULL = "q2,b,1\nq1,b,0.5\nq2,d,3\nq1,a,0.25\nq2,c,2\n"


def raw(policy: str | None = "complete", **more: Any) -> dict[str, Any]:
    columns = [
        {"name": "q", "role": "query", "type": "string"},
        {"name": "i", "role": "item", "type": "category"},
        {"name": "s", "role": "score", "type": "float"},
    ]
    return {"layout": "candidate_scores", "policy": policy, "columns": columns} | more


def spec(policy: str = "complete", **more: Any) -> AnswerSpec:
    return AnswerSpec.from_json(raw(policy, **more))


def contract(policy: str, *metrics: dict[str, Any], **more: Any) -> ScoringContract:
    return ScoringContract.from_json(
        {
            "submission": raw(policy, **more),
            "truth": {"query": "q", "item": "i", "gain": "g"},
            "metrics": [{"key": m["metric"]} | m for m in metrics],
        }
    )


def test_scores_are_laid_along_the_queries_and_their_candidates() -> None:
    found, laid = verdict(HEAD + FULL, spec(), KNOWN)
    assert found.accepted
    assert laid is not None
    assert (laid.texts, laid.p.tolist()) == (["a", "b", "c", "d"], [0, 1, 1, 2, 3])
    assert laid.scores is not None
    assert laid.scores.tolist() == [0.25, 0.5, 1.0, 2.0, 3.0]
    again = Answer.from_bytes(laid.to_bytes())
    assert again.scores is not None
    assert again.scores.tolist() == laid.scores.tolist()
    assert found.warnings == ()


def test_copies_in_any_format_and_order_share_their_digest() -> None:
    rows = [line.split(",") for line in FULL.split()]
    q, i, s = zip(*rows, strict=True)
    table = parquet(s=[float(v) for v in s], i=list(i), q=list(q))
    one, _ = verdict(table, spec(), KNOWN, "p.parquet")
    other, _ = verdict(HEAD + "\n".join(sorted(FULL.split())), spec(), KNOWN)
    moved, _ = verdict(HEAD + FULL.replace("q2,d,3", "q2,d,4"), spec(), KNOWN)
    assert one.accepted
    assert one.digest == other.digest != moved.digest


@pytest.mark.parametrize(
    ("body", "code", "line"),
    [
        (FULL.replace("q1,a,0.25\n", ""), "E_ID_MISSING", None),
        (FULL.replace("q1,b,0.5\nq2,d,3\nq1,a,0.25\n", "q2,d,3\n"), "E_ID_MISSING", None),
        (FULL + "q1,a,0.5\n", "E_ITEM_DUPLICATE", 7),
        (FULL.replace("q1,b", "q1,c"), "E_LABEL_UNKNOWN", 3),
        (FULL.replace("q1,b", "q9,b"), "E_ID_UNKNOWN", 3),
        (FULL.replace("q1,b", ",b"), "E_ID_EMPTY", 3),
        (FULL.replace("q1,b", "q1,"), "E_VALUE_MISSING", 3),
        (FULL.replace("0.5", ""), "E_VALUE_MISSING", 3),
        (FULL.replace("0.5", "nan"), "E_VALUE_NOT_FINITE", 3),
        (FULL.replace("0.5", "haut"), "E_VALUE_TYPE", 3),
        (FULL.replace("q1,b,0.5", "q1,b"), "E_ROW_FIELDS", 3),
    ],
)
def test_each_candidate_has_one_score(body: str, code: str, line: int | None) -> None:
    assert first(HEAD + body, spec(), KNOWN)[:2] == (code, line)


def test_faults_say_which_candidate() -> None:
    found, _ = verdict(HEAD + "q2,c,1\nq1,b,2\n", spec(), KNOWN)
    assert found.faults[0].message == (
        "Il manque le score de 3 candidats sur 5 ; premier : « a » de « q1 »."
    )
    found, _ = verdict(HEAD + FULL.replace("q1,b", "q1,c"), spec(), KNOWN)
    assert found.faults[0].message == (
        "1 candidat n’est pas de ceux de sa demande. Ligne 3 : « c » de « q1 »."
    )


def test_bounds_and_a_nomenclature_hold() -> None:
    columns = raw()["columns"]
    columns[1] |= {"domain": ["a", "b", "c", "d", "e"]}
    columns[2] |= {"min": 0, "max": 1}
    bounded = spec(columns=columns)
    assert first(HEAD + FULL, bounded, KNOWN)[:2] == ("E_VALUE_RANGE", 4)
    assert first(HEAD + "q1,z,0\n", bounded, KNOWN)[:2] == ("E_LABEL_UNKNOWN", 2)
    assert first(HEAD + "q1,e,0\n", bounded, KNOWN)[:2] == ("E_LABEL_UNKNOWN", 2)


def test_the_same_score_for_all_is_told() -> None:
    found, _ = verdict(HEAD + "".join(f"{row[:5]}1\n" for row in FULL.split()), spec(), KNOWN)
    assert [warning.code for warning in found.warnings] == ["W_CONSTANT"]


def test_the_best_found_alone_have_a_score() -> None:
    top = spec("top_k", max_items_per_query=2)
    found, laid = verdict(HEAD + "q2,z,1\nq1,a,2\nq2,a,3\n", top, FREE)
    assert found.accepted
    assert laid is not None
    assert laid.offsets is not None
    assert (laid.p.tolist(), laid.offsets.tolist()) == ([0, 0, 1], [0, 1, 3])
    body = "q2,z,1\nq1,a,2\nq2,a,3\n"
    assert first(HEAD + body + "q2,b,3\n", top, FREE)[:2] == ("E_LIST_TOO_LONG", 5)
    assert first(HEAD + body + "q2,a,3\n", top, FREE)[:2] == ("E_ITEM_DUPLICATE", 5)
    assert first(HEAD + "q2,z,1\n", top, FREE)[:2] == ("E_QUERY_MISSING", None)
    lax = spec("top_k", all_queries_required=False)
    assert verdict(HEAD + "q2,z,1\n", lax, FREE)[0].accepted


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"policy": None}, "a policy, complete or top_k, goes with scores"),
        ({"policy": "some"}, "'some' is not a valid Policy"),
        ({"layout": "ranked_list"}, "no column plays the role rank"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        spec(**change)


@pytest.mark.parametrize(
    ("at", "kind", "why"),
    [
        (2, "string", "a score is a number"),
        (1, "integer", "a candidate has one name"),
        (1, "label_set", "a candidate has one name"),
    ],
)
def test_columns_of_another_type_are_refused(at: int, kind: str, why: str) -> None:
    columns = raw()["columns"]
    columns[at] |= {"type": kind}
    with pytest.raises(ContractFault, match=why):
        spec(columns=columns)


def test_a_specification_survives_json() -> None:
    assert AnswerSpec.from_json(spec("top_k").to_json()) == spec("top_k")
    assert load_keys(keys_of(["q"], [["b", "a"]])).candidates == [["b", "a"]]
    assert load_keys(keys_of(["q"])).candidates == []
    with pytest.raises(TruthFault, match="fin de ligne"):
        keys_of(["q"], [["a\nb"]])


def scored(chosen: ScoringContract, truth_csv: str, text: str) -> Any:
    truth = compile_truth(chosen, truth_csv.encode(), {}, salt=SALT)
    definedness.require(chosen, truth)
    known = load_keys(truth.keys)
    found, laid = read(text.encode(), "p.csv", chosen.answer, known)
    assert laid is not None, found.faults
    return evaluation.evaluate(chosen, known, load_labels(truth.labels), laid, found)


SCORED = [
    {"metric": "ndcg", "params": {"k": 3, "gain": "exponential"}},
    {"metric": "map_at_k"},
    {"metric": "mrr_at_k", "params": {"k": 2}},
    {"metric": "precision_at_k", "params": {"k": 1}},
]


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["complete", "top_k"])
def test_a_file_gives_the_figures_of_its_scores(policy: str) -> None:
    chosen = contract(policy, *SCORED)
    for case in range(40):
        rng = rng_of(92, case)
        sizes = rng.integers(2, 7, int(rng.integers(1, 6)))
        gains = [(rng.integers(0, 3, size) * 1.0).tolist() for size in sizes]
        gains[0][0] = 1.0
        scores = [(rng.integers(0, 4, size) / 2).tolist() for size in sizes]
        rows = [(f"q{q}", f"d{i:02}") for q, size in enumerate(sizes) for i in range(size)]
        flat = [g for row in gains for g in row], [s for row in scores for s in row]
        truth = "q,i,g\n" + "".join(
            f"{q},{i},{g}\n" for (q, i), g in zip(rows, flat[0], strict=True)
        )
        lines = [f"{q},{i},{s}\n" for (q, i), s in zip(rows, flat[1], strict=True)]
        done = scored(chosen, truth, HEAD + "".join(rng.permutation(lines)))
        part = candidates(gains, scores)
        for one in SCORED:
            metric = registry.metric(str(one["metric"]))
            stats = metric.stats(part, one.get("params", {}))  # type: ignore[arg-type]
            sums = np.bincount(stats.column, stats.value, stats.width).astype(np.float64)
            wanted = float(metric.value(sums, stats.context))
            assert done.values["public"][metric.name] == pytest.approx(wanted, abs=1e-12)


def test_keys_hold_the_candidates_and_nothing_of_their_gains() -> None:
    chosen = contract("complete", {"metric": "map_at_k"})
    one = compile_truth(chosen, b"q,i,g\nq1,b,1\nq1,a,0\n", {}, salt=SALT)
    other = compile_truth(chosen, b"q,i,g\nq1,a,1\nq1,b,0\n", {}, salt=SALT)
    assert one.keys == other.keys
    assert load_keys(one.keys).candidates == [["a", "b"]]
    free = compile_truth(contract("top_k", {"metric": "map_at_k"}), b"q,i,g\nq1,b,1\n", {})
    assert load_keys(free.keys).candidates == []


@pytest.mark.parametrize(
    ("truth", "fault"),
    [
        (b"q,i,g\nq1,b,1\nq1,b,0\n", "E_IDS q1"),
        (b"q,i,g\nq1,b,-1\n", "E_VALUE gain"),
        (b"q,i,g\nq1,b,x\n", "E_VALUE x"),
        (b"q,i\nq1,b\n", "E_COLUMN_MISSING g"),
        (b"q,i,g\nq1,b,0\n", "E_METRIC_UNDEFINED map_at_k, public"),
    ],
)
def test_a_truth_that_cannot_be_is_refused(truth: bytes, fault: str) -> None:
    chosen = contract("complete", {"metric": "map_at_k"})
    with pytest.raises(TruthFault, match=fault):
        definedness.require(chosen, compile_truth(chosen, truth, {}, salt=SALT))


@pytest.mark.parametrize("column", ["weight", "cluster"])
def test_rows_of_one_query_share_their_weight_and_their_cluster(column: str) -> None:
    raw_contract = contract("complete", {"metric": "map_at_k"}).to_json()
    raw_contract["truth"][column] = "c"
    chosen = ScoringContract.from_json(raw_contract)
    fine = b"q,i,g,c\nq1,a,1,2\nq1,b,0,2\nq2,a,1,5\n"
    compile_truth(chosen, fine, {}, salt=SALT)
    with pytest.raises(TruthFault, match="E_VALUE c : une seule valeur par identifiant"):
        compile_truth(chosen, fine.replace(b"q1,b,0,2", b"q1,b,0,3"), {}, salt=SALT)


def test_weights_count_queries() -> None:
    raw_contract = contract("complete", {"metric": "mrr_at_k"}).to_json()
    raw_contract["truth"]["weight"] = "w"
    chosen = ScoringContract.from_json(raw_contract)
    truth = "q,i,g,w\nq1,a,1,3\nq1,b,0,3\nq2,a,1,1\nq2,b,0,1\n"
    done = scored(chosen, truth, HEAD + "q1,a,1\nq1,b,0\nq2,a,0\nq2,b,1\n")
    assert done.values["public"]["mrr_at_k"] == pytest.approx((3 * 1 + 1 * 0.5) / 4)
    assert done.intervals["public"]["mrr_at_k"][2] == "bootstrap"


def test_a_one_document_query_is_no_ndcg() -> None:
    chosen = contract("complete", {"metric": "ndcg"})
    truth = compile_truth(chosen, b"q,i,g\nq1,b,1\n", {}, salt=SALT)
    with pytest.raises(TruthFault, match="E_METRIC_UNDEFINED ndcg, public"):
        definedness.require(chosen, truth)


def test_each_metric_of_scores_is_publishable_on_scores_and_on_nothing_else() -> None:
    assert registry.problems(contract("complete", *SCORED)) == []
    told = registry.problems(contract("complete", {"metric": "gain_covered", "params": {"k": 1}}))
    assert ("gain_covered", "gain_covered cannot read this kind of answer") in told
    wrong = contract("complete", {"metric": "ndcg", "params": {"gain": "x"}})
    assert registry.problems(wrong) == [("ndcg", "gain must be linear or exponential")]
