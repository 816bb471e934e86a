"""Words of a French text, each where it stands, and the features by which texts are compared.

A masculine and a feminine title give the same stems: « boulangère » and « boulanger » are one word.
"""

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

BITS = 16
SIZE = 1 << BITS
WORD = re.compile(r"[^\W_]+(?:\+\+|#)?")
STOP = frozenset(
    "a ai as au aux avec ayant c ce ces cet cette chez d dans de des du elle elles en entre es est "
    "et etre eu fait faut il ils j je l la le les leur leurs lui m ma mais me mes moi mon n ne nos "
    "notre nous on ont ou par pas pour qu que qui quelqu un quelque s sa sans se ses si son sont "
    "sur t ta te tes toi ton tous tout toute toutes tres tu une vos votre vous y".split()
)
# Little words of the languages that are written here most, besides French, and not of French.
FOREIGN = frozenset(
    "the and of to is for with my you your we are am this that have has need want who from at his "
    "i she they our looking work "
    "el los las y para con mi por busco necesito trabajo soy "
    "der die das und ich wir mit eine einen zu auf ist suche suchen fur "
    "il lo gli di che sono cerco lavoro per "
    "os o uma nao procuro trabalho sou".split()
)
FEWEST_FOREIGN = 2
# Feminine endings beside their masculine ones; the longest first.
ENDINGS = (
    ("trices", "teur"),
    ("trice", "teur"),
    ("teuses", "teur"),
    ("teuse", "teur"),
    ("euses", "eur"),
    ("euse", "eur"),
    ("ieres", "ier"),
    ("iere", "ier"),
    ("iennes", "ien"),
    ("ienne", "ien"),
    ("onnes", "on"),
    ("onne", "on"),
    ("elles", "el"),
    ("elle", "el"),
    ("esses", ""),
    ("esse", ""),
    ("eres", "er"),
    ("ere", "er"),
    ("ives", "if"),
    ("ive", "if"),
    ("antes", "ant"),
    ("ante", "ant"),
    ("ees", "e"),
    ("ee", "e"),
)
SHORT = 3
LONG = 5


class Word(NamedTuple):
    """A word of a text: its stem, and the characters where it stands."""

    stem: str
    start: int
    end: int


def words(text: str) -> list[Word]:
    """List the words that say something, in their order; at most one for each piece of the text."""
    typed = []
    for match in WORD.finditer(text):
        plain = folded(match.group())
        # A feature of another script would be some French one's, by the chance of numbers.
        if plain.isascii() and plain not in STOP:
            typed.append(Word(stem(plain), match.start(), match.end()))
    return typed


def is_foreign(text: str) -> bool:
    """Say whether little words of other languages are more than one, and than those of French."""
    plain = [folded(match.group()) for match in WORD.finditer(text)]
    foreign = sum(each in FOREIGN for each in plain)
    return foreign >= FEWEST_FOREIGN and foreign > sum(each in STOP for each in plain)


def stem(word: str) -> str:
    """Take from a plain word what number and gender add: « serveuses » is « serveur »."""
    if len(word) <= SHORT:
        return word
    for ending, other in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORT:
            word = word.removesuffix(ending) + other
            break
    else:
        if word.endswith(("s", "x")) and not word.endswith("ss"):
            word = word[:-1]
    return word.removesuffix("e") if len(word) > LONG else word


def features(typed: list[Word]) -> Iterator[tuple[int, int]]:
    """Give the features of some words, each with the index of its word.

    A feature is a number below SIZE: of a stem, of two that follow, of pieces of three to five
    letters, which bring together words that a stem does not.
    """
    for index, (one, *_place) in enumerate(typed):
        yield _number(f"w {one}"), index
        if index:
            yield _number(f"b {typed[index - 1].stem} {one}"), index
        whole = f"<{one}>"
        for length in (3, 4, 5):
            for start in range(len(whole) - length + 1):
                yield _number(f"c {whole[start : start + length]}"), index


def counts(text: str) -> Counter[int]:
    """Count the features of a text."""
    return Counter(feature for feature, _index in features(words(text)))


def mark(stem: str) -> int:
    """Number a stem, of so many numbers that hardly two share one."""
    return zlib.crc32(stem.encode())


def folded(word: str) -> str:
    spread = unicodedata.normalize("NFD", word.casefold().replace("œ", "oe").replace("æ", "ae"))
    return "".join(each for each in spread if not unicodedata.combining(each))


def _number(feature: str) -> int:
    return zlib.crc32(feature.encode()) & (SIZE - 1)
