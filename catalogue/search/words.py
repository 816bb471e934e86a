"""The words that name published resources: what a slip may have meant, which titles are alike."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.db.models.functions import Length

from catalogue.search import fulltext
from catalogue.search import text as analysis
from catalogue.search.fulltext import QUOTED
from catalogue.search.models import IndexedName
from catalogue.search.query import Correction
from catalogue.standards import territories

# Words looked at closely for one slip.
MOST_READ = 5_000
MOST_NEAR = 20


class Known(NamedTuple):
    """A word that names resources: folded, and as it is written."""

    word: str
    shown: str

    @property
    def stem(self) -> str:
        """Give what the search looks for."""
        return analysis.stem(self.word)


def words() -> QuerySet[IndexedName]:
    """Select the words of names."""
    return IndexedName.objects.filter(facet=IndexedName.WORD)


def nearest(word: str, *, is_begun: bool = True) -> Known | None:
    """Find the written word nearest to a folded one, within the edits that its length forgives.

    Of two as near, the one that names more resources; one that names none is not proposed. Where
    none is near, one that begins so, for a word that is_begun.
    """
    most = analysis.allowed(word)
    if not most:
        return None
    letters = frozenset(word)
    near = [
        (analysis.distance(word, known.word, most), known)
        for known in _alike(word, most)
        if known.word != word and len(letters ^ frozenset(known.word)) <= 2 * most
    ]
    close = sorted((far, known) for far, known in near if far <= most) or [
        (0, Known(*row))
        for row in (words().filter(value__startswith=word) if is_begun else words().none())
        .order_by("value")
        .values_list("value", "label")
    ]
    close = close[:MOST_NEAR]
    counts = fulltext.holders({known.stem for _far, known in close}, fulltext.NAMING)
    ranked = sorted(
        ((far, -counts[known.stem], known.word), known)
        for far, known in close
        if known.stem in counts
    )
    return ranked[0][1] if ranked else None


# A shorter word is too often one of the language: « savoir » is not « Savoie ».
SHORTEST_PLACE = 7


@cache
def places() -> dict[str, str]:
    """Give the words of the names of territories that the catalogue knows, as they are written."""
    names = [name for table in territories.TABLES.values() for name in table.values()]
    found = ((name, *place) for name in names for place in analysis.words(name))
    return {
        word: name[start:end].lower()
        for name, word, start, end in found
        if word not in analysis.STOP_WORDS
    }


def _other_word(word: str) -> Known | None:
    """Find the place, or the synonym in force, nearest to a word: a card may write it otherwise.

    One with an ending more is a word of its own: « résumer » is not « resume ».
    """
    most = analysis.allowed(word)
    names = places() if len(word) >= SHORTEST_PLACE else {}
    known = {**names, **fulltext.thesaurus().words} if most else {}
    others = (each for each in known if not word.startswith(each))
    near = ((analysis.distance(word, each, most), each) for each in others)
    far, found = min(near, default=(most + 1, ""))
    return Known(found, known[found]) if far <= most else None


def _alike(word: str, most: int) -> list[Known]:
    """Read the words that share a piece: of so many, one at least is left untouched.

    Two letters that change places may spoil two pieces.
    """
    condition = Q()
    for piece in _pieces(word, most + 2):
        condition |= Q(value__contains=piece)
    sized = words().annotate(size=Length("value"))
    alike = sized.filter(condition, size__gte=len(word) - most, size__lte=len(word) + most)
    return [
        Known(*row) for row in alike.order_by("value").values_list("value", "label")[:MOST_READ]
    ]


def _pieces(word: str, count: int) -> list[str]:
    size = len(word) / count
    return [word[round(n * size) : round((n + 1) * size)] for n in range(count)]


def beginning(word: str) -> str | None:
    """Find how known words begin that are one slip away from what is typed so far."""
    if len(word) < 4 or not word.isalpha():
        return None
    first, middle, last = _pieces(word, 3)
    alike = words().filter(
        Q(value__startswith=first) | Q(value__contains=middle) | Q(value__contains=last)
    )
    sizes = (len(word), len(word) - 1, len(word) + 1)
    letters = frozenset(word)
    found: Counter[tuple[int, str]] = Counter()
    for known in alike.order_by("value").values_list("value", flat=True)[:MOST_READ]:
        for place, size in enumerate(sizes):
            begins = known[:size]
            if len(letters ^ frozenset(begins)) > 2:
                continue
            if len(known) >= size and analysis.distance(word, begins, 1) <= 1:
                found[place, begins] += 1
                break
    if not found:
        return None
    return min(found, key=lambda key: (-found[key], key))[1]


MOST_CORRECTED = 8


class Typed(NamedTuple):
    """One word of the query and where it stands."""

    word: str
    start: int
    end: int

    @property
    def stem(self) -> str:
        """Give what the search looks for."""
        return analysis.stem(self.word)


def correction(q: str, *, known: Collection[str] = ()) -> Correction | None:
    """Read each word that no resource holds as the nearest that names some; None without any.

    A word that one resource holds is never touched, nor a place, nor what stands in quotes. known:
    the stems that synonyms explain.
    """
    words = [each for each in _words(q) if each.stem not in known][:MOST_CORRECTED]
    held = fulltext.holders({each.stem for each in words}, most=1)
    meant, exact, at = [], [], 0
    for each in words:
        near = None
        if each.stem not in held and each.word not in places():
            # The last word may be one that is being typed.
            near = nearest(each.word, is_begun=each is words[-1]) or _other_word(each.word)
        if near is not None:
            between = q[at : each.start]
            meant += [between, near.shown]
            exact += [between, f'"{q[each.start : each.end]}"']
            at = each.end
    return Correction("".join([*meant, q[at:]]), "".join([*exact, q[at:]])) if meant else None


def _words(q: str) -> Iterator[Typed]:
    quoted = [match.span() for match in QUOTED.finditer(q)]
    for word, start, end in analysis.words(q):
        inside = any(a <= start < b for a, b in quoted)
        if not inside and word not in analysis.STOP_WORDS:
            yield Typed(word, start, end)


# Cards read for one word; a word that more hold tells little, and is only looked for with others.
MOST_HELD = 200
MOST_SHARING = 200
# Two titles alike by nine letters in ten share one of their rarest words, unless all are changed.
RAREST = 4
MOST_COMPARED = 12
MOST_UNKNOWN = 3


def candidates(title: str) -> set[int]:
    """Name the cards that share a rare word of a title, or all its words but one.

    Some look-ups in the index of names, each cut: what is read follows the title, not how many
    cards there are. A word that no card holds is taken for a slip of the nearest that one does.
    """
    held = {stem: fulltext.holding((stem,), ["title"], MOST_HELD + 1) for stem in _stems(title)}
    rarest = sorted(held, key=lambda stem: (len(held[stem]), stem))[:RAREST]
    found = {pk for stem in rarest if len(held[stem]) <= MOST_HELD for pk in held[stem]}
    if any(len(held[stem]) > MOST_HELD for stem in rarest):
        found |= _sharing(rarest)
    return found


def _stems(title: str) -> list[str]:
    """List the stems of a title, once each, slips set right."""
    words = {word: analysis.stem(word) for word, _start, _end in analysis.words(title)}
    kept = {word: stem for word, stem in words.items() if word not in analysis.STOP_WORDS}
    kept = dict(list(kept.items())[:MOST_COMPARED])
    known = set(fulltext.holders(set(kept.values()), fulltext.NAMING)) if kept else set()
    unknown = [word for word, stem in kept.items() if stem not in known][:MOST_UNKNOWN]
    near = [nearest(word) for word in unknown]
    return sorted(known | {each.stem for each in near if each is not None})


def _sharing(stems: Sequence[str]) -> set[int]:
    """Name cards that hold all of some words but one, in their titles."""
    ways = [list(stems), *([each for each in stems if each != one] for one in stems)]
    return {pk for way in ways if way for pk in fulltext.holding(way, ["title"], MOST_SHARING)}
