"""What the challenges show in a person's space, and give in the archive of their data."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from challenges import rules
from challenges.enums import (
    EntryStatus,
    InvitationState,
    TeamRole,
    TeamState,
)
from challenges.forum import queries as forum
from challenges.models import (
    Challenge,
    ChallengeOrganiser,
    Disqualification,
    Enrolment,
    Entry,
    Guest,
    Team,
    TeamInvitation,
    TeamMember,
)
from challenges.organising.queries import current_phase
from challenges.queries import examinations
from challenges.teams.actions import invitation_token
from challenges.views import awaited
from challenges.views.head import face_of
from portal.accounts.authorization import Permission, has_permission
from portal.accounts.models import Organisation, User
from portal.accounts.space import Item, Place
from portal.lib import clock, languages

SHOWN = 20
REMINDER = timedelta(hours=48)


def runs_challenges(user: User) -> bool:
    """Say whether a person organises a challenge, or decides on them for the Region."""
    decides = (Permission.CHALLENGE_PUBLISH, Permission.CHALLENGE_REVEAL)
    if any(has_permission(user, permission) for permission in decides):
        return True
    return ChallengeOrganiser.objects.filter(user=user).exists()


PLACE = Place(
    gettext_lazy("Mes challenges"), "trophy", "challenges:organiser_list", runs_challenges
)


def teams(user: User) -> Iterator[Item]:
    """List a person's teams with the number of their entries, the latest challenge first."""
    mine = (
        Team.objects.of(user)
        .select_related("challenge")
        .annotate(entered=Count("enrolments__entries"))
        .order_by("-challenge__pk")
    )
    for team in mine[:SHOWN]:
        entered = ngettext("%(n)s soumission", "%(n)s soumissions", team.entered) % {
            "n": team.entered
        }
        yield Item(
            title=team.name,
            url=reverse("challenges:entries", args=[team.challenge.slug]),
            detail=format_html("{}, {}", _title(team.challenge), entered),
            icon="trophy",
            tone="ocre",
        )


def of_organisation(organisation: Organisation, viewer: Any) -> Iterator[Item]:
    """List what an organisation holds in public, the latest first; the same for every reader."""
    now = clock.now()
    found = Challenge.objects.public().filter(organiser=organisation).prefetch_related("phases")
    for challenge in found.order_by("-pk")[:SHOWN]:
        face = face_of(challenge, current_phase(list(challenge.phases.all()), now), now)
        yield Item(
            title=challenge.title,
            url=reverse("challenges:presentation", args=[challenge.slug]),
            detail=challenge.summary,
            icon="trophy",
            tone="ocre",
            badge=face.label,
            badge_tone=face.tone,
            badge_icon=face.icon,
            language=challenge.language,
        )


def to_do(user: User) -> Iterator[Item]:
    """List what challenges wait for: an answer, a choice, a decision, a second person."""
    now = clock.now()
    yield from _invitations(user, now)
    yield from _choices(user, now)
    yield from _replies(user)
    yield from _reported(user)
    if rules.may_examine_entries(user):
        yield from _examinations()
    yield from awaited.decisions(user, now)


def _invitations(user: User, now: datetime) -> Iterator[Item]:
    waiting = TeamInvitation.objects.filter(
        email__iexact=user.email, state=InvitationState.SENT, expires_at__gt=now
    )
    for invitation in waiting.select_related("team__challenge")[:SHOWN]:
        challenge = invitation.team.challenge
        token = invitation_token(invitation.public_id)
        yield Item(
            title=_("Rejoindre l’équipe « %(team)s »") % {"team": invitation.team},
            url=reverse("challenges:team_join", args=[challenge.slug, invitation.public_id, token]),
            detail=_title(challenge),
            icon="users",
            tone="calanque",
            badge=_("invitation"),
            due=invitation.expires_at,
        )


