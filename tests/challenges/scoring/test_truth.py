"""A truth is compiled by columns as it would be row by row, whatever the form of its file."""

import csv
import hmac
import io
from typing import Any

import numpy as np
import pytest

from challenges.scoring import arrays, compilation
from challenges.scoring.arrays import Lookup
from challenges.scoring.compilation import (
    LEAST_BUCKETS,
    MAX_BUCKETS,
    compile_truth,
)
from challenges.scoring.contract import ScoringContract, TruthFault
from challenges.scoring.truth import Keys, Labels, keys_of, load_keys, load_labels, pack_keys
from tests.challenges.scoring.answers import one_row
from tests.challenges.scoring.boards import (
    ROWS,
    SALT,
    compiled,
    contract,
    contract_of,
    evaluated,
    truth_of,
)

LABELS = ["é", "b", "a", "a label of more than eight bytes"]
SPLIT = {"column": "part", "public": "public", "private": "private"}
GROUPED = {
    "attributes": [{"key": "g", "source": "truth", "column": "g", "ignore": ["b"]}],
    "metrics": [],
}


def plain(kind: str = "string", **truth: Any) -> ScoringContract:
    """Declare rows of free labels or numbers, of groups « g »."""
    few = {"replicates": 5}
    return contract_of(
        one_row(type=kind), "accuracy", truth=ROWS | truth, interval=few, fairness=GROUPED
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
    if len(met) <= MAX_BUCKETS == 2000:
        return [met.index(name) for name in names]
    return [int.from_bytes(mac(name, "cluster:")[:8], "big") % MAX_BUCKETS for name in names]


@pytest.mark.parametrize(("count", "clusters"), [(1, 0), (40, 0), (301, 7), (2501, 0)])
@pytest.mark.parametrize("kind", ["string", "float"])
def test_arrays_are_those_of_the_rows_in_an_order_of_their_own(
    count: int, clusters: int, kind: str
) -> None:
    made = rows(count, clusters)
    cluster = {"cluster": "c"} if clusters else {}
    target = "y" if kind == "string" else "n"
    chosen = plain(kind, target=target, **cluster)
    keys, labels = compiled(chosen, written(made).decode())
    ordered = sorted(made, key=lambda row: mac(row["id"]))
    assert keys.ids == [row["id"] for row in ordered]
    if kind == "string":
        assert labels.texts == sorted({row["y"] for row in made})
        assert [labels.texts[code] for code in labels.y] == [row["y"] for row in ordered]
    else:
        assert labels.y.tolist() == [float(row["n"]) for row in ordered]
    names = [row["c" if clusters else "id"] for row in ordered]
    assert labels.bucket.tolist() == buckets_of(names)
    assert labels.weights["public"].shape == (5, min(len(set(names)), MAX_BUCKETS))
    kept = [labels.group_names["g"][c] if c >= 0 else "b" for c in labels.groups["g"]]
    assert kept == [row["g"] for row in ordered]
    assert labels.group_names["g"] == sorted({row["g"] for row in made} - {"b"})


def test_parts_have_buckets_of_their_own_and_no_cluster_crosses_them() -> None:
    made = [row | {"c": f"{row['part']} {row['c']}"} for row in rows(400, 30)]
    chosen = plain(split=SPLIT, cluster="c")
    truth = truth_of(chosen, written(made).decode())
    _, labels = compiled(chosen, written(made).decode())
    ordered = sorted(made, key=lambda row: mac(row["id"]))
    assert [labels.splits[code] for code in labels.part] == [row["part"] for row in ordered]
    for index, name in enumerate(labels.splits):
        wanted = buckets_of([row["c"] for row in ordered if row["part"] == name])
        assert labels.bucket[labels.part == index].tolist() == wanted
        assert truth.n[name] == len(wanted)
    with pytest.raises(TruthFault, match="E_SPLIT 30 × « c » dans les deux parties"):
        truth_of(chosen, written(rows(400, 30)).decode())


def test_the_form_of_the_file_changes_nothing() -> None:
    made = rows(60, 5)
    data = written(made)
    chosen = plain(cluster="c")
    wanted = compile_truth(chosen, data, {}, salt=SALT)
    forms = [
        written(made, lineterminator="\r\n"),
        written(made, quoting=csv.QUOTE_ALL),
        written(made[::-1]),
        b"\xef\xbb\xbf" + data,
        data.rstrip(b"\n"),
        data.replace(b"\n", b"\n\n", 5),
        data.replace(b"\n", b",more,cells\n").replace(b",more,cells\n", b"\n", 1),
        written([{**row, "free": 'a "word",\nand a line'} for row in made]),
    ]
    for form in forms:
        assert compile_truth(chosen, form, {}, salt=SALT) == wanted
    other = compile_truth(chosen, written([row | {"y": "b"} for row in made]), {}, salt=SALT)
    assert (other.keys == wanted.keys, other.labels == wanted.labels) == (True, False)
    assert compile_truth(chosen, data, {}).labels != wanted.labels  # a new salt is drawn


# --- what is refused

CATEGORY = one_row(type="category", domain=["A", "B", "C"])
FAIRNESS = {
    "attributes": [
        {"key": "sex", "source": "truth", "column": "s", "ignore": ["e"]},
        {"key": "zone", "source": "zones.csv", "column": "zone", "id": "code"},
    ],
    "metrics": [],
}
TRUTH = "id,y,part,c,s\n01,A,x,k1,f\n02,B,x,k2,m\n03,C,z,k3,e\n04,A,z,k3,f\n"
ZONES = b"code,zone\n01,mer\n02,mont\n03,mer\n"
PARTS = {"column": "part", "public": "x", "private": "z"}


def judged(shape: dict[str, Any] = CATEGORY) -> ScoringContract:
    truth = ROWS | {"split": PARTS, "cluster": "c"}
    return contract_of(shape, "accuracy", truth=truth, fairness=FAIRNESS)


def test_attributes_may_stand_in_a_file_beside() -> None:
    keys, labels = compiled(judged(), TRUTH, zones_csv=ZONES)
    at = [keys.ids.index(i) for i in ("01", "02", "03", "04")]
    assert labels.group_names == {"sex": ["f", "m"], "zone": ["", "mer", "mont"]}
    assert labels.groups["sex"][at].tolist() == [0, 1, -1, 0]
    assert labels.groups["zone"][at].tolist() == [1, 2, 1, 0]
    assert labels.weights["public"].shape == (1000, 2)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (TRUTH.partition("\n")[2], "", "E_EMPTY"),
        ("id,y", "id,yy", "E_COLUMN_MISSING"),
        ("02,B", "01,B", "E_IDS"),
        ("02,B", ",B", "E_IDS"),
        ("02,B", '"0\n2",B', "E_IDS"),
        ("02,B,x", "02,B,w", "E_SPLIT"),
        (",x,", ",z,", "E_SPLIT"),
        ("k3,e", "k1,e", "E_SPLIT 1 × « c » dans les deux parties"),
        ("02,B", "02,D", "E_DOMAIN"),
        ("02,B", "02,", "E_VALUE"),
        ("02,B,x,k2,m", "02,B", "E_VALUE rangée 2"),
        ("02,B", "02,B\0", "E_VALUE octet nul"),
    ],
)
def test_faults_of_a_truth(old: str, new: str, code: str) -> None:
    with pytest.raises(TruthFault, match=code):
        truth_of(judged(), TRUTH.replace(old, new), zones_csv=ZONES)


