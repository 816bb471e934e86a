"""Suggestions while typing: resources, organisations, use cases, jobs, keywords, pages."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from django.db.models import Count, Exists, Q

from catalogue.resources.enums import UseCase
from catalogue.resources.models import Resource
from catalogue.search import fulltext
from catalogue.search import text as analysis
from catalogue.search import words as known_words
from catalogue.search.engines.database import DatabaseEngine
from catalogue.search.fulltext import Plan
from catalogue.search.models import IndexedFacet, IndexedName
from catalogue.search.query import ResourceQuery


@dataclass(frozen=True)
class FoundPage:
    """A live page: its title, its address, a line of it."""

    title: str
    href: str
    summary: str = ""


ByWords = Callable[[Plan, str, int], Sequence[FoundPage]]
ByFirstLetters = Callable[[Sequence[str], str, int], Sequence[FoundPage]]
# What finds pages: each takes words, a language and how many are wanted.
page_finders: list[tuple[ByWords, ByFirstLetters]] = []
MOST_FOUND_PAGES = 3


def pages_by_query(q: str, *, language: str) -> tuple[FoundPage, ...]:
    """List the pages that hold every word of a query, or one of its synonyms."""
    plan = fulltext.plan(q)
    if not plan.slots:
        return ()
    most = MOST_FOUND_PAGES
    found = [page for by_words, _ in page_finders for page in by_words(plan, language, most)]
    return tuple(found[:most])


def by_first_letters(words: Sequence[str], *, language: str, most: int) -> tuple[FoundPage, ...]:
    """List the pages whose titles hold words that begin so."""
    found = [page for _, by_letters in page_finders for page in by_letters(words, language, most)]
    return tuple(found[:most])


SHORTEST = 2
MOST_WORDS = 8
MOST = 8
MOST_RESOURCES, MOST_ORGANISATIONS, MOST_TAGS, MOST_PAGES = 5, 2, 3, 2
MOST_ROME, MOST_ALIKE = 2, 3
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
    pages: tuple[FoundPage, ...] = ()
    prefixes: tuple[str, ...] = ()


def suggest(q: str, *, language: str) -> Suggestions:
    """Suggest for what is typed so far; each word by its first letters, one slip forgiven."""
    words = analysis.prefixes(q)[:MOST_WORDS]
    if sum(map(len, words)) < SHORTEST:
        return Suggestions()
    found = _all(words, language)
    if found.resources or found.organisations or found.topics:
        return found
    if said := tuple(_said_otherwise(words)):
        asked = ResourceQuery(q=said[0].text, size=MOST_ALIKE)
        alike = tuple(_cards(DatabaseEngine(counted=()).search(asked).ids))
        return replace(found, resources=alike, topics=said)
    near = _corrected(words)
    return _all(near, language) if near else found


def _all(words: list[str], language: str) -> Suggestions:
    resources = tuple(_resources(words))
    holders = tuple(_named("organisation", words, MOST_ORGANISATIONS))
    topics = tuple(_topics(words))
    named = by_first_letters(words, language=language, most=MOST_PAGES)
    left = MOST - len(resources) - len(holders)
    topics = topics[: max(left - len(named), 1)]
    return Suggestions(resources, holders, topics, named[: left - len(topics)], tuple(words))


def _resources(words: Sequence[str]) -> Iterator[Suggestion]:
    """Suggest the most used resources whose titles hold words that begin so."""
    if found := fulltext.titled(words, 2 * MOST_RESOURCES):
        yield from _cards(found)


def _cards(found: Sequence[int]) -> Iterator[Suggestion]:
    # What was withdrawn a moment ago is told no more.
    rows = Resource.objects.listed().filter(pk__in=found).order_by("pk")
    named = {pk: told for pk, *told in rows.values_list("pk", "title", "slug", "kind")}
    for title, slug, kind in [named[pk] for pk in found if pk in named][:MOST_RESOURCES]:
        yield Suggestion(title, slug, kind=kind)


def _said_otherwise(words: Sequence[str]) -> Iterator[Suggestion]:
    """Suggest the synonyms that begin so, where a resource says the same in other words."""
    known = fulltext.thesaurus()
    begun = [text for text in known.written.values() if _begin(words, analysis.prefixes(text))]
    for text in begun[:MOST_TAGS]:
        others = [slot.others for slot in known.slots(analysis.terms(text))]
        if fulltext.holders({each[0] for own in others for each in own if len(each) == 1}, most=1):
            yield Suggestion(text, text, facet="q")


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
    condition = Q(facet=IndexedName.JOB)
    for word in words:
        condition &= Q(folded__contains=f" {word}") | Q(value__istartswith=word)
    jobs = IndexedName.objects.filter(condition).order_by("value")[:NAMES_COUNTED]
    labels = {code.lower(): (code, label) for code, label in jobs.values_list("value", "label")}
    holding = fulltext.holders(labels) if labels else {}
    for key in sorted(holding, key=lambda key: (-holding[key], key))[:MOST_ROME]:
        code, label = labels[key]
        yield Suggestion(f"{code} {label}", code, facet="q", count=holding[key])


def _begin(words: Iterable[str], known: list[str]) -> bool:
    return all(any(name.startswith(word) for name in known) for word in words)


def _corrected(words: list[str]) -> list[str] | None:
    """Replace each word that begins no known word by the beginning of a near one."""
    known = _begun(words)
    fixed = []
    for word in words:
        if word in known:
            fixed.append(word)
        elif (near := known_words.beginning(word)) is not None:
            fixed.append(near)
        else:
            return None
    return fixed if fixed != words else None


def _begun(words: Sequence[str]) -> set[str]:
    """Keep the words that some known word begins with; one query."""
    asked = {
        f"known_{place}": Exists(known_words.words().filter(value__startswith=word))
        for place, word in enumerate(words)
    }
    row = IndexedName.objects.annotate(**asked).values(*asked).order_by("pk").first() or {}
    return {word for place, word in enumerate(words) if row.get(f"known_{place}")}


ALIKE = ("task", "tag", "use_case")


def similar_ids(resource: Resource, tasks: Sequence[str], most: int) -> list[int]:
    """Name the cards that share most with one: its tasks, tags and use cases, then its kind."""
    values = {"task": tasks, "tag": resource.tags, "use_case": resource.use_cases}
    shared = Q(pk__in=())
    for facet in ALIKE:
        shared |= Q(facet=facet, value__in=values[facet])
    rows = IndexedFacet.objects.filter(shared).exclude(resource=resource.pk).values("resource")
    ranked = rows.annotate(
        alike=Count("pk") + Count("pk", filter=Q(resource__resource__kind=resource.kind))
    ).order_by("-alike", "-resource__quality", "resource")
    return [row["resource"] for row in ranked[:most]]
