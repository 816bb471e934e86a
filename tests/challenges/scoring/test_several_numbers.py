"""Answers of several numbers a row: a probability for each class."""

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from challenges.scoring import definedness, evaluation, registry
from challenges.scoring.answer import AnswerSpec, ContractFault
from challenges.scoring.contract import ScoringContract
from challenges.scoring.predictions.align import Answer
from challenges.scoring.predictions.reader import read
from challenges.scoring.truth import TruthFault, compile_truth, load_keys, load_labels
from tests.challenges.scoring.answers import keys
from tests.challenges.scoring.boards import SALT

KNOWN = keys("01", "02")


def spec(form: str, *names: str, **facts: Any) -> dict[str, Any]:
    bounds = {"min": 0, "max": 1} if form == "probabilities" else {}
    columns = [
        {"name": n, "role": "target", "type": "float"} | bounds | facts.get(n, {}) for n in names
    ]
    key = {"name": "id", "role": "id", "type": "string"}
    return {"layout": "numbers_per_id", "form": form, "columns": [key, *columns]}


def contract(form: str, names: str, *metrics: dict[str, Any], **facts: Any) -> ScoringContract:
    return ScoringContract.from_json(
        {
            "submission": spec(form, *names.split(), **facts),
            "truth": {"id": "id", "target": "y"},
            "metrics": [{"key": m["metric"]} | m for m in metrics],
        }
    )


def answer_of(content: str | bytes, form: str, *names: str, name: str = "p.csv") -> Any:
    data = content.encode() if isinstance(content, str) else content
    return read(data, name, AnswerSpec.from_json(spec(form, *names)), KNOWN)


def fault(content: str, form: str, *names: str) -> tuple[str, int | None, str]:
    verdict, answer = answer_of(content, form, *names)
    assert answer is None
    first = verdict.faults[0]
    return first.code, first.line, first.message


def test_columns_are_found_by_name_and_rows_by_identifier() -> None:
    text = "b;id;a;note\n0,25;02;0,75;x\n1;01;0;y\n"
    verdict, answer = answer_of(text, "probabilities", "a", "b")
    assert verdict.accepted
    assert answer.p.tolist() == [[0.0, 1.0], [0.75, 0.25]]
    assert verdict.digest == answer.digest


def test_copies_in_any_format_share_their_digest() -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"a": [0.75, 0.0], "id": ["02", "01"], "b": [0.25, 1.0]}), sink)
    parquet, found = answer_of(sink.getvalue(), "probabilities", "a", "b", name="p.parquet")
    text, _ = answer_of("id,a,b\n01,0,1\n02,0.75,0.25\n", "probabilities", "a", "b")
    assert parquet.digest == text.digest
    assert Answer.from_bytes(found.to_bytes()).p.tolist() == [[0.0, 1.0], [0.75, 0.25]]


def test_probabilities_that_do_not_add_up_are_refused() -> None:
    text = "id,a,b\n01,0.5,0.5004\n02,0.5,0.7\n"
    code, line, message = fault(text, "probabilities", "a", "b")
    assert (code, line) == ("E_PROBA_SUM", 3)
    assert "somme 1.2" in message


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("id,a,b\n01,0.5,0.5\n02,2,-1\n", "E_VALUE_RANGE", 3),
        ("id,a,b\n01,0.5,\n02,0.5,0.5\n", "E_VALUE_MISSING", 2),
        ("id,a,b\n01,0.5,nan\n02,0.5,0.5\n", "E_VALUE_NOT_FINITE", 2),
        ("id,a,b\n01,0.5,oui\n02,0.5,0.5\n", "E_VALUE_TYPE", 2),
        ("id,a\n01,0.5\n02,0.5\n", "E_COLUMN_MISSING", 1),
        ("id,a,b\n01,0.5,0.5\n", "E_ID_MISSING", None),
        ("id,a,b\n01,0.5,0.5\n03,0.5,0.5\n", "E_ID_UNKNOWN", 3),
        ("id,a,b\n01,0.5,0.5\n01,0.5,0.5\n", "E_ID_DUPLICATE", 3),
    ],
)
def test_each_number_is_checked(text: str, code: str, line: int | None) -> None:
    assert fault(text, "probabilities", "a", "b")[:2] == (code, line)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"form": None}, "the form of the numbers is missing"),
        ({"layout": "one_row_per_id"}, "a form is for several numbers per row"),
        ({"form": "beauty"}, "'beauty' is not a valid Form"),
    ],
)
def test_a_form_that_cannot_be_is_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        AnswerSpec.from_json(spec("targets", "a", "b", "c") | change)


