"""Suggestions while typing: public resources, organisations, keywords and use cases."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Count, Q

from catalogue.enums import UseCase
from catalogue.models import IndexedFacet, IndexedResource
from catalogue.search import analysis, spelling

SHORTEST = 2
MOST_WORDS = 8


@dataclass(frozen=True)
class Suggestion:
    """One option. facet: "" for a resource, else the filter that it stands for."""

    text: str
    value: str
    facet: str = ""
    kind: str = ""
    count: int = 0


@dataclass(frozen=True)
class Suggestions:
    """Options by group, eight at most, and the first letters to mark."""

    resources: tuple[Suggestion, ...] = ()
    organisations: tuple[Suggestion, ...] = ()
    topics: tuple[Suggestion, ...] = ()
    prefixes: tuple[str, ...] = ()


def suggest(q: str) -> Suggestions:
    """Suggest for what is typed so far; each word by its first letters, one slip forgiven."""
    words = analysis.prefixes(q)[:MOST_WORDS]
    if sum(map(len, words)) < SHORTEST:
        return Suggestions()
    found = list(_resources(words))
    if not found and (corrected := _corrected(words)):
        words = corrected
        found = list(_resources(words))
    holders = tuple(_named("organisation", words, 2))
    topics = tuple(_topics(words))[: 8 - len(found[:5]) - len(holders)]
    return Suggestions(tuple(found[:5]), holders, topics, tuple(words))


def _resources(words: Iterable[str]) -> Iterator[Suggestion]:
    condition = Q()
    for word in words:
        condition &= Q(folded__contains=f" {word}")
    rows = (
        IndexedResource.objects.filter(condition, resource__live=True)
        .order_by("-boost", "-verified", "-quality", "title_key", "pk")
        .values_list("resource__title", "resource__slug", "resource__kind")[:5]
    )
    for title, slug, kind in rows:
        yield Suggestion(title, slug, kind=kind)


def _named(facet: str, words: list[str], most: int) -> Iterator[Suggestion]:
    """Suggest values of a facet whose slug begins with the words."""
    stem = "-".join(words)
    rows = (
        IndexedFacet.objects.filter(facet=facet)
        .filter(Q(value__startswith=stem) | Q(value__contains=f"-{stem}"))
        .values_list("value", "label")
        .annotate(count=Count("pk"))
        .order_by("-count", "value")[:most]
    )
    for value, label, count in rows:
        yield Suggestion(label or value, value, facet=facet, count=count)


def _topics(words: list[str]) -> Iterator[Suggestion]:
    for case in UseCase:
        if _begin(words, analysis.prefixes(str(case.label))):
            yield Suggestion(str(case.label), case.value, facet="use_case")
    stem = " ".join(words)
    rows = (
        IndexedFacet.objects.filter(facet="tag", value__startswith=stem)
        .values_list("value")
        .annotate(count=Count("pk"))
        .order_by("-count", "value")[:3]
    )
    for value, count in rows:
        yield Suggestion(value, value, facet="tag", count=count)


def _begin(words: Iterable[str], known: list[str]) -> bool:
    return all(any(name.startswith(word) for name in known) for word in words)


def _corrected(words: list[str]) -> list[str] | None:
    """Replace each word that begins no title word by the beginning of the nearest one."""
    texts = IndexedResource.objects.values_list("folded", flat=True)
    vocabulary = {word for text in texts for word in text.split()}
    fixed = []
    for word in words:
        if any(known.startswith(word) for known in vocabulary):
            fixed.append(word)
        elif (near := _near(word, vocabulary)) is not None:
            fixed.append(near)
        else:
            return None
    return fixed if fixed != words else None


def _near(word: str, vocabulary: Iterable[str]) -> str | None:
    if len(word) < 4:
        return None
    beginnings = {known[: len(word)] for known in vocabulary if len(known) >= len(word) - 1}
    near = {text for text in beginnings if spelling.distance(word, text, 1) <= 1}
    return min(near) if near else None
