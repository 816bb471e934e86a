"""Compiled truth: keys without a label, labels in canonical order, faults by code."""

import json
from typing import Any

import numpy as np
import pytest

from challenges.scoring import blob
from challenges.scoring.contract import ScoringContract
from challenges.scoring.truth import TruthFault, compile_truth, keys_of, load_keys, load_labels
from tests.challenges.scoring.boards import SALT

ROW = {
    "submission": {
        "layout": "one_row_per_id",
        "columns": [
            {"name": "id", "role": "id", "type": "string"},
            {"name": "p", "role": "target", "type": "category", "domain": ["A", "B", "C"]},
        ],
    },
    "truth": {
        "id": "id",
        "target": "y",
        "split": {"column": "part", "public": "x", "private": "z"},
        "cluster": "c",
    },
    "metrics": [{"key": "k", "metric": "accuracy", "primary": True}],
    "fairness": {
        "attributes": [
            {"key": "sex", "source": "truth", "column": "s", "ignore": ["e"]},
            {"key": "zone", "source": "zones.csv", "column": "zone", "id": "code"},
        ],
        "metrics": [],
    },
}
TRUTH = "id,y,part,c,s\n01,A,x,k1,f\n02,B,x,k2,m\n03,C,z,k3,e\n04,A,z,k3,f\n"
ZONES = {"zones.csv": b"code,zone\n01,mer\n02,mont\n03,mer\n"}


def contract(raw: dict[str, Any] | None = None, **truth: Any) -> ScoringContract:
    raw = json.loads(json.dumps(raw or ROW))
    raw["truth"] |= truth
    return ScoringContract.from_json(raw)


def test_labels_follow_the_canonical_order() -> None:
    done = compile_truth(contract(), TRUTH.encode(), ZONES, salt=SALT)
    ids, labels = load_keys(done.keys).ids, load_labels(done.labels)
    at = [ids.index(i) for i in ("01", "02", "03", "04")]
    assert labels.texts == ["A", "B", "C"]
    assert labels.y[at].tolist() == [0, 1, 2, 0]
    assert labels.part[at].tolist() == [0, 0, 1, 1]
    assert labels.bucket[at].tolist()[2:] == [0, 0]
    assert set(labels.bucket[at].tolist()[:2]) == {0, 1}
    assert labels.group_names["sex"] == ["f", "m"]
    assert labels.groups["sex"][at].tolist() == [0, 1, -1, 0]
    assert labels.group_names["zone"] == ["", "mer", "mont"]
    assert labels.groups["zone"][at].tolist() == [1, 2, 1, 0]
    assert done.n == {"public": 2, "private": 2}
    assert labels.weights["public"].shape == (1000, 2)


def test_the_same_salt_gives_the_same_bytes_and_a_new_one_is_drawn() -> None:
    one = compile_truth(contract(), TRUTH.encode(), ZONES, salt=SALT)
    assert one == compile_truth(contract(), TRUTH.encode(), ZONES, salt=SALT)
    assert one.labels != compile_truth(contract(), TRUTH.encode(), ZONES).labels


def test_the_order_of_the_file_and_its_labels_leave_no_trace_in_the_keys() -> None:
    head, *rows = TRUTH.splitlines()
    turned = "\n".join([head, *reversed(rows)])
    other = TRUTH.replace(",A,", ",B,")
    wanted = compile_truth(contract(), TRUTH.encode(), ZONES, salt=SALT)
    assert compile_truth(contract(), turned.encode(), ZONES, salt=SALT).labels == wanted.labels
    assert compile_truth(contract(), other.encode(), ZONES, salt=SALT).keys == wanted.keys


def test_a_cluster_that_crosses_the_parts_is_refused() -> None:
    crossing = TRUTH.replace("k3,e", "k1,e")
    with pytest.raises(TruthFault, match="E_SPLIT 1 × « c » dans les deux parties"):
        compile_truth(contract(), crossing.encode(), ZONES, salt=SALT)


def test_many_clusters_share_two_thousand_buckets() -> None:
    raw = json.loads(json.dumps(ROW))
    raw |= {"fairness": None, "interval": {"replicates": 10}}
    rows = "".join(f"{i},A\n" for i in range(5000))
    done = compile_truth(
        contract(raw, split=None, cluster=None), ("id,y\n" + rows).encode(), {}, salt=SALT
    )
    labels = load_labels(done.labels)
    assert labels.weights["public"].shape == (10, 2000)
    assert labels.bucket.max() < 2000
    assert len(np.unique(labels.bucket)) > 1700


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("id,y,part,c,s\n", "E_EMPTY"),
        (TRUTH.replace("id,y", "id,yy"), "E_COLUMN_MISSING"),
        (TRUTH.replace("02,B", "01,B"), "E_IDS"),
        (TRUTH.replace("02,B", ",B"), "E_IDS"),
        (TRUTH.replace("02,B", '"0\n2",B'), "E_IDS"),
        (TRUTH.replace("02,B,x", "02,B,w"), "E_SPLIT"),
        (TRUTH.replace(",x,", ",z,"), "E_SPLIT"),
        (TRUTH.replace("02,B", "02,D"), "E_DOMAIN"),
        (TRUTH.replace("02,B", "02,"), "E_VALUE"),
    ],
)
def test_faults_of_a_truth(text: str, code: str) -> None:
    with pytest.raises(TruthFault) as caught:
        compile_truth(contract(), text.encode(), ZONES, salt=SALT)
    assert caught.value.code == code


def test_faults_of_the_files_beside() -> None:
    with pytest.raises(TruthFault, match="E_FILE_MISSING"):
        compile_truth(contract(), TRUTH.encode(), {})
    with pytest.raises(TruthFault, match="E_COLUMN_MISSING"):
        compile_truth(contract(), TRUTH.encode(), {"zones.csv": b"code,a\n1,2\n"})
    with pytest.raises(TruthFault, match="E_ENCODING"):
        compile_truth(contract(), TRUTH.encode("utf-16"), ZONES)


def test_a_number_of_the_truth_is_finite() -> None:
    raw = json.loads(json.dumps(ROW))
    raw["submission"]["columns"][1] = {"name": "p", "role": "target", "type": "float"}
    text = TRUTH.replace(",A,", ",1.5,").replace(",B,", ",nan,").replace(",C,", ",2,")
    with pytest.raises(TruthFault, match="E_VALUE"):
        compile_truth(contract(raw), text.encode(), ZONES)


def test_blobs_refuse_what_they_did_not_write() -> None:
    keys = keys_of(["a", "b"])
    assert load_keys(keys).ids == ["a", "b"]
    for damaged in (b"", b"x" * 64, keys[:20], keys.replace(b"<u8", b"|O8"), keys[:-70]):
        with pytest.raises(blob.BlobFault):
            load_keys(damaged)
    with pytest.raises(blob.BlobFault):
        load_labels(keys)
