"""What a typing slip may have meant, among the words that name published resources."""

from collections import Counter
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.db.models.functions import Length

from catalogue.models import IndexedName
from catalogue.search import analysis, fulltext, spelling

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


def nearest(word: str) -> Known | None:
    """Find the written word nearest to a folded one, within the edits that its length forgives.

    Of two as near, the one that names more resources; one that names none is not proposed.
    """
    most = spelling.allowed(word)
    if not most:
        return None
    letters = frozenset(word)
    near = [
        (spelling.distance(word, known.word, most), known)
        for known in _alike(word, most)
        if known.word != word and len(letters ^ frozenset(known.word)) <= 2 * most
    ]
    close = sorted((far, known) for far, known in near if far <= most)[:MOST_NEAR]
    counts = fulltext.holders({known.stem for _far, known in close}, fulltext.NAMING)
    ranked = sorted(
        ((far, -counts[known.stem], known.word), known)
        for far, known in close
        if known.stem in counts
    )
    return ranked[0][1] if ranked else None


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
            if len(known) >= size and spelling.distance(word, begins, 1) <= 1:
                found[place, begins] += 1
                break
    if not found:
        return None
    return min(found, key=lambda key: (-found[key], key))[1]
