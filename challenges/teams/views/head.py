"""Prepare what every public page of a challenge shows: its head, its tabs, the reader's team."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from django.db.models import Count, Prefetch
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges.organising.enums import OVER_STATUSES, ChallengeStatus, PhaseKind, PhaseMoment
from challenges.organising.models.challenges import Challenge, ChallengeQuerySet, Phase, PublicFile
from challenges.organising.queries import current_phase
from challenges.organising.words import USE_CASES
from challenges.teams.models import Team
from challenges.teams.queries import count_of
from portal.lib import clock, visible
from portal.lib.prose import texts
from portal.lib.refusals import Hidden


class Face(NamedTuple):
    """Show a state: a word, a pigment and an icon."""

    label: str
    tone: str
    icon: str


TABS = {
    "presentation": gettext_lazy("Présentation"),
    "data": gettext_lazy("Données"),
    "evaluation": gettext_lazy("Évaluation"),
    "standings": gettext_lazy("Classement"),
    "entries": gettext_lazy("Nos soumissions"),
    "rules": gettext_lazy("Règlement"),
    "discussions": gettext_lazy("Entraide"),
}


def shown_challenges(request: HttpRequest) -> ChallengeQuerySet:
    """Return the challenges that this person may read, with what their pages show."""
    return (
        Challenge.objects.visible_to(request.user)
        .select_related("organiser")
        .prefetch_related(Prefetch("phases", Phase.objects.select_related("reveal")))
        .annotate(
            files_count=count_of(PublicFile.objects.all()),
            teams_count=count_of(Team.objects.scored()),
        )
    )


def face_of(challenge: Challenge, phase: Phase | None, now: datetime) -> Face:
    """Choose the badge of a challenge."""
    status = ChallengeStatus(challenge.status)
    if status is not ChallengeStatus.PUBLISHED:
        return Face(challenge.get_status_display(), status.tone, status.icon)
    match phase.moment(now) if phase else PhaseMoment.UNDATED:
        case PhaseMoment.OPEN:
            under_way = texts.sentence(
                _("%(phase)s en cours"), language=challenge.language, phase=phase
            )
            return Face(under_way, "ocre", "circle-dot")
        case PhaseMoment.CLOSED:
            return Face(_("Clos"), "ardoise", "lock")
        case PhaseMoment.COMING | PhaseMoment.UNDATED:
            return Face(_("À venir"), "calanque", "calendar")


def is_open(challenge: Challenge, phase: Phase | None, now: datetime) -> bool:
    """Say whether the phase takes entries at this instant."""
    return (
        phase is not None
        and challenge.status == ChallengeStatus.PUBLISHED
        and phase.moment(now) is PhaseMoment.OPEN
        and not phase.waits_for_grant(now)
    )


class Stage(StrEnum):
    """Say what somebody without a team may do in a challenge."""

    DRAFT = "draft"
    COMING = "coming"
    OPEN = "open"
    SUSPENDED = "suspended"
    OVER = "over"
    BENCH = "bench"


def stage_of(challenge: Challenge, phases: Sequence[Phase], now: datetime) -> Stage:
    """Choose it: teams are made before the opening too, not once every phase is closed.

    Except where a phase stays open as a bench after its results.
    """
    if not challenge.is_public:
        return Stage.DRAFT
    if challenge.status == ChallengeStatus.SUSPENDED:
        return Stage.SUSPENDED
    moments = {phase.moment(now) for phase in phases}
    if challenge.status == ChallengeStatus.PUBLISHED and moments != {PhaseMoment.CLOSED}:
        return Stage.OPEN if PhaseMoment.OPEN in moments else Stage.COMING
    return Stage.BENCH if any(each.takes_entries(now) for each in phases) else Stage.OVER


def steps(challenge: Challenge, phases: Sequence[Phase], now: datetime) -> list[tuple[Phase, str]]:
    """Lay out the phases on the line of time: done, now or todo."""
    return [
        (
            phase,
            "now"
            if is_open(challenge, phase, now)
            else "done"
            if challenge.status in OVER_STATUSES or phase.moment(now) is PhaseMoment.CLOSED
            else "todo",
        )
        for phase in phases
    ]


def challenge_context(request: HttpRequest, slug: str, tab: str) -> dict[str, Any]:
    """Prepare the context common to the pages of one challenge."""
    challenge = visible.find(shown_challenges(request), among=Challenge.objects.all(), slug=slug)
    now = clock.now()
    phases = list(challenge.phases.all())
    phase = current_phase(phases, now)
    team = team_of(request, challenge)
    return {
        "section": "challenges",
        "challenge": challenge,
        "phase": phase,
        "phases": phases,
        "now": now,
        "face": face_of(challenge, phase, now),
        "open": is_open(challenge, phase, now),
        "stage": stage_of(challenge, phases, now).value,
        "team": team,
        "is_organiser": request.user.is_authenticated and challenge.is_run_by(request.user),
        "crumbs": [(_("Challenges"), reverse("challenges:list")), (challenge.title, "")],
        "tabs": tabs(challenge, team),
        "tab": str(TABS[tab]),
        "presents": tab == "presentation",
    }


def deposit_context(
    request: HttpRequest, slug: str, *, kind: PhaseKind | None = None
) -> dict[str, Any]:
    """Prepare the pages that submit, in the phase that the address names by its index.

    By default the one in view. kind: of the phases to choose from; all by default. Raises Hidden
    for an index that no phase has.
    """
    context = challenge_context(request, slug, "entries")
    challenge, now, asked = context["challenge"], context["now"], request.GET.get("phase")
    if asked:
        phase = next((one for one in context["phases"] if str(one.index) == asked), None)
        if phase is None:
            raise Hidden
        context |= {"phase": phase, "open": is_open(challenge, phase, now)}
    taking = [
        each
        for each in context["phases"]
        if (kind is None or each.kind == kind) and each.takes_entries(now)
    ]
    links = [(each.name, f"?phase={each.index}") for each in taking]
    return context | {"phase_links": links if len(links) > 1 else []}


def team_of(request: HttpRequest, challenge: Challenge) -> Team | None:
    """Return this person's team in a challenge, if any, with the number of its entries."""
    if not request.user.is_authenticated:
        return None
    return (
        Team.objects.joined_by(request.user)
        .filter(challenge=challenge)
        .annotate(entries_count=Count("enrolments__entries"))
        .first()
    )


def tabs(challenge: Challenge, team: Team | None) -> list[tuple[str, str, int | str]]:
    """List the seven tabs of a challenge: label, address, count."""
    counts = {
        "data": challenge.files_count,  # type: ignore[attr-defined]  # annotated
        "standings": challenge.teams_count,  # type: ignore[attr-defined]  # annotated
        "entries": team.entries_count if team else "",  # type: ignore[attr-defined]  # annotated
    }
    return [
        (str(label), reverse(f"challenges:{key}", args=[challenge.slug]), counts.get(key, ""))
        for key, label in TABS.items()
    ]


def use_case_names(challenge: Challenge) -> list[str]:
    """Name the use cases of a challenge."""
    return [str(USE_CASES[code]) for code in challenge.use_cases if code in USE_CASES]


def shares(phase: Phase | None) -> dict[str, int]:
    """Write the shares of the public and of the private part, in per cent."""
    public = phase.public_percent if phase else 30
    return {"public_percent": public, "private_percent": 100 - public}
