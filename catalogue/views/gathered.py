"""What the catalogue holds of a person around cards: described on request, erased on request."""

from typing import Any

from django.db import transaction

from catalogue.actions import alerts, discussions, follows, reports, reuses
from catalogue.models import (
    DiscussionMessage,
    FieldFeedback,
    Follow,
    Report,
    Reuse,
)
from catalogue.queries import reported, searches
from portal.accounts.models import User


def described(user: User) -> dict[str, Any]:
    """Describe what a person keeps and follows, for the archive of their data."""
    return {
        "recherches": list(
            searches.all_of(user)
            .order_by("pk")
            .values("title", "query", "frequency", "created_at", "confirmed_at", "paused_at")
        ),
        "suivis": list(
            Follow.objects.filter(user=user)
            .order_by("pk")
            .values("resource__title", "organisation__name", "use_case", "tag", "at")
        ),
        "reutilisations": list(
            Reuse.objects.filter(by=user)
            .order_by("pk")
            .values("title", "url", "kind", "description", "organisation_name", "at", "state")
        ),
        "retours": list(
            FieldFeedback.objects.filter(by=user)
            .order_by("pk")
            .values("resource__title", "place", "used_on", "persons", "result", "at", "state")
        ),
        "messages": list(
            DiscussionMessage.objects.filter(by=user)
            .order_by("pk")
            .values("discussion__title", "body_md", "at", "state", "hidden_reason")
        ),
        "signalements": list(
            Report.objects.filter(by=user)
            .order_by("pk")
            .values("url", "field", "category", "explanation", "at", "status", "contest_words")
        ),
        # What was decided against what the person wrote: never who reported it.
        "decisions": list(
            reported.statements(user).values(
                "report__title", "measure", "facts", "ground_text", "duration", "decided_at"
            )
        ),
    }


@transaction.atomic
def forget(user: User) -> None:
    """Erase what only served the person; those of their address without account go too."""
    alerts.forget_person(person=user)
    reuses.forget(person=user)
    discussions.forget(person=user)
    follows.forget(person=user)
    reports.forget(person=user)
