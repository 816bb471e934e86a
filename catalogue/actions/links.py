"""Tie a card to the cards that its version in force declares. Called by what puts it online."""

from collections.abc import Mapping
from typing import Any

from catalogue.enums import LinkType
from catalogue.models import FormerSlug, Resource, ResourceLink
from catalogue.queries import relations


def declare(
    *, resource: Resource, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[ResourceLink]:
    """Make the links that new details declare, and drop those that only the former ones did.

    For `resources.put_online`, which holds the card locked: no rule is asked here. A card that is
    gone since keeps its tombstone; links that something else made stay. Returns the new ones.
    """
    old, new = relations.pairs(before), relations.pairs(after)
    cards = _cards({slug for _type, slug in {*old, *new}})
    for kind, slug in old:
        if (kind, slug) not in new and slug in cards:
            ResourceLink.objects.filter(source=resource, target=cards[slug], type=kind).delete()
    made = []
    for kind, slug in new:
        other = cards.get(slug)
        if other is None or other.pk == resource.pk or kind not in LinkType.values:
            continue
        link, created = ResourceLink.objects.get_or_create(
            source=resource,
            target=other,
            type=kind,
            defaults={"source_title": resource.title, "target_title": other.title},
        )
        made += [link] if created else []
    return made


def _cards(slugs: set[str]) -> dict[str, Resource]:
    found = {each.slug: each for each in Resource.objects.filter(slug__in=slugs)}
    former = FormerSlug.objects.filter(slug__in=slugs - found.keys()).select_related("resource")
    return found | {each.slug: each.resource for each in former}
