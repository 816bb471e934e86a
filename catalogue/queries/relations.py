"""The cards that a card says it is tied to, by the address, the slug or the title typed."""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any
from urllib.parse import unquote, urlsplit

from django.db.models import Q

from catalogue.models import FormerSlug, Resource

FIELD = "relations"
MOST_OFFERED = 20
TITLES_AT_ONCE = 100


Known = Mapping[str, Resource | None]


def find(texts: Iterable[str]) -> dict[str, Resource | None]:
    """Find the public card that each text names: its address, a former one, or its exact title.

    Two queries, and one for each hundred texts that are no address; cards have slug and title.
    """
    slugs = {text: _slug(text) for text in dict.fromkeys(texts)}
    named = by_slug({slug for slug in slugs.values() if slug})
    found = {text: named.get(slug) for text, slug in slugs.items()}
    titles = {text.strip().casefold() for text, card in found.items() if card is None}
    titled = _by_title(sorted(title for title in titles if title and "\0" not in title))
    return {text: card or titled.get(text.strip().casefold()) for text, card in found.items()}


def resolved(
    rows: Sequence[Mapping[str, Any]], known: Known | None = None
) -> tuple[list[dict[str, Any]], list[str]]:
    """Bring the targets of some rows to the slugs of public cards; also list those not found.

    known: what `find` gave for these targets among others.
    """
    texts = [str(row.get("target") or "") for row in rows]
    looked = dict(known or {})
    looked |= find(text for text in texts if text not in looked)
    kept: list[dict[str, Any]] = []
    unknown = []
    for row, text in zip(rows, texts, strict=True):
        card = looked[text]
        if card is None or not row.get("type"):
            unknown.append(text)
            continue
        named = {"type": row["type"], "target": card.slug}
        kept += [] if named in kept else [named]
    return kept, unknown


def by_slug(slugs: set[str]) -> dict[str, Resource]:
    """Find the public cards of some slugs, or of former ones."""
    if not slugs:
        return {}
    cards = Resource.objects.public().only("slug", "title")
    found = {each.slug: each for each in cards.filter(slug__in=slugs)}
    gone = FormerSlug.objects.filter(slug__in=slugs - found.keys())
    former = dict(gone.values_list("slug", "resource"))
    moved = cards.in_bulk(set(former.values())) if former else {}
    return {slug: moved[pk] for slug, pk in former.items() if pk in moved} | found


def _by_title(titles: Sequence[str]) -> dict[str, Resource]:
    """Find the cards of which the title is the only one of its kind, case apart."""
    found: dict[str, list[Resource]] = {}
    cards = Resource.objects.public().only("slug", "title")
    for start in range(0, len(titles), TITLES_AT_ONCE):
        some = titles[start : start + TITLES_AT_ONCE]
        same = reduce(or_, (Q(title__iexact=title) for title in some))
        for each in cards.filter(same):
            found.setdefault(each.title.casefold(), []).append(each)
    return {title: rows[0] for title, rows in found.items() if len(rows) == 1}


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
    # PostgreSQL takes no null byte, even one that an address spells %00.
    parts = [part for part in path.split("/") if part.isprintable() and part]
    if "ressources" in parts[:-1]:
        return parts[parts.index("ressources") + 1]
    return parts[0] if len(parts) == 1 else ""
