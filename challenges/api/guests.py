"""Invite people to take part in a challenge by invitation; take back, write again."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field

from challenges import rules
from challenges.actions import guests as acts
from challenges.api.finding import challenge_named, person
from challenges.models import Challenge, Guest
from challenges.queries import guests as reads
from portal.accounts.authorization import Permission, has_permission, require
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.accounts.models import Organisation
from portal.lib import clock, visible
from portal.lib.endpoints import Limit, after, refused
from portal.lib.endpoints import lazy as _
from portal.lib.refusals import Hidden, Invalid

router = Router(tags=[_("Organiser")], auth=Token(TokenScope.ORGANISE))


class GuestOut(Schema):
    """An invitation: of an address, or of an organisation by its slug.

    state: expired is for an address that did not answer in thirty days. came: how many members
    of the organisation take part, null for an address.
    """

    id: UUID
    email: str
    organisation: str | None
    state: Literal["sent", "expired", "accepted"]
    sent_at: datetime
    expires_at: datetime | None
    letters: int
    came: int | None


class GuestsOut(Schema):
    """Some of them, the last invited first; next_cursor asks for those before."""

    guests: list[GuestOut]
    next_cursor: str | None


class GuestsIn(Schema):
    """Addresses to invite."""

    model_config = ConfigDict(extra="forbid")

    addresses: list[str] = Field(min_length=1, max_length=acts.ADDRESSES_A_DAY)


class LineOut(Schema):
    """What became of one address, and why in a sentence."""

    address: str
    outcome: Literal["invited", "known", "in", "refused", "later"]
    sentence: str


class ReportOut(Schema):
    """The outcome of each address, in the order they were sent."""

    lines: list[LineOut]


class GuestOrganisationIn(Schema):
    """The organisation whose members may take part, by its slug."""

    model_config = ConfigDict(extra="forbid")

    organisation: str = Field(min_length=1, max_length=80)


@router.get(
    "/challenges/{slug:slug}/guests",
    response={200: GuestsOut, **refused(401, 403, 404, 422, 429)},
    operation_id="guests",
    summary=_("Lister les invitations à participer"),
)
def guests(request: HttpRequest, slug: str, cursor: str = "", limit: Limit = 20) -> dict[str, Any]:
    """Les organisateurs du challenge ; les invitations retirées n’y sont pas."""
    found = after(reads.listed(_to_run(request, slug)), by="sent_at", cursor=cursor, limit=limit)
    return {"guests": [_told(each) for each in found.rows], "next_cursor": found.next_cursor}


@router.post(
    "/challenges/{slug:slug}/guests",
    response={200: ReportOut, **refused(401, 403, 404, 409, 415, 422, 429)},
    operation_id="invite_guests",
    summary=_("Inviter des adresses à participer"),
)
def invite(request: HttpRequest, slug: str, sent: GuestsIn) -> dict[str, Any]:
    """Un organisateur. Chaque adresse a sa suite ; la même liste n’écrit à personne deux fois."""
    report = acts.invite(challenge=_to_run(request, slug), lines=sent.addresses, by=person(request))
    lines = [
        {"address": each.text, "outcome": each.outcome.value, "sentence": each.sentence}
        for each in report
    ]
    return {"lines": lines}


@router.post(
    "/challenges/{slug:slug}/guests/organisations",
    response={201: GuestOut, **refused(401, 403, 404, 409, 415, 422, 429)},
    operation_id="invite_organisation",
    summary=_("Inviter les membres d’une organisation à participer"),
)
def invite_organisation(request: HttpRequest, slug: str, sent: GuestOrganisationIn) -> Status[Any]:
    """Un organisateur. Ses membres du jour de leur inscription sont admis."""
    challenge = _to_run(request, slug)
    organisation = Organisation.objects.filter(slug=sent.organisation).first()
    if organisation is None:
        raise Invalid(gettext("Choisissez une organisation de la liste."), code="organisation")
    made = acts.invite_organisation(
        challenge=challenge, organisation=organisation, by=person(request)
    )
    return Status(201, _told(reads.listed(challenge).get(pk=made.pk)))


@router.post(
    "/challenges/{slug:slug}/guests/{uuid:guest}/withdraw",
    response={204: None, **refused(401, 403, 404, 429)},
    operation_id="withdraw_guest",
    summary=_("Retirer une invitation à participer"),
)
def withdraw(request: HttpRequest, slug: str, guest: UUID) -> Status[None]:
    """Un organisateur. Qui s’est inscrit reste inscrit."""
    acts.withdraw(guest=_found(request, slug, guest), by=person(request))
    return Status(204, None)


@router.post(
    "/challenges/{slug:slug}/guests/{uuid:guest}/resend",
    response={200: GuestOut, **refused(401, 403, 404, 409, 429)},
    operation_id="resend_guest",
    summary=_("Renvoyer la lettre d’une invitation"),
)
def resend(request: HttpRequest, slug: str, guest: UUID) -> dict[str, Any]:
    """Un organisateur. Une lettre par jour, trois en tout."""
    sent = acts.resend(guest=_found(request, slug, guest), by=person(request))
    return _told(reads.listed(sent.challenge).get(pk=sent.pk))


def _to_run(request: HttpRequest, slug: str) -> Challenge:
    challenge, by = challenge_named(request, slug), person(request)
    if not (
        rules.may_follow_challenge(by, challenge) or has_permission(by, Permission.CHALLENGE_REVEAL)
    ):
        raise Hidden(denied=challenge)
    require(rules.may_edit_challenge, by, challenge)
    return challenge


def _found(request: HttpRequest, slug: str, guest: UUID) -> Guest:
    own = _to_run(request, slug).guests.select_related("challenge")
    return visible.find(own, among=Guest.objects.all(), public_id=guest)


def _told(guest: Any) -> dict[str, Any]:
    waits = guest.state != "sent" or guest.is_open(clock.now())
    return {
        "id": guest.public_id,
        "email": guest.email,
        "organisation": guest.organisation.slug if guest.organisation else None,
        "state": guest.state if waits else "expired",
        "sent_at": guest.sent_at,
        "expires_at": guest.expires_at,
        "letters": guest.letters,
        "came": (guest.came or 0) if guest.organisation else None,
    }
