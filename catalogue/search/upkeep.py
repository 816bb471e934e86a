"""Keep the index of the database true to what is published, whatever changed beside the actions."""

from django.db.models import Exists, OuterRef

from catalogue.models import IndexedResource, Resource
from catalogue.search import index

MOST = 500


def repair() -> int:
    """Index what is published and missing, remove what is not; return how many were written.

    At most some hundreds at a time.
    """
    index.drop_excess(MOST)
    indexed = IndexedResource.objects.filter(pk=OuterRef("pk"))
    missing = Resource.objects.listed().filter(~Exists(indexed)).order_by("pk")
    wrong = list(missing.values_list("pk", flat=True)[:MOST])
    for pk in wrong:
        index.renew(pk)
    return len(wrong)
