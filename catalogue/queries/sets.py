"""The sets of resources that harvesters may ask for: by kind, organisation and use case."""

from collections.abc import Sequence

from catalogue.models import IndexedFacet, Resource
from catalogue.models.resource import ResourceQuerySet

FACETS = ("kind", "organisation", "use_case")


def of(ids: Sequence[int]) -> dict[int, list[str]]:
    """Name the sets of some public resources, as « kind:model »; one query."""
    found: dict[int, list[str]] = {}
    rows = IndexedFacet.objects.filter(resource__in=ids, facet__in=FACETS)
    for pk, facet, value in rows.order_by("facet", "value").values_list(
        "resource_id", "facet", "value"
    ):
        found.setdefault(pk, []).append(f"{facet}:{value}")
    return found


def of_one(resource: Resource) -> list[str]:
    """Name the sets of a resource fetched with its organisation, in the index or hidden."""
    holders = [f"organisation:{resource.holder_slug}"] if resource.holder_name else []
    return [
        f"kind:{resource.kind}",
        *holders,
        *(f"use_case:{c}" for c in sorted(resource.use_cases)),
    ]


def hidden() -> ResourceQuerySet:
    """Keep the cards that were public and that the Region hides, with their organisation."""
    rows = Resource.objects.filter(masked_at__isnull=False, first_published_at__isnull=False)
    return rows.with_organisation()
