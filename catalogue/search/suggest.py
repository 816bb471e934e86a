"""Suggestions while typing: public resources, organisations, use cases, jobs, keywords, pages."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from catalogue.enums import UseCase
from catalogue.models import (
    IndexedFacet,
    IndexedName,
    IndexedResource,
    IndexedTerm,
    IndexedWord,
    RomeTitle,
)
from catalogue.search import analysis, pages, vocabulary
from catalogue.search.pages import Found

SHORTEST = 2
MOST_WORDS = 8
MOST = 8
MOST_RESOURCES, MOST_ORGANISATIONS, MOST_TAGS, MOST_PAGES = 5, 2, 3, 2
MOST_ROME = 2
# Fewer cards than this hold a word that begins so: they are read one by one. More: the most used
# cards are, until five answer.
FEW = 2_000
MOST_STEMS = 200
NAMES_COUNTED = 20


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
    pages: tuple[Found, ...] = ()
    prefixes: tuple[str, ...] = ()


def suggest(q: str, *, language: str) -> Suggestions:
    """Suggest for what is typed so far; each word by its first letters, one slip forgiven."""
    words = analysis.prefixes(q)[:MOST_WORDS]
    if sum(map(len, words)) < SHORTEST:
        return Suggestions()
    found = _all(words, language)
    if not (found.resources or found.organisations or found.topics) and (near := _corrected(words)):
        return _all(near, language)
    return found


def _all(words: list[str], language: str) -> Suggestions:
    resources = tuple(_resources(words))
    holders = tuple(_named("organisation", words, MOST_ORGANISATIONS))
    topics = tuple(_topics(words))
    named = pages.by_first_letters(words, language=language, most=MOST_PAGES)
    left = MOST - len(resources) - len(holders)
    topics = topics[: max(left - len(named), 1)]
    return Suggestions(resources, holders, topics, named[: left - len(topics)], tuple(words))


def _resources(words: Sequence[str]) -> Iterator[Suggestion]:
    condition = Q()
    for word in words:
        condition &= Q(folded__contains=f" {word}")
    rows = (
        _rarest(words)
        .filter(condition)
        .order_by("-boost", "-verified", "-quality", "-resource")
        .values_list("resource__title", "resource__slug", "resource__kind")[:MOST_RESOURCES]
    )
    for title, slug, kind in rows:
        yield Suggestion(title, slug, kind=kind)


def _rarest(words: Sequence[str]) -> QuerySet[IndexedResource]:
    """Keep the resources that hold a word which begins as the rarest of those typed."""
    best: tuple[int, list[str]] | None = None
    for word in words:
        stems = list(
            IndexedWord.objects.filter(word__startswith=word).values_list("stem", flat=True)[
                : MOST_STEMS + 1
            ]
        )
        if len(stems) > MOST_STEMS:
            continue
        holders = IndexedTerm.objects.filter(term__in=stems).order_by()
        count = len(holders.values_list("pk", flat=True)[: FEW + 1]) if stems else 0
        if count <= FEW and (best is None or count < best[0]):
            best = (count, stems)
    if best is None:
        return IndexedResource.objects.all()
    holders = IndexedTerm.objects.filter(term__in=best[1])
    return IndexedResource.objects.filter(pk__in=holders.values("resource"))


def _named(facet: str, words: Sequence[str], most: int) -> Iterator[Suggestion]:
    """Suggest names of a facet that hold words which begin so, the most used first."""
    condition = Q(facet=facet)
    for word in words:
        condition &= Q(folded__contains=f" {word}")
    names = IndexedName.objects.filter(condition).order_by("value")[:NAMES_COUNTED]
    labels = dict(names.values_list("value", "label"))
    if not labels:
        return
    counts = (
        IndexedFacet.objects.filter(facet=facet, value__in=list(labels))
        .values_list("value")
        .annotate(count=Count("pk"))
        .order_by("-count", "value")[:most]
    )
    for value, count in counts:
        yield Suggestion(labels[value], value, facet=facet, count=count)


def _topics(words: Sequence[str]) -> Iterator[Suggestion]:
    for case in UseCase:
        if _begin(words, analysis.prefixes(str(case.label))):
            yield Suggestion(str(case.label), case.value, facet="use_case")
    yield from _rome(words)
    yield from _named("tag", words, MOST_TAGS)


def _rome(words: Sequence[str]) -> Iterator[Suggestion]:
    """Suggest the jobs of the ROME, by code or title, that public resources name."""
    condition = Q()
    for word in words:
        condition &= Q(folded__contains=f" {word}") | Q(code__istartswith=word)
    titles = RomeTitle.objects.filter(condition).order_by("code")[:NAMES_COUNTED]
    named = {title.code.lower(): title for title in titles}
    held = vocabulary.holders(named) if named else {}
    for code in sorted(held, key=lambda code: (-held[code].anywhere, code))[:MOST_ROME]:
        yield Suggestion(str(named[code]), named[code].code, facet="q", count=held[code].anywhere)


def _begin(words: Iterable[str], known: list[str]) -> bool:
    return all(any(name.startswith(word) for name in known) for word in words)


def _corrected(words: list[str]) -> list[str] | None:
    """Replace each word that begins no known word by the beginning of a near one."""
    fixed = []
    for word in words:
        if IndexedWord.objects.filter(word__startswith=word).exists():
            fixed.append(word)
        elif (near := vocabulary.beginning(word)) is not None:
            fixed.append(near)
        else:
            return None
    return fixed if fixed != words else None
