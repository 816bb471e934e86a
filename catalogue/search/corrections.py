"""« Vouliez-vous dire » : the query without its slips, asked when few results hold it all."""

from collections.abc import Iterator
from typing import NamedTuple

from catalogue.search import analysis, fulltext, vocabulary
from catalogue.search.plan import QUOTED

FEW = 3
MOST_WORDS = 8
# A word that a resource or two hold is a slip too where a near one is much more common.
MUCH_MORE = 10


class Typed(NamedTuple):
    """One word of the query and where it stands."""

    word: str
    start: int
    end: int

    @property
    def stem(self) -> str:
        """Give what the search looks for."""
        return analysis.stem(self.word)


def corrected(q: str, *, complete: int) -> str:
    """Correct the words that next to no resource holds; "" when there is nothing to correct.

    complete: how many results hold every word. What stands in quotes is meant as it is.
    """
    if complete >= FEW:
        return ""
    words = list(_words(q))[:MOST_WORDS]
    held = fulltext.holders({each.stem for each in words})
    few = {each.stem for each in words if held.get(each.stem, 0) < FEW}
    named = fulltext.holders(few, fulltext.NAMING)
    parts, at = [], 0
    for each in words:
        mine = held.get(each.stem, 0)
        near = None if mine >= FEW or each.stem in named else vocabulary.nearest(each.word)
        if near is None or near.stem == each.stem:
            continue
        if mine and not _is_much_more_common(near.stem, mine):
            continue
        parts += [q[at : each.start], near.shown]
        at = each.end
    return "".join([*parts, q[at:]]) if parts else ""


def _words(q: str) -> Iterator[Typed]:
    quoted = [match.span() for match in QUOTED.finditer(q)]
    for word, start, end in analysis.words(q):
        inside = any(a <= start < b for a, b in quoted)
        if not inside and word not in analysis.STOP_WORDS:
            yield Typed(word, start, end)


def _is_much_more_common(stem: str, than: int) -> bool:
    return fulltext.holders([stem]).get(stem, 0) >= MUCH_MORE * than
