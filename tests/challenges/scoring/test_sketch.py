"""What is kept of an answer: the same secret rows for all, and the shape of the whole file."""

from typing import Any

import numpy as np
import pytest

from challenges.scoring import blob
from challenges.scoring import sketch as sketches
from challenges.scoring.contract import ScoringContract
from challenges.scoring.predictions.reader import read
from challenges.scoring.sketch import Shape, Sketch, progression, secret_rows, shape_of
from challenges.scoring.truth import Keys, Labels, compile_truth, load_keys, load_labels

SALT = bytes(range(32))
ONE = [{"name": "id", "role": "id", "type": "string"}]


def contract(columns: list[dict[str, Any]], metric: str, truth: Any, **more: Any) -> Any:
    return ScoringContract.from_json(
        {
            "submission": {"layout": "one_row_per_id", "columns": columns, **more},
            "truth": truth,
            "metrics": [{"key": "score", "metric": metric, "primary": True}],
        }
    )


def compiled(chosen: ScoringContract, text: str, salt: bytes = SALT) -> tuple[Keys, Labels]:
    made = compile_truth(chosen, text.encode(), {}, salt=salt)
    return load_keys(made.keys), load_labels(made.labels)


def drawn(chosen: ScoringContract, keys: Keys, labels: Labels, text: str) -> Sketch:
    verdict, answer = read(text.encode(), "a.csv", chosen.answer, keys)
    assert answer is not None, verdict.faults
    return sketches.sketch(chosen, labels, answer)


def numbers(n: int = 40) -> tuple[ScoringContract, Keys, Labels]:
    columns = [*ONE, {"name": "p", "role": "target", "type": "float", "min": 0, "max": 1}]
    chosen = contract(columns, "roc_auc", {"id": "id", "target": "y"})
    keys, labels = compiled(chosen, "id,y\n" + "".join(f"r{i},{i % 2}\n" for i in range(n)))
    return chosen, keys, labels


def test_a_number_an_id() -> None:
    chosen, keys, labels = numbers()
    text = "id,p\n" + "".join(f"r{i},0.{i + 10}\n" for i in reversed(range(40)))
    found = drawn(chosen, keys, labels, text)
    assert found.values[:, 0].tolist() == [float(f"0.{int(name[1:]) + 10}") for name in keys.ids]
    assert not found.is_words
    truth = sketches.truth_at(chosen, labels)
    assert truth is not None
    assert truth[:, 0].tolist() == [int(name[1:]) % 2 for name in keys.ids]


def test_a_sketch_survives_its_bytes() -> None:
    chosen, keys, labels = numbers()
    text = "id,p\n" + "".join(f"r{i},0.5\n" for i in range(40))
    found = drawn(chosen, keys, labels, text)
    again = Sketch.from_bytes(found.to_bytes())
    assert again.shape == found.shape == Shape(1)
    assert (again.values == found.values).all()
    with pytest.raises(blob.BlobFault):
        Sketch.from_bytes(blob.pack({"kind": "keys"}, {}))


def test_a_label_an_id_whatever_the_nomenclature_of_the_file() -> None:
    columns = [*ONE, {"name": "p", "role": "target", "type": "category"}]
    chosen = contract(columns, "accuracy", {"id": "id", "target": "y"})
    keys, labels = compiled(chosen, "id,y\n1,a\n2,b\n3,c\n4,a\n")
    right = drawn(chosen, keys, labels, "id,p\n1,a\n2,b\n3,c\n4,a\n")
    few = drawn(chosen, keys, labels, "id,p\n4,a\n3,z\n2,a\n1,a\n")
    truth = sketches.truth_at(chosen, labels)
    assert right.is_words
    assert truth is not None
    assert (right.values == truth).all()
    same = dict(zip(keys.ids, (few.values == truth)[:, 0].tolist(), strict=True))
    assert same == {"1": True, "2": False, "3": False, "4": True}
    assert (right.shape, few.shape) == (Shape(3), Shape(2))


