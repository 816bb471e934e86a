"""Judge what people write: its language, signs of spam, likeness of two titles."""

import re
import tomllib
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path
from typing import Literal

Language = Literal["fr", "en", "other", "unknown"]


_TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
FREQUENT_WORDS = {name: frozenset(words.split()) for name, words in _TABLES.items()}
SPAM_WORDS = FREQUENT_WORDS.pop("spam")
SHORTEST_JUDGED = 30
FEWEST_WORDS = 8
MANY_WORDS = 20
LINK = re.compile(r"https?://[^\s)>\]]+")
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def language_of(text: str) -> Language:
    """Guess the language of a text from its most frequent words.

    Texts under 30 characters or 8 words are "unknown": nothing is said about them. Letters that
    are mostly not Latin are "other".
    """
    found = [word.lower() for word in WORD.findall(LINK.sub(" ", text))]
    if len(text.strip()) < SHORTEST_JUDGED:
        return "unknown"
    letters = list(filter(str.isalpha, text))
    if letters and sum(map(_is_latin, letters)) < len(letters) / 2:
        return "other"
    if len(found) < FEWEST_WORDS:
        return "unknown"
    counts = {name: sum(map(known.__contains__, found)) for name, known in FREQUENT_WORDS.items()}
    best = max(counts, key=lambda name: (counts[name], name in ("fr", "en")))
    if counts[best] == 0:
        return "other" if len(found) >= MANY_WORDS else "unknown"
    if best == "fr" or counts["fr"] == counts[best]:
        return "fr"
    if best == "en" or counts["en"] == counts[best]:
        return "en"
    return "other"


def written_in(*texts: object) -> str:
    """Guess the language of a card from some of its texts: en when its words are, else fr."""
    return "en" if language_of(" ".join(str(text or "") for text in texts)) == "en" else "fr"


def is_shouting(title: str) -> bool:
    """Say whether a title of several words is written in capitals only."""
    letters = [char for char in title if char.isalpha()]
    return len(letters) > 8 and " " in title.strip() and all(char.isupper() for char in letters)


def spam_signs(text: str) -> list[str]:
    """List what makes a text look like an advertisement: words of a list, too many links."""
    found = WORD.findall(text.lower())
    signs = sorted({word for word in found if word in SPAM_WORDS})
    links = LINK.findall(text)
    if len(links) > 3 and len(links) * 12 > len(found):
        signs.append("links")
    return signs


def fold(text: str) -> str:
    """Lower, without accents or punctuation, one space between words."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("œ", "oe").replace("æ", "ae"))
    return " ".join(re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode()))


def is_like(one: str, other: str, *, at_least: float) -> bool:
    """Say whether two titles share that part of their letters, case and accents aside.

    What forbids it cheaply, lengths then letters in any order, is looked at first.
    """
    left, right = fold(one), fold(other)
    if not left or not right:
        return False
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    bounds = (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio)
    return all(bound() >= at_least for bound in bounds)


@lru_cache(maxsize=1_000)
def _is_latin(char: str) -> bool:
    return "LATIN" in unicodedata.name(char, "")
