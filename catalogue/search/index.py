"""Write the embedded index, in the transaction that changes what the public reads."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction

from catalogue.models import (
    IndexedFacet,
    IndexedName,
    IndexedResource,
    IndexedTerm,
    IndexedText,
    IndexedWord,
    Resource,
)
from catalogue.search import analysis, mirror, weights
from catalogue.search.document import MARK, Document, build, is_findable

BATCH = 500


@transaction.atomic
def write(resource: Resource) -> None:
    """Put a resource into the index as it now is; one that may not be found is taken out.

    Called by every action that changes what the public reads of it.
    """
    _take_out(resource.pk)
    if is_findable(resource):
        _write([build(resource, resource.measurements.all())])
    mirror.owe_sync(resource.pk)


@transaction.atomic
def remove(resource_id: int) -> None:
    """Take a resource out of the index, if it is there."""
    _take_out(resource_id)
    mirror.owe_sync(resource_id)


def _take_out(resource_id: int) -> None:
    for model in (IndexedTerm, IndexedFacet, IndexedText, IndexedResource):
        model.objects.filter(resource_id=resource_id).delete()


@transaction.atomic
def rebuild() -> int:
    """Write the whole index again from the published resources; return how many it holds."""
    tables = (IndexedTerm, IndexedFacet, IndexedText, IndexedResource, IndexedWord, IndexedName)
    for model in tables:
        model.objects.all().delete()
    count = 0
    for documents in _batches(documents_of(published())):
        _write(documents)
        count += len(documents)
    return count


def published() -> Any:
    """Select what the index must hold, ready to be analysed without one query each."""
    return (
        Resource.objects.public()
        .select_related("organisation")
        .prefetch_related("measurements")
        .order_by("pk")
    )


def documents_of(resources: Any) -> Iterator[Document]:
    """Analyse resources one after the other."""
    for resource in resources.iterator(chunk_size=BATCH):
        yield build(resource, resource.measurements.all())


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    for document in documents:
        batch.append(document)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _write(documents: list[Document]) -> None:
    IndexedResource.objects.bulk_create(_row(document) for document in documents)
    IndexedText.objects.bulk_create(
        IndexedText(resource_id=d.resource_id, words=d.words, digest=d.digest) for d in documents
    )
    IndexedTerm.objects.bulk_create(
        (
            IndexedTerm(
                resource_id=document.resource_id,
                term=term,
                impact=weights.impact(counts, document.lengths),
                **counts,
            )
            for document in documents
            for term, counts in document.counts().items()
        ),
        batch_size=BATCH,
    )
    IndexedFacet.objects.bulk_create(
        (
            IndexedFacet(resource_id=document.resource_id, **facet._asdict())
            for document in documents
            for facet in document.facets
        ),
        batch_size=BATCH,
    )

    _write_names(documents)


NAMED = frozenset({"organisation", "tag"})


def _write_names(documents: list[Document]) -> None:
    """Add the words and names that are not known yet, in one order: two writers never block."""
    words = {each.word: each for document in documents for each in document.written}
    known = IndexedWord.objects.filter(pk__in=list(words)).values_list("pk", flat=True)
    IndexedWord.objects.bulk_create(
        (IndexedWord(**words[word]._asdict()) for word in sorted(words.keys() - set(known))),
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    names = {
        (facet.facet, facet.value): facet.label or facet.value
        for document in documents
        for facet in document.facets
        if facet.facet in NAMED
    }
    stored = IndexedName.objects.filter(value__in=[value for _, value in names])
    said = {(row.facet, row.value): row.label for row in stored}
    IndexedName.objects.bulk_create(
        (
            IndexedName(facet=facet, value=value, label=label, folded=_folded(label))
            for (facet, value), label in sorted(names.items())
            if said.get((facet, value)) != label
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
        title_words=" ".join(document.terms["title"]).split(f" {MARK}")[0][:200],
        acronym_words=" ".join(document.terms["acronym"])[:40],
        folded=document.folded,
    )