def test_faults_of_the_files_beside_and_of_numbers() -> None:
    with pytest.raises(TruthFault, match="E_FILE_MISSING"):
        truth_of(judged(), TRUTH)
    with pytest.raises(TruthFault, match="E_COLUMN_MISSING"):
        truth_of(judged(), TRUTH, zones_csv=b"code,a\n1,2\n")
    with pytest.raises(TruthFault, match="E_ENCODING"):
        compile_truth(judged(), TRUTH.encode("utf-16"), {"zones.csv": ZONES})
    text = TRUTH.replace(",A,", ",1.5,").replace(",B,", ",nan,").replace(",C,", ",2,")
    with pytest.raises(TruthFault, match="E_VALUE"):
        truth_of(judged(one_row()), text, zones_csv=ZONES)


def test_numbers_are_those_of_float() -> None:
    cells = ["1", "-0.5", "+3", "1e-3", " 7 ", "0.12345678901234567", "9" * 30]
    laid = arrays.words_of_texts([cell.encode() for cell in cells])
    assert compilation.numbers(laid).tolist() == [float(cell) for cell in cells]
    for cell in ("", "x", "nan", "inf", "1,5", "1_0"):
        with pytest.raises(TruthFault, match="E_VALUE"):
            compilation.numbers(arrays.words_of_texts([b"1", cell.encode()]))


