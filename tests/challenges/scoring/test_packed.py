"""Texts that vary in few bits, packed in one number each and found by one look-up."""

import numpy as np
import pytest

from challenges.scoring import blob, packed, words
from challenges.scoring.lookup import Lookup
from challenges.scoring.packed import Packed, Packing
from challenges.scoring.truth import load_keys
from challenges.scoring.truth.keys import Keys, pack_keys


def laid(texts: list[str]) -> words.Words:
    return words.of_texts([text.encode() for text in texts])


def drawn(alphabet: str, length: int, count: int) -> list[str]:
    rng = np.random.default_rng([len(alphabet), length, count])
    made = {"".join(row) for row in rng.choice([*alphabet], (count, length)).tolist()}
    return sorted(made)


PACKED = {
    "digits": drawn("0123456789", 10, 3000),
    "sixteen digits": drawn("0123456789", 16, 3000),
    "prefix": ["demandeur-" + text for text in drawn("0123456789", 6, 2000)],
    "two letters": drawn("AC", 40, 500),
    "unequal lengths": [str(number) for number in range(2500)],
    "one": ["a"],
    "first of the second word": [f"fixed-on{letter}" for letter in "abc"],
}


@pytest.mark.parametrize("name", PACKED)
def test_each_text_is_found_at_its_position(name: str) -> None:
    texts = PACKED[name]
    position = np.random.default_rng(1).permutation(len(texts)).astype(np.int32)
    table = Packed.of(laid(texts), position)
    assert table is not None
    assert table.find(laid(texts)).tolist() == position.tolist()
    assert words.to_texts(table.laid) == [text.encode() for text in texts]
    assert table.text(len(texts) // 2) == texts[len(texts) // 2].encode()
    kept = Packed.from_arrays(table.arrays())
    assert kept.find(laid(texts[::-1])).tolist() == position[::-1].tolist()


@pytest.mark.parametrize("name", PACKED)
def test_no_other_text_is_found(name: str) -> None:
    texts = PACKED[name]
    table = Packed.of(laid(texts), np.arange(len(texts), dtype=np.int32))
    assert table is not None
    known, asked = set(texts), []
    for text in texts[:200]:
        for at in range(len(text)):
            for flip in (1, 2, 16, 64):
                asked.append(text[:at] + chr(ord(text[at]) ^ flip) + text[at + 1 :])
        asked += [text + "0"] if len(text) % 8 else []
        asked.append(text[:-1] or "z")
    asked = [text for text in asked if text not in known]
    found = table.find(words.of_texts([t.encode() for t in asked], table.count))
    assert set(found.tolist()) == {-1}


@pytest.mark.parametrize("texts", [[], drawn("0123456789abcdef", 16, 50), ["é" * 20, "x" * 40]])
def test_texts_that_vary_too_much_are_left_to_the_other_look_up(texts: list[str]) -> None:
    assert Packing.of(laid(texts)) is None
    assert Packed.of(laid(texts), np.arange(len(texts), dtype=np.int32)) is None
    assert isinstance(Keys.of(texts).lookup, Lookup)


def test_what_no_table_holds_is_left_to_the_other_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "LEVELS", 1)
    texts = PACKED["digits"]
    assert Packed.of(laid(texts), np.arange(len(texts), dtype=np.int32)) is None
    monkeypatch.setattr(packed, "LEVELS", 24)
    assert Packed.of(laid(texts), np.arange(len(texts), dtype=np.int32)) is not None


@pytest.mark.parametrize("name", [*PACKED, "wide"])
def test_keys_recognise_the_order_at_rest(name: str) -> None:
    texts = PACKED.get(name) or drawn("0123456789abcdef", 16, 300)
    turned = [texts[i] for i in np.random.default_rng(2).permutation(len(texts))]
    keys = load_keys(pack_keys(Keys.of(turned)))
    assert keys.ids == turned
    ordered = sorted(texts, key=lambda text: (len(text), text))
    place = {text: i for i, text in enumerate(turned)}
    for first, last in ((0, len(texts)), (len(texts) // 3, len(texts))):
        run = ordered[first:last]
        found = keys.follow(laid(run))
        assert found is not None
        assert found.tolist() == keys.find(laid(run)).tolist() == [place[text] for text in run]
    if len(texts) > 4:
        assert keys.follow(laid([*ordered[:2], ordered[3], ordered[2], *ordered[4:]])) is None
        assert keys.follow(laid([*ordered[-2:], ordered[0]])) is None
        unknown = words.of_texts([ordered[-1].encode()[:-1] + b"!"], keys.lookup.count)
        assert keys.follow(unknown) is None


@pytest.mark.parametrize("texts", [PACKED["digits"], ["a", "bb"], []])
def test_keys_of_the_second_version_are_still_read(texts: list[str]) -> None:
    turned = texts[::-1]
    order = sorted(range(len(turned)), key=lambda i: (len(turned[i]), turned[i]))
    held = Lookup.of(laid([turned[i] for i in order]))
    arrays = held.arrays() | {"canonical": np.array(order, np.int32)}
    meta = {"kind": "keys", "count": len(turned), "version": 2}
    old, new = load_keys(blob.pack(meta, arrays)), Keys.of(turned)
    assert isinstance(old.lookup, Lookup)
    assert old.ids == new.ids == turned
    assert old.canonical.tolist() == new.canonical.tolist()
    if texts:
        assert old.find(laid(texts)).tolist() == new.find(laid(texts)).tolist()
        assert old.find(laid(["x"])).tolist() == new.find(laid(["x"])).tolist() == [-1]
