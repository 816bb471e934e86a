"""Files of spans: several rows a document, positions, overlaps, documents without any."""

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from challenges.scoring import definedness, evaluation, registry
from challenges.scoring.answer import AnswerSpec, ContractFault, Limits
from challenges.scoring.contract import ScoringContract
from challenges.scoring.predictions.align import Answer
from challenges.scoring.predictions.reader import read
from challenges.scoring.truth import TruthFault, compile_truth, load_keys, load_labels
from tests.challenges.scoring.answers import first, keys, verdict
from tests.challenges.scoring.boards import SALT
from tests.challenges.scoring.parts import rng_of
from tests.challenges.scoring.test_metrics_spans import Document, answer, document, spans

KNOWN = keys("d1", "d2", "d3")
HEAD = "doc,start,end,label\n"
LABELS = ["COMP", "JOB", "PLACE"]
NAMES = [
    "span_f1",
    "span_f1_relaxed",
    *(f"span_f1_semeval_{form}" for form in ("strict", "exact", "partial", "type")),
]


def raw(**more: Any) -> dict[str, Any]:
    places = [{"name": n, "role": n, "type": "integer"} for n in ("start", "end")]
    label = {"name": "label", "role": "label", "type": "category", "domain": LABELS}
    key = {"name": "doc", "role": "id", "type": "string"}
    return {"layout": "spans", "columns": [key, *places, label]} | more


def spec(**more: Any) -> AnswerSpec:
    return AnswerSpec.from_json(raw(**more))


def contract(*metrics: str, **more: Any) -> ScoringContract:
    return ScoringContract.from_json(
        {
            "submission": raw(**more),
            "truth": {"id": "doc", "start": "start", "end": "end", "label": "label"},
            "metrics": [{"key": name, "metric": name} for name in metrics or NAMES],
        }
    )


def rows(documents: dict[str, Document]) -> str:
    """Write spans (label, start, end) as a file, a document without any as one blank row."""
    lines = [
        f"{name},{start},{end},{LABELS[label]}"
        for name, found in documents.items()
        for label, start, end in found
    ]
    lines += [f"{name},,," for name, found in documents.items() if not found]
    return HEAD + "\n".join(lines) + "\n"


def test_spans_are_laid_along_the_documents() -> None:
    text = "label;note;end;doc;start\nJOB;x;9;d3;6\nCOMP;;4;d3;0\n;;;d2;\nPLACE;;2;d1;1\n"
    found, laid = verdict(text, spec(), KNOWN)
    assert found.accepted
    assert laid is not None
    assert laid.p.tolist() == [[2, 1, 2], [0, 0, 4], [1, 6, 9]]
    assert laid.offsets is not None
    assert laid.offsets.tolist() == [0, 1, 1, 3]
    assert laid.texts == LABELS
    again = Answer.from_bytes(laid.to_bytes())
    assert again.p.tolist() == laid.p.tolist()
    assert found.digest == laid.digest


def test_copies_in_any_format_and_order_share_their_digest() -> None:
    table = {
        "doc": ["d2", "d1", "d3", "d3"],
        "start": pa.array([None, 1, 0, 6], pa.int64()),
        "end": pa.array([None, 2, 4, 9], pa.int64()),
        "label": [None, "PLACE", "COMP", "JOB"],
    }
    sink = io.BytesIO()
    pq.write_table(pa.table(table), sink)
    parquet, _ = verdict(sink.getvalue(), spec(), KNOWN, "p.parquet")
    text, _ = verdict(HEAD + "d3,6,9,JOB\nd3,0,4,COMP\nd2,,,\nd1,1,2,PLACE\n", spec(), KNOWN)
    assert parquet.accepted
    assert parquet.digest == text.digest


REST = "d2,,,\nd3,,,\n"


