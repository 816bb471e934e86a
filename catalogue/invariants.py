"""Read-only checks of the catalogue, for `manage.py verify`."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from catalogue.models import IndexedFacet, IndexedResource, Resource


def index_breaches() -> Iterator[str]:
    """Yield the resources that the index misses, holds in excess or tells wrongly (I8)."""
    published = {
        row[0]: row[1:]
        for row in Resource.objects.public().values_list("pk", "kind", "scope", "access")
    }
    indexed = set(IndexedResource.objects.values_list("pk", flat=True))
    told: dict[int, dict[str, str]] = {}
    facets = IndexedFacet.objects.filter(facet__in=("kind", "scope", "access"))
    for pk, facet, value in facets.values_list("resource_id", "facet", "value"):
        told.setdefault(pk, {})[facet] = value
    for pk in sorted(published.keys() ^ indexed):
        yield str(pk)
    for pk in sorted(published.keys() & indexed):
        facts = told.get(pk, {})
        if (facts.get("kind"), facts.get("scope"), facts.get("access")) != published[pk]:
            yield str(pk)


INVARIANTS = {"I8": (_("L’index de recherche dit ce qui est publié."), index_breaches)}
