"""What a typing slip may have meant, among the words that name published resources."""

from collections import Counter
from collections.abc import Iterable

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Length

from catalogue.models import IndexedTerm, IndexedWord
from catalogue.search import spelling

# Words looked at closely for one slip.
MOST_READ = 5_000


NAMING = Q(title__gt=0) | Q(acronym__gt=0) | Q(organisation__gt=0)


def holders(stems: Iterable[str]) -> dict[str, int]:
    """Count the resources that hold each stem anywhere; one that none holds is left out."""
    rows = IndexedTerm.objects.filter(term__in=sorted(stems)).values_list("term")
    return dict(rows.annotate(count=Count("*")).order_by("term"))


def naming(stems: Iterable[str]) -> QuerySet[IndexedTerm]:
    """Select the stems in the names of resources, title, acronym or holder, by their own index."""
    return IndexedTerm.objects.filter(NAMING, term__in=sorted(stems)).order_by()


def named(stems: Iterable[str]) -> dict[str, int]:
    """Count the resources that each stem names; one that names none is left out."""
    rows = naming(stems).values_list("term").annotate(count=Count("*"))
    return dict(rows.order_by("term"))


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
    counts = named({known.stem for _far, known in close})
    ranked = sorted(
        ((far, -counts[known.stem], known.word), known)
        for far, known in close
        if known.stem in counts
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