@pytest.mark.parametrize(
    ("body", "code", "line"),
    [
        ("d1,0,4,JOB\nd1,3,6,COMP\n" + REST, "E_SPAN_OVERLAP", 3),
        ("d1,3,6,COMP\nd1,0,4,JOB\n" + REST, "E_SPAN_OVERLAP", 3),
        ("d1,0,9,JOB\nd1,3,6,JOB\n" + REST, "E_SPAN_OVERLAP", 3),
        ("d1,3,6,JOB\nd1,0,9,JOB\n" + REST, "E_SPAN_OVERLAP", 3),
        ("d1,0,4,JOB\n" + REST + "d1,0,4,JOB\n", "E_SPAN_OVERLAP", 5),
        ("d1,4,4,JOB\n" + REST, "E_INTERVAL_ORDER", 2),
        ("d1,6,4,JOB\n" + REST, "E_INTERVAL_ORDER", 2),
        ("d1,-1,4,JOB\n" + REST, "E_VALUE_RANGE", 2),
        ("d1,0,2147483648,JOB\n" + REST, "E_VALUE_RANGE", 2),
        ("d1,0.5,4,JOB\n" + REST, "E_VALUE_TYPE", 2),
        ("d1,a,4,JOB\n" + REST, "E_VALUE_TYPE", 2),
        ("d1,0,nan,JOB\n" + REST, "E_VALUE_NOT_FINITE", 2),
        ("d1,0,,JOB\n" + REST, "E_VALUE_MISSING", 2),
        ("d1,0,4,\n" + REST, "E_VALUE_MISSING", 2),
        ("d1,,,JOB\n" + REST, "E_VALUE_MISSING", 2),
        ("d1,0,4,ville\n" + REST, "E_LABEL_UNKNOWN", 2),
        ("d1,0,4\n" + REST, "E_ROW_FIELDS", 2),
        (",0,4,JOB\nd1,,,\n" + REST, "E_ID_EMPTY", 2),
        ("d9,0,4,JOB\nd1,,,\n" + REST, "E_ID_UNKNOWN", 2),
        ("d1,0,4,JOB\nd2,,,\n", "E_ID_MISSING", None),
        ("d1,,,\nd1,0,4,JOB\n" + REST, "E_ID_DUPLICATE", 3),
        ("d1,0,4,JOB\nd1,,,\n" + REST, "E_ID_DUPLICATE", 3),
        ("d1,,,\nd1,,,\n" + REST, "E_ID_DUPLICATE", 3),
        ("", "E_NO_ROWS", None),
    ],
)
def test_each_row_is_checked(body: str, code: str, line: int | None) -> None:
    assert first(HEAD + body, spec(), KNOWN)[:2] == (code, line)


def test_faults_say_what_and_where() -> None:
    found, _ = verdict(HEAD + "d1,0,4,JOB\nd1,3,6,COMP\n" + REST, spec(), KNOWN)
    assert found.faults[0].message == (
        "Document « d1 » : deux segments se chevauchent (lignes 3 et 2)."
    )
    found, _ = verdict(HEAD + "d1,6,4,JOB\n" + REST, spec(), KNOWN)
    assert found.faults[0].message == (
        "Ligne 2 : le segment va de 6 à 4 ; la fin, exclue, doit dépasser le début."
    )
    found, _ = verdict(HEAD + "d1,,,\nd1,0,4,JOB\n" + REST, spec(), KNOWN)
    assert found.faults[0].message == (
        "Ligne 3 : « d1 » est donné avec et sans segment, ou deux fois sans (déjà vu ligne 2)."
    )


def test_touching_spans_do_not_overlap() -> None:
    found, laid = verdict(HEAD + "d1,4,6,JOB\nd1,0,4,JOB\nd1,6,7,COMP\n" + REST, spec(), KNOWN)
    assert found.accepted
    assert laid is not None
    assert laid.p.tolist() == [[1, 0, 4], [1, 4, 6], [0, 6, 7]]


def test_spans_may_overlap_when_the_challenge_says_so_but_not_repeat() -> None:
    free = spec(overlaps=True)
    body = "d1,0,4,JOB\nd1,3,6,COMP\nd1,0,4,COMP\nd1,0,9,JOB\n"
    found, laid = verdict(HEAD + body + REST, free, KNOWN)
    assert found.accepted
    assert laid is not None
    assert laid.p.tolist() == [[0, 0, 4], [1, 0, 4], [1, 0, 9], [0, 3, 6]]
    assert first(HEAD + body + "d1,0,4,JOB\n" + REST, free, KNOWN)[:2] == ("E_SPAN_OVERLAP", 6)
    assert AnswerSpec.from_json(free.to_json()) == free


