"""Tags already in use that are close to what is being written."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Count

from catalogue.models import IndexedFacet
from catalogue.validators import checks as record_checks

MOST = 5
# Tags looked at, the most used first.
MOST_READ = 2_000


def tags(record: Mapping[str, Any]) -> list[str]:
    """List the most used public tags whose words stand in the text and that were not chosen."""
    said = " ".join(str(record.get(name) or "") for name in ("title", "summary", "description"))
    text = f" {record_checks.fold(said)} "
    chosen = set(record.get("tags") or ())
    used = (
        IndexedFacet.objects.filter(facet="tag")
        .values_list("value")
        .annotate(count=Count("pk"))
        .order_by("-count", "value")
    )
    near = (tag for tag, _count in used[:MOST_READ] if tag not in chosen and _stands(tag, text))
    return list(near)[:MOST]


def _stands(tag: str, text: str) -> bool:
    folded = record_checks.fold(tag)
    return bool(folded) and f" {folded} " in text
