"""A truth is compiled by columns as it would be row by row, whatever the form of its file."""

import csv
import hmac
import io
from typing import Any

import numpy as np
import pytest

from challenges.scoring import blob, words
from challenges.scoring.contract import ScoringContract
from challenges.scoring.truth import (
    Keys,
    TruthFault,
    compile_truth,
    keys_of,
    load_keys,
    load_labels,
    table,
)
from challenges.scoring.truth.table import Table
from challenges.scoring.truth.units import digest_order, digests
from tests.challenges.scoring.boards import SALT

LABELS = ["é", "b", "a", "a label of more than eight bytes"]


def contract(kind: str = "string", **truth: Any) -> ScoringContract:
    columns = [
        {"name": "id", "role": "id", "type": "string"},
        {"name": "p", "role": "target", "type": kind},
    ]
    return ScoringContract.from_json(
        {
            "submission": {"layout": "one_row_per_id", "columns": columns},
            "truth": {"id": "id", "target": "y", **truth},
            "metrics": [{"key": "k", "metric": "accuracy"}],
            "interval": {"replicates": 5},
            "fairness": {
                "attributes": [{"key": "g", "source": "truth", "column": "g", "ignore": ["b"]}],
                "metrics": [],
            },
        }
    )


def rows(count: int, clusters: int = 0) -> list[dict[str, str]]:
    rng = np.random.default_rng([81, count, clusters])
    return [
        {
            "id": f"{number:0{1 + 11 * (count % 2)}d}",
            "y": str(rng.choice(LABELS)),
            "n": repr(float(rng.normal())),
            "part": str(rng.choice(["public", "private"])),
            "c": f"cluster {rng.integers(clusters or 1)}",
            "g": str(rng.choice(["x", "b", "", "zz"])),
        }
        for number in rng.permutation(10 * count)[:count]
    ]


def written(made: list[dict[str, str]], **style: Any) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(made[0]), **{"lineterminator": "\n", **style})
    writer.writeheader()
    writer.writerows(made)
    return out.getvalue().encode()


def mac(text: str, prefix: str = "") -> bytes:
    return hmac.digest(SALT, (prefix + text).encode(), "sha256")


def buckets_of(names: list[str]) -> list[int]:
    """Return the bucket of each cluster by the rule of the design."""
    met = sorted(set(names), key=lambda name: mac(name, "cluster:"))
    if len(met) <= 2000:
        return [met.index(name) for name in names]
    return [int.from_bytes(mac(name, "cluster:")[:8], "big") % 2000 for name in names]


@pytest.mark.parametrize(("count", "clusters"), [(1, 0), (40, 0), (301, 7), (2501, 0)])
@pytest.mark.parametrize("kind", ["string", "float"])
def test_arrays_are_those_of_the_rows(count: int, clusters: int, kind: str) -> None:
    made = rows(count, clusters)
    cluster = {"cluster": "c"} if clusters else {}
    target = "y" if kind == "string" else "n"
    chosen = contract(kind, target=target, **cluster)
    done = compile_truth(chosen, written(made), {}, salt=SALT)
    keys, labels = load_keys(done.keys), load_labels(done.labels)
    ordered = sorted(made, key=lambda row: mac(row["id"]))
    assert keys.ids == [row["id"] for row in ordered]
    if kind == "string":
        assert labels.texts == sorted({row["y"] for row in made})
        assert [labels.texts[code] for code in labels.y] == [row["y"] for row in ordered]
    else:
        assert labels.y.tolist() == [float(row["n"]) for row in ordered]
    names = [row["c" if clusters else "id"] for row in ordered]
    assert labels.bucket.tolist() == buckets_of(names)
    kept = [labels.group_names["g"][c] if c >= 0 else "b" for c in labels.groups["g"]]
    assert kept == [row["g"] for row in ordered]
    assert labels.group_names["g"] == sorted({row["g"] for row in made} - {"b"})


def test_parts_have_buckets_of_their_own() -> None:
    made = [row | {"c": f"{row['part']} {row['c']}"} for row in rows(400, 30)]
    split = {"column": "part", "public": "public", "private": "private"}
    done = compile_truth(contract(split=split, cluster="c"), written(made), {}, salt=SALT)
    labels = load_labels(done.labels)
    ordered = sorted(made, key=lambda row: mac(row["id"]))
    assert [labels.splits[code] for code in labels.part] == [row["part"] for row in ordered]
    for index, name in enumerate(labels.splits):
        wanted = buckets_of([row["c"] for row in ordered if row["part"] == name])
        assert labels.bucket[labels.part == index].tolist() == wanted