# --- strata: each keeps its number of clusters in every resampling, a rare one never vanishes

COMMON, RARE = 180, 20


def stratified(values: list[str], **more: Any) -> Labels:
    count = len(values)
    truth = {k: v for k, v in more.items() if isinstance(v, (str, dict))}
    columns = {"id": [f"r{i}" for i in range(count)], "y": ["a"] * count, "s": values}
    columns |= {k: v for k, v in more.items() if isinstance(v, list)}
    return compiled(contract(replicates=200, **{"strata": "s"} | truth), columns)[1]


def test_each_stratum_keeps_its_buckets_in_every_resampling() -> None:
    strata = ["common"] * COMMON + ["rare"] * RARE
    labels = stratified(strata)
    weights = labels.weights["public"]
    assert weights.shape == (200, COMMON + RARE)
    assert len(set(labels.bucket.tolist())) == COMMON + RARE
    assert set(weights[:, :COMMON].sum(1).tolist()) == {COMMON}
    assert set(weights[:, COMMON:].sum(1).tolist()) == {RARE}
    columns = {"id": [f"r{i}" for i in range(200)], "y": ["a"] * 200}
    free = compiled(contract(replicates=200), columns)[1].weights["public"]
    assert len(set(free[:, COMMON:].sum(1).tolist())) > 5


def test_a_stratum_explains_what_it_tells() -> None:
    """Where answers are right in one stratum and wrong in the other, nothing is left to vary."""
    columns = {"id": [f"r{i}" for i in range(200)], "y": ["a"] * 200}
    columns["s"] = ["common"] * COMMON + ["rare"] * RARE
    answers = {f"r{i}": "a" if i < COMMON else "b" for i in range(200)}
    found = [
        evaluated(chosen, truth_of(chosen, columns), answers).intervals["public"]["score"]
        for chosen in (contract(strata="s"), contract())
    ]
    assert found[0] == [pytest.approx(0.9), pytest.approx(0.9), "bootstrap"]
    assert found[1][1] - found[1][0] > 0.07


def test_parts_have_strata_of_their_own_and_those_of_one_cluster_are_drawn_together() -> None:
    weights = stratified(["big"] * 10 + ["x", "y", "z", "w"]).weights["public"]
    assert set(weights[:, 10:].sum(1).tolist()) == {4}
    assert weights[:, 10:].max() > 1
    labels = stratified(["u", "v"] * 30, part=["public", "private", "private"] * 20, split=SPLIT)
    shapes = {split: weights.shape[1] for split, weights in labels.weights.items()}
    assert shapes == {"public": 20, "private": 40}


def test_a_rare_stratum_keeps_enough_buckets_among_many() -> None:
    weights = stratified(["rare"] * 40 + ["common"] * 5960).weights["public"]
    common = MAX_BUCKETS * 5960 // 6000
    assert weights.shape[1] == common + LEAST_BUCKETS
    assert set(weights[:, common:].sum(1).tolist()) == {LEAST_BUCKETS}


@pytest.mark.parametrize(
    ("values", "more", "fault"),
    [
        (["u"] * 10 + ["v"] * 10, {"cluster": "c", "c": [f"c{i % 10}" for i in range(20)]},
         "E_VALUE s : une seule valeur par groupe, 10 en trop"),
        ([f"s{i // 2}" for i in range(2002)], {}, "E_VALUE s : 1001 strates, 1000 au plus"),
        (["u"], {"strata": "z"}, "E_COLUMN_MISSING"),
    ],
)  # fmt: skip
def test_strata_that_cannot_be_drawn_are_refused(
    values: list[str], more: dict[str, Any], fault: str
) -> None:
    with pytest.raises(TruthFault, match=fault):
        stratified(values, **more)


# --- Identifiers as words: each is found at its place and no other, whatever their form


