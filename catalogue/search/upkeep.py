"""Keep the embedded index true to what is published, whatever changed beside the actions."""

from datetime import timedelta

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
from catalogue.search import document, index
from portal.lib import clock

# An organisation changed since then is read again: longer than a period of the duty that failed.
RECENT = timedelta(minutes=30)
MOST = 500


def repair() -> int:
    """Index what is published and missing, remove what is not, follow renamed organisations.

    Returns how many resources were written, at most some hundreds at a time.
    """
    if IndexedResource.objects.exists() and not IndexedWord.objects.exists():
        return index.rebuild()  # an index older than its words
    published = Resource.objects.public()
    indexed = IndexedResource.objects.all()
    missing = published.exclude(pk__in=indexed.values("pk")).order_by("pk")
    excess = indexed.exclude(pk__in=published.values("pk")).order_by("pk")
    wrong = [*missing.values_list("pk", flat=True)[:MOST]]
    for pk in [*excess.values_list("pk", flat=True)[:MOST]]:
        index.remove(pk)
    wrong += _renamed()
    for resource in Resource.objects.select_related("organisation").filter(pk__in=wrong):
        index.write(resource)
    return len(wrong)


def _renamed() -> list[int]:
    """List the resources whose index tells a former name or badge of their organisation."""
    since = clock.now() - RECENT
    found = index.published().filter(organisation__updated_at__gte=since)
    digests = dict(
        IndexedText.objects.filter(resource_id__in=found.values("pk")).values_list("pk", "digest")
    )
    return [
        resource.pk
        for resource in found
        if digests.get(resource.pk) != document.build(resource, resource.measurements.all()).digest
    ]


@transaction.atomic
def forget() -> int:
    """Forget the words and names that no public resource holds any more."""
    stems = IndexedTerm.objects.exclude(title=0, acronym=0, organisation=0).values("term")
    words, _ = IndexedWord.objects.exclude(stem__in=stems).delete()
    forgotten = 0
    for facet in sorted(index.NAMED):
        used = IndexedFacet.objects.filter(facet=facet).values("value")
        count, _ = IndexedName.objects.filter(facet=facet).exclude(value__in=used).delete()
        forgotten += count
    return words + forgotten
