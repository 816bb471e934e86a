"""The links of a card, as read from both ends."""

from django.db.models import Q, QuerySet

from catalogue.models import Resource, ResourceLink


def both_ways(resource: Resource) -> QuerySet[ResourceLink]:
    """Select the links of a card whose other end is online, or is gone for good."""
    ends = Q(source=resource) & (Q(target=None) | Q(target__live=True))
    ends |= Q(target=resource) & (Q(source=None) | Q(source__live=True))
    rows = ResourceLink.objects.filter(ends).select_related("source", "target")
    return rows.order_by("type", "pk")
