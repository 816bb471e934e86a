"""What a typing slip may have meant, among the words that name published resources."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Length

from catalogue.models import IndexedTerm, IndexedWord
from catalogue.search import spelling

# Words looked at closely for one slip.
MOST_READ = 5_000


class Holders(NamedTuple):
    """How many resources hold a stem anywhere, and how many it names."""

    anywhere: int = 0
    named: int = 0


def holders(stems: Iterable[str]) -> dict[str, Holders]:
    """Count the resources that hold each stem, and those that it names: title, acronym or holder.

    A stem that none holds is left out.
    """
    naming = Q(title__gt=0) | Q(acronym__gt=0) | Q(organisation__gt=0)
    rows = (
        IndexedTerm.objects.filter(term__in=list(stems))
        .values_list("term")
        .annotate(anywhere=Count("pk"), named=Count("pk", filter=naming))
        .order_by("term")
    )
    return {term: Holders(anywhere, named) for term, anywhere, named in rows}


def nearest(word: str) -> IndexedWord | None:
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
    close = sorted(((far, known) for far, known in near if far <= most), key=lambda it: it[0])[:20]
    counts = holders({known.stem for _far, known in close})
    ranked = sorted(
        ((far, -counts[known.stem].named, known.word), known)
        for far, known in close
        if known.stem in counts and counts[known.stem].named
    )
    return ranked[0][1] if ranked else None


def _alike(word: str, most: int) -> QuerySet[IndexedWord]:
    """Read the words that share a piece: of so many, one at least is left untouched.

    Two letters that change places may spoil two pieces.
    """
    condition = Q()
    for piece in _pieces(word, most + 2):
        condition |= Q(word__contains=piece)
    sized = IndexedWord.objects.annotate(size=Length("word"))
    words = sized.filter(size__gte=len(word) - most, size__lte=len(word) + most)
    return words.filter(condition).order_by("word")[:MOST_READ]


def _pieces(word: str, count: int) -> list[str]:
    size = len(word) / count
    return [word[round(n * size) : round((n + 1) * size)] for n in range(count)]


def beginning(word: str) -> str | None:
    """Find how known words begin that are one slip away from what is typed so far."""
    if len(word) < 4 or not word.isalpha():
        return None
    first, middle, last = _pieces(word, 3)
    alike = IndexedWord.objects.filter(
        Q(word__startswith=first) | Q(word__contains=middle) | Q(word__contains=last)
    )
    sizes = (len(word), len(word) - 1, len(word) + 1)
    letters = frozenset(word)
    found: Counter[tuple[int, str]] = Counter()
    for known in alike.order_by("word").values_list("word", flat=True)[:MOST_READ]:
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
