"""What the challenges show in a person's space, and give in the archive of their data."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from challenges.models import Entry, Team, TeamMember
from portal.accounts.models import User
from portal.accounts.space import Item

SHOWN = 20


def teams(user: User) -> Iterator[Item]:
    """List a person's teams with the number of their entries, the latest challenge first."""
    mine = (
        Team.objects.of(user)
        .select_related("challenge")
        .annotate(entered=Count("enrolments__entries", distinct=True))
        .order_by("-challenge__pk")
    )
    for team in mine[:SHOWN]:
        entered = ngettext("%(n)s soumission", "%(n)s soumissions", team.entered) % {
            "n": team.entered
        }
        yield Item(
            title=team.name,
            url=reverse("challenges:entries", args=[team.challenge.slug]),
            detail=_("%(challenge)s, %(entered)s")
            % {"challenge": team.challenge.title, "entered": entered},
            icon="trophy",
            tone="ocre",
        )


def described(user: User) -> dict[str, Any]:
    """Describe a person's teams and what they sent, for the archive of their data."""
    return {
        "equipes": list(
            TeamMember.objects.filter(user=user)
            .order_by("pk")
            .values("challenge__title", "team__name", "role", "joined_at", "left_at")
        ),
        "soumissions": list(
            Entry.objects.filter(submitted_by=user)
            .order_by("received_at", "pk")
            .values("id", "enrolment__team__name", "received_at", "sha256", "status")
        ),
    }
