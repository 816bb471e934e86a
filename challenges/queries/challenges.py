"""The list of challenges, by their moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce

from challenges.enums import ChallengeStatus, EntryStatus, PhaseMoment
from challenges.models import Challenge, Entry, Phase, Team
from challenges.models.challenge import ChallengeQuerySet
from challenges.models.people import Viewer
from portal.lib import clock


@dataclass(frozen=True)
class Listed:
    """A challenge as a list shows it."""

    challenge: Challenge
    phase: Phase | None
    moment: PhaseMoment
    teams: int
    entries: int


def counted(user: Viewer) -> ChallengeQuerySet:
    """Keep the challenges a person may read, each with its phases and its counts."""
    return (
        Challenge.objects.visible_to(user)
        .select_related("organiser")
        .prefetch_related(
            Prefetch("phases", Phase.objects.select_related("reveal").order_by("index"))
        )
        .annotate(
            scored_teams=Coalesce(Subquery(_scored_teams(), output_field=IntegerField()), 0),
            scored_entries=Coalesce(Subquery(_scored_entries(), output_field=IntegerField()), 0),
        )
    )


def _scored_teams() -> QuerySet[Team, Any]:
    entered = Team.objects.entered(entries__status=EntryStatus.SCORED)
    found = entered.filter(challenge=OuterRef("pk")).order_by().values("challenge")
    return found.annotate(n=Count("pk")).values("n")


def _scored_entries() -> QuerySet[Entry, Any]:
    scored = Entry.objects.filter(
        status=EntryStatus.SCORED,
        enrolment__team__is_baseline=False,
        enrolment__team__challenge=OuterRef("pk"),
    )
    found = scored.order_by().values("enrolment__team__challenge")
    return found.annotate(n=Count("pk")).values("n")


def listed(user: Viewer, *, moment: PhaseMoment | None = None) -> list[Listed]:
    """List the challenges a person may read, the open first, then coming, then closed."""
    now = clock.now()
    challenges = counted(user).order_by("-published_at", "-created_at", "pk")
    found = [as_listed(challenge, now) for challenge in challenges]
    if moment is not None:
        found = [each for each in found if each.moment == moment]
    order = [PhaseMoment.OPEN, PhaseMoment.COMING, PhaseMoment.UNDATED, PhaseMoment.CLOSED]
    return sorted(found, key=lambda each: order.index(each.moment))


def as_listed(challenge: Challenge, now: datetime) -> Listed:
    """Describe a challenge that `counted` read."""
    phase = current_phase(list(challenge.phases.all()), now)
    return Listed(
        challenge,
        phase,
        moment_of(challenge, phase, now),
        challenge.scored_teams,  # type: ignore[attr-defined]  # annotated above
        challenge.scored_entries,  # type: ignore[attr-defined]  # annotated above
    )


def current_phase(phases: list[Phase], at: datetime) -> Phase | None:
    """Return the phase to show: the open one, else the next to open, else the last."""
    for wanted in (PhaseMoment.OPEN, PhaseMoment.COMING, PhaseMoment.UNDATED):
        for phase in phases:
            if phase.moment(at) == wanted:
                return phase
    return phases[-1] if phases else None


def moment_of(challenge: Challenge, phase: Phase | None, at: datetime) -> PhaseMoment:
    """Tell where the challenge stands: its phase's moment, closed once it is closed."""
    if challenge.status in {
        ChallengeStatus.CLOSED,
        ChallengeStatus.REVEALED,
        ChallengeStatus.ARCHIVED,
    }:
        return PhaseMoment.CLOSED
    return PhaseMoment.UNDATED if phase is None else phase.moment(at)