def test_sets_of_labels_in_any_order() -> None:
    columns = [*ONE, {"name": "p", "role": "target", "type": "label_set"}]
    chosen = contract(columns, "f1_samples", {"id": "id", "target": "y"})
    keys, labels = compiled(chosen, "id,y\n1,a b\n2,b\n")
    found = drawn(chosen, keys, labels, "id,p\n1,b a\n2,c\n")
    truth = sketches.truth_at(chosen, labels)
    assert truth is not None
    same = dict(zip(keys.ids, (found.values == truth)[:, 0].tolist(), strict=True))
    assert same == {"1": True, "2": False}


def test_probabilities_of_classes() -> None:
    columns = [*ONE, *({"name": c, "role": "target", "type": "float"} for c in "ab")]
    more = {"layout": "numbers_per_id", "form": "probabilities"}
    chosen = contract(columns, "log_loss", {"id": "id", "target": "y"}, **more)
    keys, labels = compiled(chosen, "id,y\n1,a\n2,b\n3,a\n")
    found = drawn(chosen, keys, labels, "id,a,b\n1,0.9,0.1\n2,0.3,0.7\n3,0.4,0.6\n")
    first = dict(zip(keys.ids, found.values.tolist(), strict=True))
    assert first == {"1": [0.9, 0.1], "2": [0.3, 0.7], "3": [0.4, 0.6]}
    truth = sketches.truth_at(chosen, labels)
    assert truth is not None
    held = dict(zip(keys.ids, truth.tolist(), strict=True))
    assert held == {"1": [1, 0], "2": [0, 1], "3": [1, 0]}


def test_scores_of_labels_and_intervals() -> None:
    columns = [*ONE, *({"name": c, "role": "target", "type": "float"} for c in "ab")]
    more = {"layout": "numbers_per_id", "form": "label_scores"}
    chosen = contract(columns, "lrap", {"id": "id", "target": "y"}, **more)
    keys, labels = compiled(chosen, "id,y\n1,a b\n2,b\n")
    truth = sketches.truth_at(chosen, labels)
    assert truth is not None
    assert dict(zip(keys.ids, truth.tolist(), strict=True)) == {"1": [1, 1], "2": [0, 1]}
    more["form"] = "interval"
    chosen = contract(columns, "interval_score", {"id": "id", "target": "y"}, **more)
    keys, labels = compiled(chosen, "id,y\n1,3\n2,5\n")
    truth = sketches.truth_at(chosen, labels)
    assert truth is not None
    assert dict(zip(keys.ids, truth.tolist(), strict=True)) == {"1": [3, 3], "2": [5, 5]}


def test_spans() -> None:
    roles = (("id", "string"), ("start", "integer"), ("end", "integer"), ("label", "category"))
    columns = [{"name": name, "role": name, "type": kind} for name, kind in roles]
    truth_of = {name: name for name, _ in roles}
    chosen = contract(columns, "span_f1", truth_of, layout="spans")
    keys, labels = compiled(chosen, "id,start,end,label\nd,0,3,x\nd,5,9,y\ne,0,1,x\n")
    found = drawn(chosen, keys, labels, "id,start,end,label\nd,5,9,y\nd,0,3,x\ne,0,2,x\n")
    truth = sketches.truth_at(chosen, labels)
    assert truth is not None
    same = dict(zip(keys.ids, (found.values == truth)[:, 0].tolist(), strict=True))
    assert same == {"d": True, "e": False}


RANKED = (("q", "query", "string"), ("r", "rank", "integer"), ("i", "item", "category"))
SCORED = (("q", "query", "string"), ("i", "item", "category"), ("s", "score", "float"))
GAINS = "q,i,g\nu,a,1\nu,b,0\nv,a,0\nv,b,1\n"


def listed(columns: Any, **more: Any) -> ScoringContract:
    laid = [{"name": n, "role": r, "type": t} for n, r, t in columns]
    found: ScoringContract = contract(
        laid, "ndcg", {"query": "q", "item": "i", "gain": "g"}, **more
    )
    return found


def test_ranked_lists_have_no_right_answer_beside_them() -> None:
    chosen = listed(RANKED, layout="ranked_list", max_items_per_query=2)
    keys, labels = compiled(chosen, GAINS)
    one = drawn(chosen, keys, labels, "q,r,i\nu,1,a\nu,2,b\nv,1,b\n")
    two = drawn(chosen, keys, labels, "q,r,i\nu,1,b\nu,2,a\nv,1,b\n")
    same = dict(zip(keys.ids, (one.values == two.values)[:, 0].tolist(), strict=True))
    assert same == {"u": False, "v": True}
    assert sketches.truth_at(chosen, labels) is None