def _choices(user: User, now: datetime) -> Iterator[Item]:
    """Remind captains whose team has not chosen, two days before the close."""
    counted = Entry.objects.of_team(OuterRef("team_id"))
    counted = counted.filter(enrolment__phase=OuterRef("phase_id"), disqualified_at__isnull=True)
    chosen = counted.filter(final_choice=True)
    scored = counted.filter(status=EntryStatus.SCORED)
    waiting = Enrolment.objects.filter(
        ~Exists(chosen),
        Exists(scored),
        team__state__in=[TeamState.OPEN, TeamState.FULL],
        team__members__user=user,
        team__members__role=TeamRole.CAPTAIN,
        team__members__left_at__isnull=True,
        phase__closes_at__gt=now,
        phase__closes_at__lte=now + REMINDER,
        phase__final_choices__gt=0,
    )
    for enrolment in waiting.select_related("phase__challenge", "team")[:SHOWN]:
        yield Item(
            title=_("Choisir les soumissions finales de « %(team)s »") % {"team": enrolment.team},
            url=reverse("challenges:entries", args=[enrolment.phase.challenge.slug]),
            detail=_title(enrolment.phase.challenge),
            icon="flag",
            tone="ocre",
            due=enrolment.phase.closes_at,
        )


def _examinations() -> Iterator[Item]:
    waiting = examinations.waiting().count()
    if waiting:
        entries = ngettext("%(n)s soumission", "%(n)s soumissions", waiting) % {"n": waiting}
        yield Item(
            title=_("Examiner ce que l’évaluation n’a pas pu finir"),
            url=reverse("challenges:examinations"),
            detail=entries,
            icon="triangle-alert",
            tone="garance",
        )


def _replies(user: User) -> Iterator[Item]:
    """Lead to the disqualifications asked against this person's teams, not replied to yet."""
    asked = Disqualification.objects.undecided().filter(
        team__in=Team.objects.of(user), replied_at__isnull=True
    )
    for found in asked.select_related("team", "challenge")[:SHOWN]:
        address = [found.challenge.slug, found.public_id]
        yield Item(
            title=_("Répondre pour « %(team)s » à une demande de disqualification")
            % {"team": found.team},
            url=reverse("challenges:disqualification_reply", args=address),
            detail=_title(found.challenge),
            icon="message-square",
            tone="garance",
            due=found.reply_by,
        )


def _reported(user: User) -> Iterator[Item]:
    """Lead to the messages that wait for whoever moderates the discussions."""
    waiting = forum.waiting(user).count()
    if waiting:
        yield Item(
            title=_("Modérer l’entraide"),
            url=reverse("challenges:forum_queue"),
            detail=ngettext("%(n)s signalement", "%(n)s signalements", waiting) % {"n": waiting},
            icon="message-square",
            tone="ocre",
        )


def _title(challenge: Challenge) -> SafeString:
    return languages.written(challenge.title, challenge.language)


def _about(sentence: str, challenge: Challenge) -> SafeString:
    return languages.said(sentence, language=challenge.language, title=challenge.title)


def described(user: User) -> dict[str, Any]:
    """Describe a person's teams and what they sent, for the archive of their data."""
    return {
        "equipes": list(
            TeamMember.objects.filter(user=user)
            .order_by("pk")
            .values("challenge__title", "team__name", "role", "joined_at", "left_at")
        ),
        "invitations": list(
            Guest.objects.filter(email=user.email.lower())
            .order_by("pk")
            .values("challenge__title", "sent_at", "state")
        ),
        "soumissions": list(
            Entry.objects.filter(submitted_by=user)
            .order_by("received_at", "pk")
            .values(
                "id",
                "enrolment__team__name",
                "received_at",
                "sha256",
                "status",
                "file_deleted_at",
            )
        ),
        "disqualifications": list(
            Disqualification.objects.filter(
                Q(replied_by=user) | Q(proposed_by=user) | Q(decided_by=user) | Q(lifted_by=user)
            )
            .order_by("proposed_at", "pk")
            .values("team__name", "reason", "proposed_at", "reply", "replied_at", "status")
        ),
    }
