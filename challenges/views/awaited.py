"""What waits for a person's decision in the challenges: one list, with the page of each."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from challenges.enums import (
    ChallengeStatus,
    ImportState,
    OrganiserRole,
    RegistrationMode,
    RegistrationState,
)
from challenges.models import (
    BundleImport,
    Challenge,
    ChallengeOrganiser,
    Disqualification,
    Guest,
    OrganiserInvitation,
    Registration,
    Reveal,
)
from challenges.queries import rescorings
from portal.accounts.authorization import Permission, has_permission
from portal.accounts.models import User
from portal.accounts.space import Item
from portal.lib import languages

SHOWN = 20


def decisions(user: User, now: datetime) -> Iterator[Item]:
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
    calls = OrganiserInvitation.objects.for_person(user).open_at(now)
    for call in calls.select_related("challenge", "sent_by")[:SHOWN]:
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
    calls = Guest.objects.inviting(user, at=now).filter(
        ~Exists(came),
        challenge__status=ChallengeStatus.PUBLISHED,
        challenge__registration=RegistrationMode.INVITED,
    )
    for call in calls.select_related("challenge")[:SHOWN]:
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
    for challenge in waiting.filter(asking__gt=0).order_by("pk")[:SHOWN]:
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
    for made in read.order_by("expires_at", "pk")[:SHOWN]:
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
    for challenge in waiting.select_related("organiser").order_by("status_since")[:SHOWN]:
        yield Item(
            title=_about(_("Donner le visa à « %(title)s »"), challenge),
            url=reverse("challenges:organiser", args=[challenge.slug]),
            detail=challenge.organiser.name,
            icon="trophy",
            tone="ocre",
        )


def _reveals(user: User) -> Iterator[Item]:
    apart = Challenge.objects.apart_from(user)
    waiting = Reveal.objects.filter(confirmed_at__isnull=True, phase__challenge__in=apart)
    waiting = waiting.exclude(phase__challenge__status=ChallengeStatus.ARCHIVED)
    waiting = waiting.exclude(proposed_by=user).select_related("phase__challenge")
    for reveal in waiting.order_by("proposed_at")[:SHOWN]:
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
    for change in rescorings.to_decide(apart).exclude(proposed_by=user)[:SHOWN]:
        challenge = change.phase.challenge
        sentence = _("Décider d’un changement de notation de « %(title)s »")
        if change.phase.is_revealed:
            sentence = _("Décider d’un erratum aux résultats de « %(title)s »")
        if change.is_accepted:
            sentence = _("Relancer la mise en vigueur d’une notation de « %(title)s »")
        yield Item(
            title=_about(sentence, challenge),
            url=reverse("challenges:rescorings", args=[challenge.slug]),
            detail=languages.written(change.phase.name, challenge.language),
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


def _about(sentence: str, challenge: Challenge) -> SafeString:
    return languages.said(sentence, language=challenge.language, title=challenge.title)