def test_scores_of_candidates() -> None:
    chosen = listed(SCORED, layout="candidate_scores", policy="complete")
    keys, labels = compiled(chosen, GAINS)
    found = drawn(chosen, keys, labels, "q,i,s\nu,a,1\nu,b,2\nv,a,3\nv,b,4\n")
    truth = sketches.truth_at(chosen, labels)
    assert truth is not None
    rows = zip(found.values[:, 0].tolist(), truth[:, 0].tolist(), strict=True)
    assert sorted(rows) == [(1, 1), (2, 0), (3, 0), (4, 1)]


def test_free_candidates_are_read_by_rank() -> None:
    chosen = listed(SCORED, layout="candidate_scores", policy="top_k", max_items_per_query=2)
    keys, labels = compiled(chosen, GAINS)
    one = drawn(chosen, keys, labels, "q,i,s\nu,a,1\nu,b,2\nv,a,3\nv,b,4\n")
    two = drawn(chosen, keys, labels, "q,i,s\nu,a,7\nu,b,8\nv,a,9\nv,b,5\n")
    same = dict(zip(keys.ids, (one.values == two.values)[:, 0].tolist(), strict=True))
    assert same == {"u": True, "v": False}
    assert sketches.truth_at(chosen, labels) is None


def test_the_secret_rows_hang_on_the_salt_alone() -> None:
    _, _, labels = numbers(50)
    assert secret_rows(labels, 50).tolist() == list(range(50))
    chosen = secret_rows(labels, 100_000)
    assert len(chosen) == 4096
    assert (np.diff(chosen) > 0).all()
    assert (secret_rows(labels, 100_000) == chosen).all()
    columns = [*ONE, {"name": "p", "role": "target", "type": "float"}]
    other = contract(columns, "rmse", {"id": "id", "target": "y"})
    rows = "id,y\n" + "".join(f"r{i},{i % 2}\n" for i in range(50))
    _, elsewhere = compiled(other, rows, bytes(32))
    shared = len(np.intersect1d(secret_rows(elsewhere, 100_000), chosen))
    assert shared < 300  # 168 expected of 4,096 by chance
    assert len(secret_rows(labels, 100_000, 64)) == 256
    assert len(secret_rows(labels, 100_000, 1000)) == 64


def shape(values: Any, bounds: tuple[float, float] | None = (0.0, 1.0)) -> Shape:
    laid = np.array(values, np.float64)[:, None]
    return shape_of(laid, laid[:4096], bounds)


def test_the_shape_of_a_file() -> None:
    rng = np.random.default_rng(4)
    assert shape(np.full(500, 0.3)) == Shape(1)
    assert shape([0.3] * 200 + [0.7] * 300) == Shape(2)
    assert shape(rng.random(9000)) == Shape(3)
    assert shape([]) == Shape()
    odds = 2.0 ** np.arange(-10, 10)
    attack = np.concatenate([np.full(9000, 0.5), odds / (1 + odds)])
    assert shape(attack).terms == 19  # p = 1/2 is one of them and the commonest


def test_long_values_tell_where_the_others_are_short() -> None:
    rng = np.random.default_rng(5)
    ends = 1 - rng.random(30) / 5000
    assert shape(np.concatenate([np.full(900, 0.25), ends])).long == 30
    assert shape(np.concatenate([rng.random(900), ends])).long == 0  # all are written so
    assert shape(np.concatenate([np.full(900, 0.25), ends]), None).long == 0
    assert shape(np.concatenate([np.full(900, 0.25), np.ones(30)])).long == 0


def test_a_progression() -> None:
    odds = 3.0 ** np.arange(-6, 6)
    p = odds / (1 + odds)
    assert progression(p) == 12
    assert progression(np.round(p, 6)) == 12
    assert progression(np.repeat(p, 2)) == 0  # a model of one whole number
    assert progression(np.random.default_rng(1).random(12)) == 0
    assert progression(np.linspace(0.01, 0.99, 99)) == 0
    assert progression(p[:7]) == 0