def test_several_answers_are_decimal_and_of_one_class_each() -> None:
    with pytest.raises(ContractFault):
        AnswerSpec.from_json(spec("targets", "a", "b", a={"type": "string"}))
    with pytest.raises(ContractFault):
        AnswerSpec.from_json(spec("probabilities", "a", "b", a={"label": "b"}))


def test_a_specification_survives_json() -> None:
    chosen = AnswerSpec.from_json(spec("probabilities", "a", "b", a={"label": "oui"}))
    assert AnswerSpec.from_json(chosen.to_json()) == chosen
    assert chosen.classes == ("oui", "b")


def scored(chosen: ScoringContract, y: list[Any], p: list[list[float]]) -> dict[str, Any]:
    ids = [f"r{i}" for i in range(len(y))]
    rows = "".join(f"{i},{v}\n" for i, v in zip(ids, y, strict=True))
    truth = compile_truth(chosen, f"id,y\n{rows}".encode(), {}, salt=SALT)
    definedness.require(chosen, truth)
    names = [c.name for c in chosen.answer.answers]
    lines = [",".join([i, *map(repr, row)]) for i, row in zip(ids, p, strict=True)]
    known = load_keys(truth.keys)
    text = "\n".join([",".join(["id", *names]), *lines])
    verdict, answer = read(text.encode(), "p.csv", chosen.answer, known)
    assert answer is not None
    done = evaluation.evaluate(chosen, known, load_labels(truth.labels), answer, verdict)
    return done.values["public"]


def test_class_probabilities_are_scored() -> None:
    chosen = contract(
        "probabilities",
        "p1 p2 p3",
        {"metric": "brier_multi"},
        {"metric": "roc_auc_ovr"},
        {"metric": "top_k_accuracy", "params": {"k": 1}},
        p1={"label": "oui"},
        p2={"label": "non"},
        p3={"label": "peut-être"},
    )
    p = [[0.7, 0.2, 0.1], [0.4, 0.5, 0.1], [0.2, 0.2, 0.6], [0.3, 0.4, 0.3]]
    found = scored(chosen, ["oui", "non", "peut-être", "oui"], p)
    own = np.array(p) - np.eye(3)[[0, 1, 2, 0]]
    assert found["brier_multi"] == pytest.approx((own**2).sum(1).mean())
    assert found["top_k_accuracy"] == 0.75
    assert 0 < found["roc_auc_ovr"] < 1


def test_a_class_without_a_column_is_refused_in_the_truth() -> None:
    chosen = contract("probabilities", "a b", {"metric": "brier_multi"})
    with pytest.raises(TruthFault, match="E_DOMAIN c"):
        compile_truth(chosen, b"id,y\n1,c\n", {}, salt=SALT)
    with pytest.raises(TruthFault, match="E_METRIC_UNDEFINED roc_auc_ovr, public"):
        scored(contract("probabilities", "a b", {"metric": "roc_auc_ovr"}), ["a"], [[1.0, 0.0]])


def test_probabilities_are_declared_between_0_and_1() -> None:
    chosen = contract("probabilities", "a b", {"metric": "brier_multi"}, a={"max": 2})
    wanted = [("brier_multi", "probabilities are declared between 0 and 1")]
    assert registry.problems(chosen) == wanted


def test_a_metric_reads_its_own_form_only() -> None:
    for form, metric in (("probabilities", "mae"), ("targets", "brier_multi")):
        params = {"target": "a"} if form == "targets" else {}
        chosen = contract(form, "a b", {"metric": metric, "params": params})
        wanted = [(metric, f"{metric} cannot read this kind of answer")]
        assert registry.problems(chosen) == wanted
