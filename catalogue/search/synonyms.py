"""Expand a query with the synonyms in force."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from catalogue.search import analysis

OPENING = Path(__file__).with_name("synonyms.txt")
Phrase = tuple[str, ...]


class Slot(NamedTuple):
    """One idea of the query: the words typed, then the other ways to say it."""

    typed: Phrase
    others: tuple[Phrase, ...] = ()
    quoted: bool = False


class Thesaurus:
    """Groups of phrases that mean the same, ready for lookup by their analysed words."""

    def __init__(self, groups: Iterable[Sequence[str]]) -> None:
        self._others: dict[Phrase, tuple[Phrase, ...]] = {}
        for group in groups:
            phrases = dict.fromkeys(tuple(analysis.terms(text)) for text in group)
            phrases.pop((), None)
            for phrase in phrases:
                known = self._others.get(phrase, ())
                new = tuple(p for p in phrases if p != phrase and p not in known)
                self._others[phrase] = known + new
        self._longest = max((len(p) for p in self._others), default=1)

    def slots(self, typed: Sequence[str]) -> list[Slot]:
        """Cut typed words into ideas, the longest known phrase first."""
        found, at = [], 0
        while at < len(typed):
            size = next(
                (
                    n
                    for n in range(min(self._longest, len(typed) - at), 0, -1)
                    if tuple(typed[at : at + n]) in self._others
                ),
                1,
            )
            phrase = tuple(typed[at : at + size])
            others = self._others.get(phrase, ())
            if size > 1 and not others:
                size, phrase = 1, phrase[:1]
            found.append(Slot(phrase, others))
            at += size
        return found


def read_groups(text: str) -> list[list[str]]:
    """Read the groups of a synonyms file; lines that start with # are comments."""
    lines = (line.strip() for line in text.splitlines())
    return [
        [phrase.strip() for phrase in line.split(",") if phrase.strip()]
        for line in lines
        if line and not line.startswith("#")
    ]
