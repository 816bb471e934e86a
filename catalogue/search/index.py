"""Write the embedded index in the transaction that changes what the public reads; keep it true.

What a search server beside the database is owed is written with it.
"""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, prefetch_related_objects

from catalogue.resources.models import Resource
from catalogue.resources.queries import quality
from catalogue.search import fulltext
from catalogue.search import text as analysis
from catalogue.search.fulltext import Document, build, is_findable
from catalogue.search.models import IndexedFacet, IndexedName, IndexedResource
from portal.audit.outbox import owe

TOPIC = "search.sync"


def is_used() -> bool:
    """Tell whether a server beside the database answers searches."""
    return bool(settings.SEARCH_URL) and not settings.SEARCH_URL.startswith("embedded:")


def owe_sync(resource_id: int) -> None:
    """Owe the server the present state of a resource, once the transaction is committed."""
    if is_used():
        owe(TOPIC, key=f"{resource_id}-{uuid4().hex}", resource_id=resource_id)


BATCH = 200
# In order, so that nothing points at what goes; a trigger then removes the words.
TABLES = ("catalogue_indexedfacet", "catalogue_indexedresource")
# Facets whose values have names of their own, found by their first letters.
NAMED = frozenset({"organisation", "tag"})
MOST_VALUES = 500


@transaction.atomic
def write(resource: Resource) -> None:
    """Put a resource into the index as it now is; one that may not be found is taken out.

    Called at every change of what the public reads of it.
    """
    _take_out([resource.pk])
    if is_findable(resource):
        _write(documents([resource]))
    owe_sync(resource.pk)


@transaction.atomic
def renew(resource_id: int) -> None:
    """Put a resource into the index as the database has it, locked: somebody may be writing it."""
    rows = Resource.objects.select_for_update(of=("self",)).select_related("organisation")
    resource = rows.filter(pk=resource_id).first()
    if resource is None:
        remove(resource_id)
    else:
        write(resource)


def note_quality(resource_id: int, score: int) -> None:
    """Order a card by a quality that time alone changed."""
    IndexedResource.objects.filter(pk=resource_id).update(quality=score)
    owe_sync(resource_id)


def remove_card(resource: Resource) -> None:
    """Take a card that goes for good out of the index."""
    remove(resource.pk)


@transaction.atomic
def remove(resource_id: int) -> None:
    """Take a resource out of the index, if it is there."""
    _take_out([resource_id])
    owe_sync(resource_id)


def _take_out(ids: Sequence[int]) -> None:
    places = ", ".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        # Not read first, as the ORM would.
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
    return count


@transaction.atomic
def _renew(after: int) -> list[int]:
    """Write the cards that follow one; locked, so that none is published anew meanwhile."""
    rows = published().filter(pk__gt=after).select_for_update(of=("self",))
    resources = list(rows[:BATCH])
    found = [resource.pk for resource in resources]
    if found:
        _take_out(found)
        _write(documents(resources))
    return found


def drop_excess(most: int | None = None) -> None:
    """Take out what is not published any more, as many as said."""
    public = Resource.objects.listed().filter(pk=OuterRef("pk"))
    excess = IndexedResource.objects.filter(~Exists(public)).order_by("pk")
    for pk in list(excess.values_list("pk", flat=True)[:most]):
        renew(pk)


@transaction.atomic
def forget() -> int:
    """Forget the words and names that no public resource holds any more."""
    used = IndexedFacet.objects.filter(facet=OuterRef("facet"), value=OuterRef("value"))
    names = IndexedName.objects.filter(facet__in=NAMED)
    count, _ = names.filter(~Exists(used)).delete()
    words = IndexedName.objects.filter(facet=IndexedName.WORD)
    naming = _naming()
    gone = [
        word for word in words.values_list("value", flat=True) if analysis.stem(word) not in naming
    ]
    for start in range(0, len(gone), BATCH):
        words.filter(value__in=gone[start : start + BATCH]).delete()
    return count + len(gone)


def _naming() -> set[str]:
    """Read the words of the names of all indexed resources, some at a time."""
    found: set[str] = set()
    last = 0
    while lot := fulltext.names_near(last, BATCH):
        last = lot[-1][0]
        found.update(word for _pk, names in lot for word in names.split())
    return found


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
    prefetch_related_objects(resources, "producers")
    return [build(resource, resource.measurements.all(), beside) for resource in resources]


def _write(written: Sequence[Document]) -> None:
    IndexedResource.objects.bulk_create(_row(document) for document in written)
    fulltext.put(written)
    IndexedFacet.objects.bulk_create(
        (
            IndexedFacet(resource_id=document.resource_id, **facet._asdict())
            for document in written
            for facet in document.facets
        ),
        batch_size=BATCH,
    )
    _write_names(written)


def _write_names(written: Sequence[Document]) -> None:
    """Add the names that are not known yet, in one order: two writers never block."""
    names: dict[tuple[str, str], str] = {}
    for document in written:
        names |= {(IndexedName.WORD, each.word): each.shown for each in document.written}
        names |= {
            (facet.facet, facet.value): facet.label or facet.value
            for facet in document.facets
            if facet.facet in NAMED
        }
    known: dict[tuple[str, str], str] = {}
    values = sorted({value for _, value in names})
    for start in range(0, len(values), MOST_VALUES):
        rows = IndexedName.objects.filter(value__in=values[start : start + MOST_VALUES])
        known |= {(row.facet, row.value): row.label for row in rows}
    IndexedName.objects.bulk_create(
        (
            IndexedName(facet=facet, value=value, label=label, folded=_folded(label))
            for (facet, value), label in sorted(names.items())
            if known.get((facet, value)) != label
        ),
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=("facet", "value"),
        update_fields=("label", "folded"),
    )


def _folded(label: str) -> str:
    return "".join(f" {word}" for word in analysis.prefixes(label))[:200]


def _row(document: Document) -> IndexedResource:
    return IndexedResource(
        resource_id=document.resource_id,
        boost=document.boost,
        verified=document.verified,
        quality=document.quality,
        reuses=document.reuses,
        updated_on=document.updated_on,
        title_key=document.title_key,
    )


MOST = 500


def repair() -> int:
    """Index what is published and missing, remove what is not; return how many were written.

    At most some hundreds at a time.
    """
    drop_excess(MOST)
    indexed = IndexedResource.objects.filter(pk=OuterRef("pk"))
    missing = Resource.objects.listed().filter(~Exists(indexed)).order_by("pk")
    wrong = list(missing.values_list("pk", flat=True)[:MOST])
    for pk in wrong:
        renew(pk)
    return len(wrong)


def lift_used() -> int:
    """Write the cards read since into the index again, more popular; return how many."""
    read = Resource.objects.filter(used_since_indexed=True).order_by("pk")
    keys = list(read.values_list("pk", flat=True))
    for pk in keys:
        _lift(pk)
    return len(keys)


@transaction.atomic
def _lift(pk: int) -> None:
    Resource.objects.filter(pk=pk).update(used_since_indexed=False)
    renew(pk)
