"""The sets of resources that harvesters may ask for: by kind, organisation and use case."""

from collections.abc import Sequence

from catalogue.models import IndexedFacet

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