def test_bounds_of_a_challenge_hold() -> None:
    places = [{"name": n, "role": n, "type": "integer", "max": 500} for n in ("start", "end")]
    columns = raw()["columns"]
    bounded = spec(columns=[columns[0], *places, columns[3]], max_items_per_query=2)
    assert first(HEAD + "d1,0,501,JOB\n" + REST, bounded, KNOWN)[:2] == ("E_VALUE_RANGE", 2)
    body = "d1,0,1,JOB\nd1,1,2,JOB\nd1,2,3,JOB\n"
    assert first(HEAD + body + REST, bounded, KNOWN)[:2] == ("E_LIST_TOO_LONG", 4)
    limits = Limits.of(bounded, 3)
    assert limits.max_rows == 12
    many = "".join(f"d1,{i},{i + 1},JOB\n" for i in range(13))
    assert first(HEAD + many, bounded, KNOWN)[:2] == ("E_TOO_MANY_ROWS", 14)


def test_documents_may_be_left_out_when_the_challenge_says_so() -> None:
    found, laid = verdict(HEAD + "d2,0,4,JOB\n", spec(all_queries_required=False), KNOWN)
    assert found.accepted
    assert laid is not None
    assert laid.offsets is not None
    assert laid.offsets.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"layout": "ranked_list"}, "no column plays the role query"),
        ({"layout": "one_row_per_id"}, "no column plays the role target"),
        ({"policy": "complete"}, "a policy, complete or top_k, goes with scores"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ContractFault, match=why):
        spec(**change)


@pytest.mark.parametrize(
    ("at", "kind", "why"),
    [
        (1, "float", "the ends of a span are whole numbers"),
        (2, "string", "the ends of a span are whole numbers"),
        (3, "integer", "a span has one label"),
        (3, "label_set", "a span has one label"),
    ],
)
def test_columns_of_another_type_are_refused(at: int, kind: str, why: str) -> None:
    columns = raw()["columns"]
    columns[at] |= {"type": kind}
    with pytest.raises(ContractFault, match=why):
        spec(columns=columns)


def test_only_spans_overlap() -> None:
    columns = [
        {"name": "id", "role": "id", "type": "string"},
        {"name": "y", "role": "target", "type": "string"},
    ]
    with pytest.raises(ContractFault, match="only spans may overlap"):
        AnswerSpec.from_json({"layout": "one_row_per_id", "columns": columns, "overlaps": True})


def scored(chosen: ScoringContract, y: dict[str, Document], p: dict[str, Document]) -> Any:
    truth = compile_truth(chosen, rows(y).encode(), {}, salt=SALT)
    known = load_keys(truth.keys)
    found, laid = read(rows(p).encode(), "p.csv", chosen.answer, known)
    assert laid is not None, found.faults
    return evaluation.evaluate(chosen, known, load_labels(truth.labels), laid, found)


@pytest.mark.slow
def test_a_file_gives_the_figures_of_its_spans() -> None:
    for case in range(60):
        rng = rng_of(91, case)
        names = [f"d{i}" for i in range(int(rng.integers(2, 9)))]
        y = {name: document(rng, 16) for name in names}
        p = {name: answer(rng, y[name], 16) for name in names}
        if not any(y.values()):
            continue
        done = scored(contract(), y, p)
        for name in NAMES:
            metric = registry.metric(name)
            part = spans(list(y.values()), list(p.values()))
            stats = metric.stats(part, {})
            sums = np.bincount(stats.column, stats.value, stats.width).astype(np.float64)
            wanted = float(metric.value(sums, stats.context))
            assert done.values["public"][name] == pytest.approx(wanted, abs=1e-12)


