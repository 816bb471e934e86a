"""What stands around a card: reuses, feedback, discussions; and what of it waits for the Region."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from catalogue.enums import MessageState, ReviewState
from catalogue.models import (
    Discussion,
    DiscussionMessage,
    FieldFeedback,
    Resource,
    Reuse,
)

ON_CARD = 3


@dataclass(frozen=True)
class Counts:
    """How many of each everybody reads about a card."""

    reuses: int
    feedback: int
    discussions: int


def counts(resource: Resource) -> Counts:
    """Count in one query what everybody reads about a card."""
    told = {
        "n_reuses": _many(Reuse.resources.through, reuse__state=ReviewState.PUBLISHED),
        "n_feedback": _many(FieldFeedback, state=ReviewState.PUBLISHED),
        "n_discussions": _many(Discussion, state=MessageState.SHOWN),
    }
    row = Resource.objects.filter(pk=resource.pk).annotate(**told).values(*told)
    found = row.get()
    return Counts(**{name.removeprefix("n_"): number for name, number in found.items()})


def _many(model: Any, **kept: Any) -> Any:
    """Count the rows of a table about a card apart from the others: no product of tables."""
    rows = model.objects.filter(resource_id=OuterRef("pk"), **kept).order_by()
    counted = rows.values("resource_id").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def reuses(resource: Resource, viewer: Any) -> QuerySet[Reuse]:
    """List the reuses of a card, the latest first; one's own whatever their state."""
    rows: QuerySet[Reuse] = Reuse.objects.visible_to(viewer).filter(resources=resource)
    return rows.select_related("organisation").order_by("-decided_at", "-at", "-pk")


def feedback(resource: Resource, viewer: Any) -> QuerySet[FieldFeedback]:
    """List what was told of the use of a card, the latest month first."""
    rows: QuerySet[FieldFeedback] = FieldFeedback.objects.visible_to(viewer)
    return rows.filter(resource=resource).order_by("-used_on", "-pk")


def discussions(resource: Resource, viewer: Any) -> QuerySet[Discussion]:
    """List the discussions of a card, the last moved first, with their messages counted."""
    shown = Q(messages__state=MessageState.SHOWN)
    rows = Discussion.objects.visible_to(viewer).filter(resource=resource)
    return (
        rows.exclude(state=MessageState.HIDDEN)
        .select_related("by")
        .annotate(
            shown=Count("messages", filter=shown, distinct=True),
            answered=Count("messages", filter=shown & Q(messages__from_owner=True), distinct=True),
        )
        .order_by("-moved_at", "-pk")
    )


def messages(discussion: Discussion, viewer: Any) -> QuerySet[DiscussionMessage]:
    """List the messages of a discussion that a person reads, in the order they were written."""
    rows = DiscussionMessage.objects.visible_to(viewer).filter(discussion=discussion)
    return rows.select_related("by").order_by("at", "pk")


def waiting_reuses() -> QuerySet[Reuse]:
    """List the reuses that wait for the Region, the oldest first."""
    rows: QuerySet[Reuse] = Reuse.objects.waiting()
    return rows.select_related("by", "organisation").prefetch_related("resources__organisation")


def waiting_feedback() -> QuerySet[FieldFeedback]:
    """List the feedback that waits for the Region, the oldest first."""
    rows: QuerySet[FieldFeedback] = FieldFeedback.objects.waiting()
    return rows.select_related("by", "resource__organisation")


def held_messages() -> QuerySet[DiscussionMessage]:
    """List the messages that wait for the Region, the oldest first."""
    return DiscussionMessage.objects.held().select_related(
        "by", "discussion__resource__organisation"
    )


def standing() -> int:
    """Count all that waits for the Region around cards, in one query."""
    rows = (Reuse.objects.waiting(), FieldFeedback.objects.waiting())
    brought = [each.order_by().values_list("pk") for each in rows]
    held = DiscussionMessage.objects.held().order_by().values_list("pk")
    return held.union(*brought, all=True).count()
