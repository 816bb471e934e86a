"""The cards that a card says it is tied to, by the address, the slug or the title typed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from catalogue.models import FormerSlug, Resource

FIELD = "relations"
MOST_OFFERED = 20


def find(text: str) -> Resource | None:
    """Find the public card that a text names: its address, a former one, or its exact title."""
    slug = _slug(text)
    public = Resource.objects.public()
    former = FormerSlug.objects.filter(slug=slug).values("resource")
    if slug and (found := public.filter(slug=slug).first() or public.filter(pk__in=former).first()):
        return found
    titled = list(public.filter(title__iexact=text.strip())[:2])
    return titled[0] if len(titled) == 1 else None


def resolved(rows: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """Bring the targets of some rows to the slugs of public cards; also list those not found."""
    kept: list[dict[str, Any]] = []
    unknown = []
    for row in rows:
        text = str(row.get("target") or "")
        card = find(text) if text else None
        if card is None or not row.get("type"):
            unknown.append(text)
            continue
        named = {"type": row["type"], "target": card.slug}
        kept += [] if named in kept else [named]
    return kept, unknown


def public(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Keep the rows whose card is public."""
    told = list(rows)
    slugs = [row.get("target") for row in told]
    live = set(Resource.objects.public().filter(slug__in=slugs).values_list("slug", flat=True))
    return [row for row in told if row.get("target") in live]


def pairs(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List the links that details declare: type and slug."""
    rows = details.get(FIELD) or []
    return list(dict.fromkeys((str(row.get("type")), str(row.get("target"))) for row in rows))


def _slug(text: str) -> str:
    """Read the slug in an address of a card, or the text itself when it looks like one."""
    try:
        path = unquote(urlsplit(text.strip()).path)
    except ValueError:
        return ""
    parts = [part for part in path.split("/") if part]
    if "ressources" in parts[:-1]:
        return parts[parts.index("ressources") + 1]
    return parts[0] if len(parts) == 1 else ""
