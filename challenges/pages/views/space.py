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

from challenges.disqualifications.models import Disqualification
from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.evaluation import queries as evaluation_queries
from challenges.evaluation import rules
from challenges.exchange.models import BundleImport, ImportState
from challenges.forum import queries as forum
from challenges.organising.enums import ChallengeStatus, OrganiserRole, RegistrationMode
from challenges.organising.models.challenges import (
    Challenge,
    ChallengeOrganiser,
    Guest,
    OrganiserInvitation,
)
from challenges.organising.queries import current_phase
from challenges.rescoring import queries as rescoring_queries
from challenges.results.models.boards import Reveal
from challenges.teams.enums import RegistrationState, TeamRole, TeamState
from challenges.teams.models import Enrolment, Registration, Team, TeamInvitation, TeamMember
from challenges.teams.views.head import face_of
from portal.accounts.authorization import Permission, has_permission
from portal.accounts.models import Organisation, User
from portal.accounts.space import Item, Place
from portal.lib import clock
from portal.lib.prose import texts

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
        Team.objects.joined_by(user)
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
    yield from awaited_decisions(user, now)


def _invitations(user: User, now: datetime) -> Iterator[Item]:
    waiting = TeamInvitation.objects.open(now).addressed_to(user)
    for invitation in waiting.select_related("team__challenge")[:SHOWN]:
        challenge = invitation.team.challenge
        yield Item(
            title=_("Rejoindre l’équipe « %(team)s »") % {"team": invitation.team},
            url=invitation.path,
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
    waiting = evaluation_queries.entries_to_examine().count()
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
        team__in=Team.objects.joined_by(user), replied_at__isnull=True
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
    return texts.in_language(challenge.title, challenge.language)


def _about(sentence: str, challenge: Challenge) -> SafeString:
    return texts.sentence(sentence, language=challenge.language, title=challenge.title)


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


SHOWN_DECISIONS = 20


def awaited_decisions(user: User, now: datetime) -> Iterator[Item]:
    """List what this person may decide, and nobody has decided yet."""
    yield from _organisers(user, now)
    yield from _guests(user, now)
    yield from _registrations(user)
    yield from _imports(user)
    if has_permission(user, Permission.CHALLENGE_PUBLISH):
        yield from _visas(user)
    if has_permission(user, Permission.CHALLENGE_REVEAL):
        yield from _reveals(user)
        yield from _rescorings(user)
        yield from _disqualifications(user, now)


def _organisers(user: User, now: datetime) -> Iterator[Item]:
    """List the calls to run a challenge with others."""
    calls = OrganiserInvitation.objects.addressed_to(user).open(now)
    for call in calls.select_related("challenge", "sent_by")[:SHOWN_DECISIONS]:
        yield Item(
            title=_about(_("Répondre à l’invitation à organiser « %(title)s »"), call.challenge),
            url=reverse("challenges:organiser_list"),
            detail=call.sent_by.display_name,
            icon="user-check",
            tone="calanque",
            badge=_("invitation"),
            due=call.expires_at,
        )


def _guests(user: User, now: datetime) -> Iterator[Item]:
    """List the challenges that invite this person, until they take part."""
    came = Registration.objects.filter(
        user=user, challenge=OuterRef("challenge"), state=RegistrationState.ACCEPTED
    )
    calls = (
        Guest.objects.addressed_to(user)
        .open(now)
        .filter(
            ~Exists(came),
            challenge__status=ChallengeStatus.PUBLISHED,
            challenge__registration=RegistrationMode.INVITED,
        )
    )
    for call in calls.select_related("challenge")[:SHOWN_DECISIONS]:
        yield Item(
            title=_about(_("Participer à « %(title)s »"), call.challenge),
            url=reverse("challenges:rules", args=[call.challenge.slug]),
            icon="trophy",
            tone="calanque",
            badge=_("invitation"),
            due=call.expires_at,
        )


def _registrations(user: User) -> Iterator[Item]:
    """List the challenges of this organiser that people ask to take part in."""
    own = ChallengeOrganiser.objects.filter(user=user).exclude(role=OrganiserRole.JURY)
    asking = Count("registrations", filter=Q(registrations__state=RegistrationState.PENDING))
    waiting = Challenge.objects.filter(pk__in=own.values("challenge")).annotate(asking=asking)
    for challenge in waiting.filter(asking__gt=0).order_by("pk")[:SHOWN_DECISIONS]:
        asked = ngettext("%(n)s demande", "%(n)s demandes", challenge.asking)
        yield Item(
            title=_about(_("Répondre aux inscriptions à « %(title)s »"), challenge),
            url=reverse("challenges:registrations", args=[challenge.slug]),
            detail=asked % {"n": challenge.asking},
            icon="users",
            tone="olivier",
        )


def _imports(user: User) -> Iterator[Item]:
    """List the bundles of this person whose report was read to the end and waits for them."""
    read = BundleImport.objects.filter(by=user, state=ImportState.READ)
    for made in read.order_by("expires_at", "pk")[:SHOWN_DECISIONS]:
        yield Item(
            title=_("Répondre au rapport d’import de « %(name)s »") % {"name": made.filename},
            url=reverse("challenges:import", args=[made.pk]),
            detail=_("Le brouillon se crée quand vous l’acceptez."),
            icon="upload",
            tone="ocre",
            due=made.expires_at,
        )


def _visas(user: User) -> Iterator[Item]:
    waiting = Challenge.objects.not_run_by(user).filter(status=ChallengeStatus.IN_REVIEW)
    for challenge in waiting.select_related("organiser").order_by("status_since")[:SHOWN_DECISIONS]:
        yield Item(
            title=_about(_("Donner le visa à « %(title)s »"), challenge),
            url=reverse("challenges:organiser", args=[challenge.slug]),
            detail=challenge.organiser.name,
            icon="trophy",
            tone="ocre",
        )


def _reveals(user: User) -> Iterator[Item]:
    apart = Challenge.objects.apart_from(user)
    waiting = Reveal.objects.filter(decided_at__isnull=True, phase__challenge__in=apart)
    waiting = waiting.exclude(phase__challenge__status=ChallengeStatus.ARCHIVED)
    waiting = waiting.exclude(proposed_by=user).select_related("phase__challenge")
    for reveal in waiting.order_by("proposed_at")[:SHOWN_DECISIONS]:
        challenge = reveal.phase.challenge
        yield Item(
            title=_about(_("Confirmer les résultats de « %(title)s »"), challenge),
            url=reverse("challenges:organiser", args=[challenge.slug]),
            detail=_("Une deuxième personne est nécessaire."),
            icon="shield-check",
            tone="lavande",
        )


def _rescorings(user: User) -> Iterator[Item]:
    """List the changes of scoring that wait for a second person: errata are said to be so."""
    apart = Challenge.objects.apart_from(user)
    for change in rescoring_queries.rescorings_to_decide(apart).exclude(proposed_by=user)[
        :SHOWN_DECISIONS
    ]:
        challenge = change.phase.challenge
        sentence = _("Décider d’un changement de notation de « %(title)s »")
        if change.phase.is_revealed:
            sentence = _("Décider d’un erratum aux résultats de « %(title)s »")
        if change.is_accepted:
            sentence = _("Relancer la mise en vigueur d’une notation de « %(title)s »")
        yield Item(
            title=_about(sentence, challenge),
            url=reverse("challenges:rescorings", args=[challenge.slug]),
            detail=texts.in_language(change.phase.name, challenge.language),
            icon="scale",
            tone="lavande",
        )


def _disqualifications(user: User, now: datetime) -> Iterator[Item]:
    asked = Disqualification.objects.decided_by_region(user).ripe(now)
    waiting = asked.exclude(proposed_by=user).count()
    if waiting:
        yield Item(
            title=_("Décider des disqualifications demandées"),
            url=reverse("challenges:disqualifications"),
            detail=ngettext("%(n)s demande", "%(n)s demandes", waiting) % {"n": waiting},
            icon="scale",
            tone="garance",
        )
