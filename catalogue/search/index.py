"""Write the embedded index, in the transaction that changes what the public reads."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from catalogue.models import (
    IndexedFacet,
    IndexedName,
    IndexedResource,
    IndexedTerm,
    IndexedText,
    IndexedWord,
    Resource,
)
from catalogue.queries import quality
from catalogue.search import analysis, columns, mirror, sets, weights
from catalogue.search.document import FIELDS, MARK, Document, Facet, build, is_findable
from catalogue.search.engines.dialects import dialect
from catalogue.search.engines.facets import SHOWN
from catalogue.search.vocabulary import NAMING

BATCH = 200
TABLES = (
    "catalogue_indexedterm",
    "catalogue_indexedfacet",
    "catalogue_indexedtext",
    "catalogue_indexedresource",
)


@transaction.atomic
def write(resource: Resource) -> None:
    """Put a resource into the index as it now is; one that may not be found is taken out.

    Called by every action that changes what the public reads of it.
    """
    _take_out([resource.pk])
    if is_findable(resource):
        _write(documents([resource]))
    columns.touch(resource.pk)
    mirror.owe_sync(resource.pk)


@transaction.atomic
def remove(resource_id: int) -> None:
    """Take a resource out of the index, if it is there."""
    _take_out([resource_id])
    columns.touch(resource_id)
    mirror.owe_sync(resource_id)


def _take_out(ids: Sequence[int]) -> None:
    places = ", ".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        # In order, so that nothing points at what goes; not read first, as the ORM would.
        for table in TABLES:
            cursor.execute(f"DELETE FROM {table} WHERE resource_id IN ({places})", ids)  # noqa: S608


def rebuild(told: Callable[[int], None] = lambda count: None) -> int:
    """Write the whole index again from the published resources; return how many it holds.

    Some at a time, each with what it replaces in one transaction: who searches meanwhile finds
    every card, who publishes waits for some of them at most. told: called after each lot.
    """
    count = last = 0
    while found := _renew(last):
        last = found[-1]
        count += len(found)
        told(count)
    drop_excess()
    forget()
    columns.touch_all()
    return count


@transaction.atomic
def _renew(after: int) -> list[int]:
    """Write the cards that follow one; locked, so that none is published anew meanwhile."""
    rows = published().filter(pk__gt=after).select_for_update(of=("self",))
    resources = list(rows[:BATCH])
    found = [resource.pk for resource in resources]
    if found:
        before = columns.read([(found[0], found[-1])])
        _take_out(found)
        _write(documents(resources))
        if columns.read([(found[0], found[-1])]) != before:
            columns.touch(found[0], found[-1])
    return found


def drop_excess(most: int | None = None) -> int:
    """Take out what is not published any more, as many as said; return how many."""
    public = Resource.objects.listed().filter(pk=OuterRef("pk"))
    excess = IndexedResource.objects.filter(~Exists(public)).order_by("pk")
    found = list(excess.values_list("pk", flat=True)[:most])
    for pk in found:
        remove(pk)
    return len(found)


@transaction.atomic
def forget() -> int:
    """Forget the words and names that no public resource holds any more."""
    named = IndexedTerm.objects.filter(NAMING, term=OuterRef("stem"))
    words, _ = IndexedWord.objects.filter(~Exists(named)).delete()
    used = IndexedFacet.objects.filter(facet=OuterRef("facet"), value=OuterRef("value"))
    names, _ = IndexedName.objects.filter(~Exists(used)).delete()
    return words + names


def published() -> Any:
    """Select what the index must hold, ready to be analysed without one query each."""
    return (
        Resource.objects.listed()
        .select_related("organisation")
        .prefetch_related("measurements")
        .order_by("pk")
    )


def documents(resources: Sequence[Resource]) -> list[Document]:
    """Analyse some resources of `published()`: a constant number of queries."""
    beside = quality.known(resources)
    return [build(resource, resource.measurements.all(), beside) for resource in resources]


def _write(written: Sequence[Document]) -> None:
    puts = dialect().put
    letters = sets.letters(document.held(name) for document in written for name in SHOWN)
    IndexedResource.objects.bulk_create(_row(document, letters) for document in written)
    IndexedText.objects.bulk_create(
        IndexedText(resource_id=d.resource_id, words=d.words, digest=d.digest) for d in written
    )
    puts("catalogue_indexedterm", ("resource_id", "term", "impact", *FIELDS), _terms(written))
    puts(
        "catalogue_indexedfacet",
        ("resource_id", *Facet._fields),
        ((document.resource_id, *facet) for document in written for facet in document.facets),
    )
    _write_names(written)


def _terms(written: Iterable[Document]) -> Iterator[tuple[Any, ...]]:
    for document in written:
        lengths = document.lengths
        for term, counts in document.counts().items():
            impact = weights.impact(counts, lengths)
            yield (document.resource_id, term, impact, *(counts.get(name, 0) for name in FIELDS))


NAMED = frozenset({"organisation", "tag"})


def _write_names(written: Sequence[Document]) -> None:
    """Add the words and names that are not known yet, in one order: two writers never block."""
    words = {each.word: each for document in written for each in document.written}
    known = dict(IndexedWord.objects.filter(pk__in=list(words)).values_list("pk", "stem"))
    IndexedWord.objects.bulk_create(
        (
            IndexedWord(**said._asdict())
            for word, said in sorted(words.items())
            if known.get(word) != said.stem
        ),
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=("word",),
        update_fields=("shown", "stem"),
    )
    names = {
        (facet.facet, facet.value): facet.label or facet.value
        for document in written
        for facet in document.facets
        if facet.facet in NAMED
    }
    stored = IndexedName.objects.filter(value__in=[value for _, value in names])
    known_names = {(row.facet, row.value): (row.label, row.folded) for row in stored}
    IndexedName.objects.bulk_create(
        (
            IndexedName(facet=facet, value=value, label=label, folded=_folded(label))
            for (facet, value), label in sorted(names.items())
            if known_names.get((facet, value)) != (label, _folded(label))
        ),
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=("facet", "value"),
        update_fields=("label", "folded"),
    )


def _folded(label: str) -> str:
    return "".join(f" {word}" for word in analysis.prefixes(label))[:200]


def _row(document: Document, letters: Mapping[sets.Held, str]) -> IndexedResource:
    return IndexedResource(
        resource_id=document.resource_id,
        boost=document.boost,
        verified=document.verified,
        quality=document.quality,
        reuses=document.reuses,
        updated_on=document.updated_on,
        title_key=document.title_key,
        title_words=" ".join(document.terms["title"]).split(f" {MARK}")[0][:200],
        acronym_words=" ".join(document.terms["acronym"])[:40],
        folded=document.folded,
        letters="".join(letters[document.held(name)] for name in SHOWN),
    )
