"""Identifiers as words: each is found at its place and no other, whatever their form."""

import numpy as np
import pytest

from challenges.scoring.arrays import blob, lookup, words
from challenges.scoring.arrays.lookup import Lookup, Packed
from challenges.scoring.truth import Keys, TruthFault, keys_of, load_keys, load_labels
from challenges.scoring.truth.keys import pack_keys


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


def laid(texts: list[str]) -> words.Words:
    return words.of_texts([text.encode() for text in texts])


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
        monkeypatch.setattr(lookup, "LEVELS", levels)
        monkeypatch.setattr(lookup, "LEVELS", levels)
    texts = TEXTS[name]
    turned = [texts[i] for i in np.random.default_rng(2).permutation(len(texts))]
    made = Keys.of(turned)
    if levels is None:
        assert isinstance(made.lookup, Lookup) is (name in LOOKED_UP)
    for keys in (made, load_keys(pack_keys(made))):
        assert keys.ids == turned
        assert list(keys.names) == turned
        assert keys.find(laid(turned)).tolist() == list(range(len(texts)))
        asked = [text.encode() for text in others(texts)]
        assert set(keys.find(words.of_texts(asked, keys.lookup.count)).tolist()) == {-1}


@pytest.mark.parametrize("name", TEXTS)
def test_keys_recognise_the_order_at_rest(name: str) -> None:
    texts = TEXTS[name]
    turned = [texts[i] for i in np.random.default_rng(2).permutation(len(texts))]
    keys = load_keys(pack_keys(Keys.of(turned)))
    ordered = sorted(texts, key=lambda text: (len(text.encode()), text.encode()))
    place = {text: i for i, text in enumerate(turned)}
    for first, last in ((0, len(texts)), (len(texts) // 3, len(texts))):
        run = ordered[first:last]
        found = keys.follow(laid(run))
        assert found is not None
        assert found.tolist() == [place[text] for text in run]
    if len(texts) > 4:
        assert keys.follow(laid([*ordered[:2], ordered[3], ordered[2], *ordered[4:]])) is None
        assert keys.follow(laid([*ordered[-2:], ordered[0]])) is None
        unknown = words.of_texts([ordered[-1].encode()[:-1] + b"!"], keys.lookup.count)
        assert keys.follow(unknown) is None


@pytest.mark.parametrize("longest", [1, 3, 7, 8, 9, 40])
def test_texts_survive_as_words_and_are_read_at_any_position(longest: int) -> None:
    rng = np.random.default_rng([1, longest])
    texts = sorted({bytes(rng.integers(1, 256, rng.integers(1, longest + 1)).tolist())
                    for _ in range(300)})  # fmt: skip
    made = words.of_texts(texts)
    assert made.shape == (words.count_of(longest), len(texts))
    assert words.to_texts(made) == texts
    data = rng.integers(0, 256, 500, np.uint8)
    start, length = rng.integers(0, 500 - longest, 200), rng.integers(0, longest + 1, 200)
    for sizes in (length, np.full(200, longest)):
        found = words.rows(words.padded(data), start, sizes, words.count_of(longest) + 1)
        raw = np.ascontiguousarray(found.T).view(np.uint8)
        for row, at, size in zip(raw, start.tolist(), sizes.tolist(), strict=True):
            assert row[:size].tobytes() == data[at : at + size].tobytes()
            assert not row[size:].any()


def test_the_same_texts_give_the_same_tables_and_none_an_empty_one() -> None:
    one, two = (Lookup.of(laid(["a", "bb", "ccc"]), b"seed").arrays() for _ in range(2))
    assert one.keys() == two.keys()
    assert all((one[name] == two[name]).all() for name in one)
    other = Lookup.of(laid(["a", "bb", "ccc"]), b"other")
    assert (other.multipliers != one["multipliers"]).any()
    assert Lookup.of(laid([])).find(laid(["a"])).tolist() == [-1]
    assert Keys.of([]).ids == []
    table = Packed.of(laid(TEXTS["digits"]), np.arange(len(TEXTS["digits"]), dtype=np.int32))
    assert table is not None
    assert table.text(7) == TEXTS["digits"][7].encode()


def test_keys_refuse_what_no_file_could_answer() -> None:
    for ids in (["a", "a"], ["a\nb"], ["a\0"]):
        with pytest.raises(TruthFault, match="E_IDS"):
            Keys.of(ids)
    for row in (["", "b"], ["a\n"], ["\0"]):
        with pytest.raises(TruthFault, match="E_IDS"):
            Keys.of(["q"], [row])


def test_blobs_refuse_what_they_did_not_write() -> None:
    keys = keys_of(["a", "b"])
    for damaged in (b"", b"x" * 64, keys[:20], keys.replace(b"<u8", b"|O8"), keys[:-70]):
        with pytest.raises(blob.BlobFault):
            load_keys(damaged)
    with pytest.raises(blob.BlobFault):
        load_labels(keys)


@pytest.mark.parametrize("candidates", [None, [["x", "y"], ["y"], []]])
def test_keys_are_written_and_read_and_those_of_another_version_refused(
    candidates: list[list[str]] | None,
) -> None:
    ids = ["10", "9", "é"]
    data = keys_of(ids, candidates)
    keys = load_keys(data)
    assert keys.ids == ids
    assert keys.find(laid([*ids, "x"])).tolist() == [0, 1, 2, -1]
    assert keys.candidates == (candidates or [])
    meta, arrays = blob.unpack(data)
    for version in (2, 4):
        with pytest.raises(blob.BlobFault, match="another version"):
            load_keys(blob.pack(meta | {"version": version}, arrays))
