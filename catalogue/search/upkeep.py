"""Keep the embedded index true to what is published, whatever changed beside the actions."""

from datetime import timedelta

from django.db.models import Exists, OuterRef
from django.db.models.functions import Length

from catalogue.models import IndexedResource, IndexedText, Resource
from catalogue.search import columns, index
from catalogue.search.engines.facets import SHOWN
from portal.lib import clock

# An organisation changed since then is read again: longer than a period of the duty that failed.
RECENT = timedelta(minutes=30)
MOST = 500


def repair() -> int:
    """Index what is published and missing, remove what is not, follow renamed organisations.

    Returns how many resources were written, at most some hundreds at a time.
    """
    columns.tidy()
    lettered = IndexedResource.objects.annotate(told=Length("letters"))
    if lettered.exclude(told=len(SHOWN)).exists():
        return index.rebuild()  # an index older than its letters
    indexed = IndexedResource.objects.filter(pk=OuterRef("pk"))
    missing = Resource.objects.listed().filter(~Exists(indexed)).order_by("pk")
    wrong = [*missing.values_list("pk", flat=True)[:MOST]]
    index.drop_excess(MOST)
    wrong += _renamed()
    for resource in Resource.objects.select_related("organisation").filter(pk__in=wrong):
        index.write(resource)
    return len(wrong)


def _renamed() -> list[int]:
    """List the resources whose index tells a former name or badge of their organisation.

    Read some at a time: an organisation may hold half of the catalogue.
    """
    found = index.published().filter(organisation__updated_at__gte=clock.now() - RECENT)
    wrong: list[int] = []
    last = 0
    while len(wrong) < MOST and (lot := list(found.filter(pk__gt=last)[: index.BATCH])):
        last = lot[-1].pk
        told = IndexedText.objects.filter(resource_id__in=[resource.pk for resource in lot])
        digests = dict(told.values_list("pk", "digest"))
        wrong += [
            document.resource_id
            for document in index.documents(lot)
            if digests.get(document.resource_id) != document.digest
        ]
    return wrong
