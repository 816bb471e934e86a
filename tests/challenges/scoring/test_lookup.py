"""Texts as words, and the static hash that finds them."""

import numpy as np
import pytest

from challenges.scoring import lookup, words
from challenges.scoring.lookup import Lookup


def random_texts(rng: np.random.Generator, count: int, longest: int) -> list[bytes]:
    made = {
        bytes(rng.integers(1, 256, rng.integers(1, longest + 1)).tolist()) for _ in range(count)
    }
    return sorted(made)


@pytest.mark.parametrize("longest", [3, 8, 9, 40])
def test_texts_survive_as_words(longest: int) -> None:
    texts = random_texts(np.random.default_rng(longest), 300, longest)
    laid = words.of_texts(texts)
    assert laid.shape == (words.count_of(longest), len(texts))
    assert words.to_texts(laid) == texts


@pytest.mark.parametrize("longest", [1, 7, 8, 9, 30])
def test_words_are_read_at_any_position(longest: int) -> None:
    rng = np.random.default_rng([1, longest])
    data = rng.integers(0, 256, 500, np.uint8)
    start = rng.integers(0, 500 - longest, 200)
    length = rng.integers(0, longest + 1, 200)
    for sizes in (length, np.full(200, longest)):
        found = words.rows(words.padded(data), start, sizes, words.count_of(longest) + 1)
        raw = np.ascontiguousarray(found.T).view(np.uint8)
        for row, at, size in zip(raw, start.tolist(), sizes.tolist(), strict=True):
            assert row[:size].tobytes() == data[at : at + size].tobytes()
            assert not row[size:].any()


@pytest.mark.parametrize(("count", "longest"), [(1, 1), (2, 3), (500, 2), (3000, 12), (2000, 40)])
def test_each_text_is_found_and_no_other(count: int, longest: int) -> None:
    rng = np.random.default_rng([2, count, longest])
    texts = random_texts(rng, count, longest)
    table = Lookup.of(words.of_texts(texts))
    assert table.find(words.of_texts(texts)).tolist() == list(range(len(texts)))
    known = set(texts)
    others = [text for text in random_texts(rng, count, longest + 9) if text not in known]
    if others:
        assert set(table.find(words.of_texts(others)).tolist()) == {-1}
    kept = Lookup.from_arrays(table.arrays())
    order = rng.permutation(len(texts))
    assert kept.find(words.of_texts([texts[i] for i in order])).tolist() == order.tolist()


def test_what_no_level_holds_is_found_in_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "LEVELS", 2)
    texts = [str(number).encode() for number in range(400)]
    table = Lookup.of(words.of_texts(texts))
    assert len(table.tables) == 2
    assert len(table.rest) > 1
    asked = [b"x", *texts, b"400"]
    assert table.find(words.of_texts(asked)).tolist() == [-1, *range(400), -1]


def test_the_same_texts_give_the_same_tables() -> None:
    laid = words.of_texts([b"a", b"bb", b"ccc"])
    one, two = (Lookup.of(laid, b"seed").arrays() for _ in range(2))
    assert one.keys() == two.keys()
    assert all((one[name] == two[name]).all() for name in one)
    assert (Lookup.of(laid, b"other").multipliers != one["multipliers"]).any()


def test_an_empty_table_finds_nothing() -> None:
    assert Lookup.of(words.of_texts([])).find(words.of_texts([b"a"])).tolist() == [-1]