def test_clusters_that_cross_the_parts_are_counted() -> None:
    split = {"column": "part", "public": "public", "private": "private"}
    with pytest.raises(TruthFault, match="E_SPLIT 30 × "):
        compile_truth(contract(split=split, cluster="c"), written(rows(400, 30)), {}, salt=SALT)


def test_the_form_of_the_file_changes_nothing() -> None:
    made = rows(60, 5)
    plain = written(made)
    wanted = compile_truth(contract(cluster="c"), plain, {}, salt=SALT)
    forms = [
        written(made, lineterminator="\r\n"),
        written(made, quoting=csv.QUOTE_ALL),
        b"\xef\xbb\xbf" + plain,
        plain.rstrip(b"\n"),
        plain.replace(b"\n", b"\n\n", 5),
        plain.replace(b"\n", b",more,cells\n").replace(b",more,cells\n", b"\n", 1),
        written([{**row, "free": 'a "word",\nand a line'} for row in made]),
    ]
    for data in forms:
        assert compile_truth(contract(cluster="c"), data, {}, salt=SALT) == wanted


def test_a_row_that_is_too_short_is_told() -> None:
    data = b"id,y,n,part,c,g\n1,a,1,public,c,x\n2,a\n"
    with pytest.raises(TruthFault, match="E_VALUE rangée 2"):
        compile_truth(contract(), data, {})
    with pytest.raises(TruthFault, match="E_VALUE octet nul"):
        compile_truth(contract(), data.replace(b"a,1", b"a\0,1"), {})


def test_numbers_are_those_of_float() -> None:
    cells = ["1", "-0.5", "+3", "1e-3", " 7 ", "0.12345678901234567", "9" * 30]
    laid = words.of_texts([cell.encode() for cell in cells])
    assert table.numbers(laid).tolist() == [float(cell) for cell in cells]
    for cell in ("", "x", "nan", "inf", "1,5", "1_0"):
        with pytest.raises(TruthFault, match="E_VALUE"):
            table.numbers(words.of_texts([b"1", cell.encode()]))


def test_labels_met_late_are_coded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "SEED_ROWS", 8)
    cells = [f"{number % 5}" for number in range(30)] + ["zz", "a longer one", "zz", ""]
    for most in (2, 100):
        monkeypatch.setattr(table, "SEED_TEXTS", most)
        names, place = table.coded(words.of_texts([cell.encode() for cell in cells]))
        assert names == sorted(set(cells))
        assert [names[at] for at in place] == cells


def test_of_two_columns_of_a_name_the_last_counts() -> None:
    read = Table.read(b"a,b,a\n1,2,3\n", ["a"])
    assert read.texts("a") == ["3"]


def test_equal_beginnings_of_digests_are_told_apart() -> None:
    digest = digests(SALT, [b"a", b"b", b"c"])
    assert digest[0].astype(">u8").tobytes() == mac("a")
    tied = np.array([[1, 2, 3, 9], [1, 2, 3, 4], [0, 9, 9, 9]], np.uint64)
    assert digest_order(tied).tolist() == [2, 1, 0]


@pytest.mark.parametrize("candidates", [None, [["x", "y"], ["y"], []]])
def test_keys_of_the_first_version_are_still_read(candidates: list[list[str]] | None) -> None:
    ids = ["10", "9", "é"]
    arrays = {"text": np.frombuffer("\n".join(ids).encode(), np.uint8)}
    if candidates is not None:
        flat = "\n".join(name for row in candidates for name in row)
        arrays["candidates"] = np.frombuffer(flat.encode(), np.uint8)
        arrays["sizes"] = np.array([len(row) for row in candidates], np.int32)
    old = load_keys(blob.pack({"kind": "keys", "count": 3}, arrays))
    new = load_keys(keys_of(ids, candidates))
    assert old.ids == new.ids == ids
    assert old.candidates == new.candidates == (candidates or [])
    assert old.canonical.tolist() == new.canonical.tolist() == [1, 0, 2]
    later = blob.pack({"kind": "keys", "count": 3, "version": 4}, arrays)
    with pytest.raises(blob.BlobFault, match="another version"):
        load_keys(later)


def test_keys_refuse_what_no_file_could_answer() -> None:
    for ids in (["a", "a"], ["a\nb"], ["a\0"]):
        with pytest.raises(TruthFault, match="E_IDS"):
            Keys.of(ids)
    for row in (["", "b"], ["a\n"], ["\0"]):
        with pytest.raises(TruthFault, match="E_IDS"):
            Keys.of(["q"], [row])
    assert list(Keys.of(["b", "a"]).names) == ["b", "a"]
    assert Keys.of([]).ids == []
