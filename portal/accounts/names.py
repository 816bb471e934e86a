"""Compare names of organisations as a reader would: what looks or reads alike is the same name."""

import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

RESERVED_FILE = Path(__file__).with_name("reserved_names.txt")
SMALL_WORDS = frozenset("l d la le les de du des a au aux et en un une of the and".split())
# Letters of other alphabets that pass for Latin ones, in capitals or not.
_CYRILLIC = ("авекмнорстухѕіјһԁԛԝ", "abekmhopctyxsijhdqw")
_GREEK = ("αβεζηικμνορτυχı", "abezhikmnoptyxi")
_ALIKE = str.maketrans(_CYRILLIC[0] + _GREEK[0], _CYRILLIC[1] + _GREEK[1])
_AS_LETTERS = str.maketrans("014357@$|", "oiaestasi")
_LIGATURES = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ß": "ss"}
_UNSEEN = "\u115f\u1160\u17b4\u17b5\u2800"  # letters and signs that show nothing
GLUED_MIN = 8


def words(name: str) -> list[str]:
    """Fold a name into its words: no case, accent, plural, punctuation or look-alike letter."""
    folded = "".join(_LIGATURES.get(char, char) for char in name.casefold())
    bare = "".join(
        char
        for char in unicodedata.normalize("NFKD", folded).casefold()
        if unicodedata.category(char) not in {"Mn", "Cf"} and char not in _UNSEEN
    ).translate(_ALIKE)
    spaced = "".join(char if char.isalnum() or char in "@$|" else " " for char in bare)
    return [_folded(word) for word in spaced.split()]


def _folded(word: str) -> str:
    if any(char.isalpha() for char in word):  # a number alone stays one
        word = word.translate(_AS_LETTERS)
    word = word.replace("l", "i")
    return word[:-1] if len(word) > 3 and word[-1] in "sx" else word


def key(name: str) -> str:
    """Return what two names that pass for one another share."""
    found = words(name)
    return "".join(_telling(found) or found)


def reserved(name: str) -> str:
    """Return the reserved name that a name holds, "" if none."""
    found = words(name)
    for kept, public in _reserved().items():
        if any(_holds(among, kept) for among in (found, _telling(found))):
            return public
    return ""


def imitated(name: str, among: Iterable[str]) -> str:
    """Return the first of these names that a name passes for, "" if none."""
    mine = key(name)
    return next((other for other in among if key(other) == mine), "")


def _telling(found: list[str]) -> list[str]:
    return [word for word in found if word not in _small()]


def _holds(found: list[str], kept: str) -> bool:
    """Say whether words in a row spell a key, or a word holds a long one glued to others."""
    if len(kept) >= GLUED_MIN and any(kept in word for word in found):
        return True
    return any(kept == spelt for start in range(len(found)) for spelt in _grown(found[start:]))


def _grown(found: list[str]) -> Iterator[str]:
    spelt = ""
    for word in found:
        spelt += word
        yield spelt


@cache
def _small() -> frozenset[str]:
    return frozenset(_folded(word) for word in SMALL_WORDS)


@cache
def _reserved() -> dict[str, str]:
    lines = RESERVED_FILE.read_text(encoding="utf-8").splitlines()
    names = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return {key(name): name for name in names}