def test_labels_of_free_text_meet_those_of_the_truth() -> None:
    columns = raw()["columns"]
    columns[3] = {"name": "label", "role": "label", "type": "string", "pattern": "[A-Z]+"}
    chosen = contract("span_f1", columns=columns)
    y: dict[str, Document] = {"d1": [(1, 0, 4)], "d2": [(2, 3, 5)], "d3": []}
    p: dict[str, Document] = {"d1": [(1, 0, 4)], "d2": [(0, 3, 5)], "d3": []}
    assert scored(chosen, y, p).values["public"]["span_f1"] == 0.5
    assert first(HEAD + "d1,0,4,job\n" + REST, chosen.answer, KNOWN)[:2] == ("E_VALUE_TYPE", 2)


def test_the_interval_resamples_documents() -> None:
    y: dict[str, Document] = {f"d{i}": [(0, 0, 4), (1, 5, 9)] for i in range(40)}
    p: dict[str, Document] = {f"d{i}": [(0, 0, 4), (i % 2, 5, 9)] for i in range(40)}
    done = scored(contract("span_f1"), y, p)
    low, high, method = done.intervals["public"]["span_f1"]
    assert (done.values["public"]["span_f1"], method) == (0.75, "bootstrap")
    assert 0.6 < low < 0.75 < high < 0.9
    assert done.n == {"public": 40}


@pytest.mark.parametrize(
    ("body", "code", "detail"),
    [
        ("d1,0,4,JOB\nd1,3,6,JOB\n", "E_VALUE", "d1 : segments qui se chevauchent"),
        ("d1,4,4,JOB\n", "E_VALUE", "d1 : 4, 4"),
        ("d1,a,4,JOB\n", "E_VALUE", "d1 : a, 4, JOB"),
        ("d1,0,4,\n", "E_VALUE", "d1 : 0, 4, "),
        ("d1,0,4,JOB\nd1,,,\n", "E_IDS", "d1"),
        ("d1,0,4,ville\n", "E_DOMAIN", "ville"),
        (",0,4,JOB\n", "E_IDS", "identifiant vide"),
    ],
)
def test_a_truth_that_cannot_be_is_refused(body: str, code: str, detail: str) -> None:
    with pytest.raises(TruthFault) as caught:
        compile_truth(contract(), (HEAD + body).encode(), {}, salt=SALT)
    assert (caught.value.code, caught.value.detail) == (code, detail)


def test_a_truth_lacks_no_column() -> None:
    with pytest.raises(TruthFault, match="E_COLUMN_MISSING label"):
        compile_truth(contract(), b"doc,start,end\nd1,0,4\n", {}, salt=SALT)


def test_the_truth_may_overlap_when_answers_may() -> None:
    free = contract("span_f1_relaxed", overlaps=True)
    y: dict[str, Document] = {"d1": [(1, 0, 4), (0, 2, 6)]}
    assert scored(free, y, y).values["public"]["span_f1_relaxed"] == 1.0
    twice: dict[str, Document] = {"d1": [(1, 0, 4), (1, 0, 4)]}
    with pytest.raises(TruthFault, match="E_VALUE d1"):
        scored(free, twice, twice)


def test_a_truth_without_any_span_is_refused_at_publication() -> None:
    truth = compile_truth(contract("span_f1"), rows({"d1": []}).encode(), {}, salt=SALT)
    with pytest.raises(TruthFault, match="E_METRIC_UNDEFINED span_f1, public"):
        definedness.require(contract("span_f1"), truth)


def test_each_span_metric_is_publishable_on_spans_and_on_nothing_else() -> None:
    assert registry.problems(contract()) == []
    assert registry.problems(contract("accuracy")) == [
        ("accuracy", "accuracy cannot read this kind of answer")
    ]
    columns = [
        {"name": "id", "role": "id", "type": "string"},
        {"name": "y", "role": "target", "type": "string"},
    ]
    other = {"layout": "one_row_per_id", "columns": columns}
    labels = ScoringContract.from_json(contract("span_f1").to_json() | {"submission": other})
    assert registry.problems(labels) == [("span_f1", "span_f1 cannot read this kind of answer")]
    assert ScoringContract.from_json(contract().to_json()) == contract()
