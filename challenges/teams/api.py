"""Take part: accept the rules, create a team, invite."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field

from challenges.organising.api import challenge_named
from challenges.organising.models.challenges import Challenge
from challenges.teams.actions import teams
from challenges.teams.actions.guests import is_address
from challenges.teams.models import Registration, Team, TeamMember
from challenges.teams.queries import latest_terms, team_of
from challenges.teams.rules import CODES_RATE, CODES_SPENT
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.accounts.views import person
from portal.lib import visible
from portal.lib.rates import may_ask
from portal.lib.refusals import Conflict, Hidden, Invalid, QuotaSpent
from portal.lib.web.endpoints import PublicId, Words, refused
from portal.lib.web.endpoints import lazy as _


class TermsIn(Schema):
    """The number of the rules that were read; access: that of the request whose uses are signed."""

    model_config = ConfigDict(extra="forbid")

    number: int
    access: str = ""


class RegistrationOut(Schema):
    """Whether the person takes part: pending, accepted, refused or withdrawn."""

    challenge: str = Field(alias="challenge.slug")
    state: str
    terms: int | None

    @staticmethod
    def resolve_terms(registration: Registration) -> int | None:
        terms = latest_terms(registration.challenge)
        return terms.number if terms else None


class TeamIn(Schema):
    """A new team."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=80)


class MemberOut(Schema):
    """A member of one's team."""

    name: Words = Field(alias="user")
    role: str


class TeamOut(Schema):
    """One's team."""

    id: PublicId
    challenge: str = Field(alias="challenge.slug")
    name: str
    slug: str
    state: str
    members: list[MemberOut]

    @staticmethod
    def resolve_members(team: Team) -> list[TeamMember]:
        members = team.members.filter(left_at__isnull=True).select_related("user")
        return list(members.order_by("joined_at", "pk"))


class InvitationIn(Schema):
    """Whom to invite."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=254)


class JoinIn(Schema):
    """The link of a letter, that of a team, or its code."""

    model_config = ConfigDict(extra="forbid")

    link: str = Field(max_length=500)


class InvitationOut(Schema):
    """An invitation that was sent; its secret goes by letter alone."""

    id: PublicId
    email: str
    expires_at: datetime


router = Router(tags=[_("Équipes")])
READ, TEAM = Token(TokenScope.READ), Token(TokenScope.TEAM)


@router.post(
    "/challenges/{slug:slug}/terms/acceptance",
    auth=TEAM,
    response={200: RegistrationOut, **refused(401, 403, 404, 409, 415, 422, 429)},
    operation_id="accept_terms",
    summary=_("Accepter le règlement en vigueur et s’inscrire"),
)
def accept(request: HttpRequest, slug: str, read: TermsIn) -> Registration:
    """number : celui du règlement lu ; un règlement changé entre-temps est refusé (409).

    access : le numéro de la demande d’un challenge à accès restreint, dont les usages interdits
    sont ainsi signés ; sans lui, ou avec un autre, l’inscription est refusée (409).
    """
    challenge = challenge_named(request, slug)
    terms = latest_terms(challenge)
    if terms is not None and terms.number != read.number:
        raise Conflict(
            gettext("Le règlement a changé : relisez-le."),
            code="terms_changed",
            number=terms.number,
        )
    grant = challenge.grant if challenge.grant and challenge.grant.number == read.access else None
    return teams.accept_terms(challenge=challenge, grant=grant, by=person(request))


@router.post(
    "/challenges/{slug:slug}/registration/withdraw",
    auth=TEAM,
    response={200: RegistrationOut, **refused(401, 403, 404, 409, 429)},
    operation_id="withdraw_registration",
    summary=_("Se désinscrire d’un challenge"),
)
def withdraw(request: HttpRequest, slug: str) -> Registration:
    """On quitte aussi son équipe. Accepter de nouveau le règlement réinscrit."""
    challenge = challenge_named(request, slug)
    return teams.leave_challenge(challenge=challenge, by=person(request))


@router.post(
    "/challenges/{slug:slug}/teams",
    auth=TEAM,
    response={201: TeamOut, **refused(401, 403, 404, 409, 415, 422, 429)},
    operation_id="create_team",
    summary=_("Créer une équipe, dont on devient capitaine"),
)
def create(request: HttpRequest, slug: str, team: TeamIn) -> Status[Any]:
    """Une seule équipe par personne et par challenge."""
    challenge = challenge_named(request, slug)
    return Status(201, teams.create(challenge=challenge, name=team.name, by=person(request)))


@router.get(
    "/challenges/{slug:slug}/team",
    auth=READ,
    response={200: TeamOut, **refused(401, 403, 404, 429)},
    operation_id="team",
    summary=_("Lire son équipe"),
)
def team(request: HttpRequest, slug: str) -> Team:
    """404 quand on n’en a pas (no_team)."""
    return own_team(request, challenge_named(request, slug))


@router.post(
    "/teams/{uuid:team}/invitations",
    auth=TEAM,
    response={201: InvitationOut, **refused(401, 403, 404, 409, 415, 422, 429)},
    operation_id="invite",
    summary=_("Inviter une personne dans son équipe, par courriel"),
)
def invite(request: HttpRequest, team: UUID, invitation: InvitationIn) -> Status[Any]:
    """Un capitaine. L’invitation vaut sept jours, une fois, pour cette adresse."""
    own = visible.find(
        Team.objects.joined_by(request.user), among=Team.objects.all(), public_id=team
    )
    if not is_address(invitation.email.strip()):
        raise Invalid(
            gettext("Cette adresse n’est pas valable. Exemple : prenom.nom@exemple.fr"),
            code="email",
        )
    return Status(201, teams.invite(team=own, email=invitation.email, by=person(request)))


@router.post(
    "/teams/join",
    auth=TEAM,
    response={200: TeamOut, **refused(401, 403, 404, 409, 415, 422, 429)},
    operation_id="join_team",
    summary=_("Rejoindre une équipe"),
)
def join(request: HttpRequest, offer: JoinIn) -> Team:
    """link : le lien reçu par lettre, celui de l’équipe, ou son code. Le règlement d’abord."""
    by = person(request)
    if not may_ask(request, "team_code", CODES_RATE, user=by):
        raise QuotaSpent(CODES_SPENT, code="too_many_requests")
    return teams.join(link=offer.link, by=by)


def own_team(request: HttpRequest, challenge: Challenge) -> Team:
    """Return the caller's team in a challenge; raises Hidden without one."""
    team = team_of(challenge, request.user)
    if team is None:
        raise Hidden(gettext("Vous n’avez pas d’équipe dans ce challenge."), code="no_team")
    return team