def drawn(alphabet: str, length: int, count: int) -> list[str]:
    """Draw texts of an alphabet, all of a length, or of up to it when it is below 0."""
    rng = np.random.default_rng([len(alphabet), abs(length), count])
    made = {"".join(row) for row in rng.choice([*alphabet], (count, abs(length))).tolist()}
    sizes = rng.integers(1, 1 - length, count) if length < 0 else [length] * count
    return sorted({text[:size] for text, size in zip(sorted(made), sizes, strict=False)})


HEXADECIMAL = "0123456789abcdef"
TEXTS = {
    "digits": drawn("0123456789", 10, 3000),
    "sixteen digits": drawn("0123456789", 16, 3000),
    "prefix": ["demandeur-" + text for text in drawn("0123456789", 6, 2000)],
    "two letters": drawn("AC", 40, 500),
    "unequal lengths": [str(number) for number in range(2500)],
    "one": ["a"],
    "first of the second word": [f"fixed-on{letter}" for letter in "abc"],
    "wide": drawn(HEXADECIMAL, 16, 300),
    "wide and unequal": drawn(HEXADECIMAL + "éà€", -40, 2000),
    "far apart": ["é" * 20, "x" * 40],
}
LOOKED_UP = {"wide", "wide and unequal", "far apart"}  # vary in too many bits to be packed


def laid(texts: list[str]) -> arrays.Words:
    return arrays.words_of_texts([text.encode() for text in texts])


def others(texts: list[str]) -> list[str]:
    """Write texts that differ from known ones by a character, or by their length."""
    known, asked = set(texts), []
    for text in texts[:60]:
        for at in range(len(text)):
            for flip in (1, 2, 16, 64):
                asked.append(text[:at] + chr(ord(text[at]) ^ flip) + text[at + 1 :])
        asked += [text + "0"] if len(text.encode()) % 8 else []
        asked.append(text[:-1] or "z")
    return [text for text in asked if text not in known]


@pytest.mark.parametrize("levels", [None, 1], ids=["all levels", "one level"])
@pytest.mark.parametrize("name", TEXTS)
def test_each_identifier_is_found_and_no_other(
    name: str, levels: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What no level of a table holds is found in what is left of it."""
    if levels:
        monkeypatch.setattr(arrays, "LEVELS", levels)
    texts = TEXTS[name]
    turned = [texts[i] for i in np.random.default_rng(2).permutation(len(texts))]
    made = Keys.of(turned)
    if levels is None:
        assert isinstance(made.lookup, Lookup) is (name in LOOKED_UP)
    for keys in (made, load_keys(pack_keys(made))):
        assert keys.ids == turned
        assert list(keys.names) == turned
        assert keys.find(laid(turned)).tolist() == list(range(len(texts)))
        # Laid beside the longest, as in a file.
        assert set(keys.find(laid([*texts, *others(texts)]))[len(texts) :].tolist()) == {-1}


def test_keys_refuse_what_no_file_could_answer() -> None:
    for ids in (["a", "a"], ["a\nb"], ["a\0"]):
        with pytest.raises(TruthFault, match="E_IDS"):
            Keys.of(ids)
    for row in (["", "b"], ["a\n"], ["\0"]):
        with pytest.raises(TruthFault, match="E_IDS"):
            Keys.of(["q"], [row])


def test_keys_are_written_and_read_and_what_they_did_not_write_refused() -> None:
    ids, candidates = ["10", "9", "é"], [["x", "y"], ["y"], []]
    assert load_keys(keys_of(ids)).candidates == []
    data = keys_of(ids, candidates)
    keys = load_keys(data)
    assert keys.ids == ids
    assert keys.find(laid([*ids, "x"])).tolist() == [0, 1, 2, -1]
    assert keys.candidates == candidates
    for damaged in (b"", b"x" * 64, data[:20], data.replace(b"<u8", b"|O8"), data[:-70]):
        with pytest.raises(arrays.BlobFault):
            load_keys(damaged)
    with pytest.raises(arrays.BlobFault):
        load_labels(data)
    meta, named = arrays.unpack(data)
    for version in (2, 4):
        with pytest.raises(arrays.BlobFault, match="another version"):
            load_keys(arrays.pack(meta | {"version": version}, named))
