"""Write the embedded index, in the transaction that changes what the public reads."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction

from catalogue.models import IndexedFacet, IndexedResource, IndexedTerm, Resource
from catalogue.search.document import FIELDS, MARK, Document, build, is_findable

BATCH = 500


@transaction.atomic
def write(resource: Resource) -> None:
    """Put a resource into the index as it now is; one that may not be found is taken out.

    Called by every action that changes what the public reads of it.
    """
    if not is_findable(resource):
        remove(resource.pk)
        return
    document = build(resource, resource.measurements.all())
    IndexedResource.objects.update_or_create(resource_id=resource.pk, defaults=_columns(document))
    IndexedTerm.objects.filter(resource_id=resource.pk).delete()
    IndexedFacet.objects.filter(resource_id=resource.pk).delete()
    _write_rows([document])


@transaction.atomic
def remove(resource_id: int) -> None:
    """Take a resource out of the index, if it is there."""
    IndexedTerm.objects.filter(resource_id=resource_id).delete()
    IndexedFacet.objects.filter(resource_id=resource_id).delete()
    IndexedResource.objects.filter(resource_id=resource_id).delete()


@transaction.atomic
def rebuild() -> int:
    """Write the whole index again from the published resources; return how many it holds."""
    for model in (IndexedTerm, IndexedFacet, IndexedResource):
        model.objects.all().delete()
    count = 0
    for documents in _batches(documents_of(published())):
        IndexedResource.objects.bulk_create(
            IndexedResource(resource_id=d.resource_id, **_columns(d)) for d in documents
        )
        _write_rows(documents)
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


def _columns(document: Document) -> dict[str, Any]:
    main = " ".join(document.terms["title"]).split(f" {MARK}")[0]
    return {
        "words": document.words,
        "title_words": main,
        "acronym_words": " ".join(document.terms["acronym"]),
        "folded": document.folded,
        "boost": document.boost,
        "verified": document.verified,
        "quality": document.quality,
        "reuses": document.reuses,
        "title_key": document.title_key,
        "updated_on": document.updated_on,
        "digest": document.digest,
        **{f"{name}_length": document.length(name) for name in FIELDS},
    }


def _write_rows(documents: list[Document]) -> None:
    IndexedTerm.objects.bulk_create(
        (
            IndexedTerm(resource_id=document.resource_id, term=term, **counts)
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
