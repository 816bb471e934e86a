"""The one French analysis of the portal: what a word is, when two are the same, or nearly."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

APOSTROPHES = "'’ʼ‘`´′＇"
# A word: letters and digits, joined by the apostrophes or combining marks inside it.
WORD = re.compile(rf"[^\W_]+(?:[{APOSTROPHES}\u0300-\u036f]+[^\W_]+)*", re.UNICODE)
SPLIT = re.compile(rf"[{APOSTROPHES}]")
# A name and its version, read alike written together or apart: CamemBERTv2, COVID19.
VERSIONED = re.compile(r"([^\W\d_]{3,}?)(v?\d{1,2})", re.IGNORECASE)
ELIDED = frozenset(
    ("l", "m", "t", "qu", "n", "s", "j", "d", "c", "jusqu", "quoiqu", "lorsqu", "puisqu")
)
LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d"})

# Folded words only: a list with accents would miss after folding.
STOP_WORDS = frozenset(Path(__file__).with_name("stop_words.txt").read_text("utf-8").split())
MAX_WORD = 64
# Words met so often that what is made of them is kept: a catalogue has some tens of thousands.
KEPT = 20_000
# Plurals that the endings below would spoil.
IRREGULAR = {"travaux": "travail", "baux": "bail", "yeux": "oeil"}


class Token(NamedTuple):
    """One analysed word and where it stands in the text: text[start:end]."""

    term: str
    start: int
    end: int


def fold(text: str) -> str:
    """Lower the case and remove accents and ligatures."""
    if text.isascii():
        return text.lower()
    lowered = text.lower().translate(LIGATURES)
    decomposed = unicodedata.normalize("NFKD", lowered)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


@lru_cache(maxsize=KEPT)
def stem(word: str) -> str:
    """Remove plural and final e from a folded word; codes and words of three letters stay.

    The capitals of an acronym cannot protect it: a query typed in capitals must find the same
    cards. Both sides are stemmed alike, so that acronyms still meet.
    """
    if len(word) <= 3 or not word.isalpha():
        return word
    word = IRREGULAR.get(word) or _singular(word)
    if len(word) > 4 and word.endswith("e"):
        word = word[:-1]
    return word


def _singular(word: str) -> str:
    if word.endswith("aux") and not word.endswith("eaux") and len(word) > 4:
        return word[:-2] + "l"
    if word.endswith("ux") or (word.endswith("s") and not word.endswith("ss")):
        return word[:-1]
    return word


def words(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the folded words of a text with their offsets, elided articles removed."""
    for match in WORD.finditer(text):
        start, raw = match.start(), match.group()
        for folded, first, end in _kept(raw) if len(raw) <= MAX_WORD else _parts(raw):
            yield folded, start + first, start + end


def _parts(raw: str) -> tuple[tuple[str, int, int], ...]:
    parts = SPLIT.split(raw)
    found, offset = [], 0
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        versioned = VERSIONED.fullmatch(part)
        for piece in versioned.groups() if versioned else (part,):
            folded = fold(piece)
            if folded and (last or folded not in ELIDED):
                found.append((folded[:MAX_WORD], offset, offset + len(piece)))
            offset += len(piece)
        offset += 1
    return tuple(found)


_kept = lru_cache(maxsize=KEPT)(_parts)


def tokens(text: str) -> list[Token]:
    """Analyse a text: every kept word with its stem and its place."""
    return [
        Token(stem(word), start, end) for word, start, end in words(text) if word not in STOP_WORDS
    ]


def terms(text: str) -> list[str]:
    """Analyse a text into its stems, in order."""
    return [token.term for token in tokens(text)]


def prefixes(text: str) -> list[str]:
    """Give the folded words of a text, stop words kept, for a search by first letters."""
    return [word for word, _start, _end in words(text)]


def highlights(text: str, wanted: frozenset[str]) -> list[tuple[str, bool]]:
    """Cut a text into runs, each marked when its words are among the wanted stems."""
    runs: list[tuple[str, bool]] = []
    at = 0
    for token in tokens(text) if wanted else ():
        if token.term in wanted:
            if token.start > at:
                runs.append((text[at : token.start], False))
            runs.append((text[token.start : token.end], True))
            at = token.end
    if at < len(text):
        runs.append((text[at:], False))
    return runs


def allowed(word: str) -> int:
    """Count the edits that a word of this length forgives."""
    return 0 if len(word) < 4 or not word.isalpha() else 1 if len(word) < 10 else 2


def distance(one: str, other: str, most: int) -> int:
    """Count the insertions, deletions, replacements and moved letters between two words.

    Returns most + 1 as soon as the count exceeds `most`.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    if most == 1 and one != other and sorted(one) == sorted(other):
        return distance(one, other, 2) - 1 or 1  # a letter moved further is one slip too
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
