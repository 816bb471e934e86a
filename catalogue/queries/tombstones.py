"""What remains of removed resources."""

from catalogue.models import Tombstone


def of_slug(slug: str) -> Tombstone | None:
    """Find the tombstone of an address, present or former."""
    found = Tombstone.objects.filter(slug=slug).first()
    if found is not None:
        return found
    others = Tombstone.objects.exclude(former_slugs=[])
    return next((stone for stone in others if slug in stone.former_slugs), None)
