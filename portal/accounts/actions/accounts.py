"""Accounts: open, rename, close."""

import hashlib
import hmac
import secrets

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from portal.accounts import personal_data, rules
from portal.accounts.actions import appointments, sessions
from portal.accounts.authorization import require
from portal.accounts.enums import Role
from portal.accounts.models import (
    Invitation,
    JoinRequest,
    Membership,
    Notification,
    NotificationChoice,
    Organisation,
    RegionAppointment,
    RoleProposal,
    Transfer,
    User,
)
from portal.accounts.sealing import seal
from portal.audit.actors import Actor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.immutable import writes
from portal.lib.refusals import Conflict


@transaction.atomic
def install(
    *,
    username: str,
    email: str,
    display_name: str,
    password: str | None,
    by: Actor,
    demonstration: bool = False,
) -> User:
    """Open an account whose address needs no letter: for start-up and commands only.

    In order: the account; its confirmed address; event "account.installed". Raises NotAllowed
    for a person; IntegrityError when the name or the address is taken.
    """
    require(rules.is_system, by)
    user = User(
        username=username,
        email=email.casefold(),
        display_name=display_name,
        is_demonstration=demonstration,
    )
    user.set_password(password)
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    record("account.installed", by=by, on=user, demonstration=demonstration)
    return user


@transaction.atomic
def rename(*, user: User, display_name: str, by: Actor) -> User:
    """Change the public name; event "account.renamed" without the names. Raises NotAllowed."""
    user = User.objects.select_for_update().get(pk=user.pk)
    require(rules.is_self, by, user)
    if user.display_name == display_name:
        return user
    user.display_name = display_name
    user.save(update_fields=["display_name"])
    record("account.renamed", by=by, on=user)
    return user


@transaction.atomic
def close(*, user: User, by: Actor) -> User:
    """Close one's account and erase the person.

    In order: places and roles end; addresses, factors, sessions, tokens, requests and
    invitations are deleted; each app erases its share; the row keeps random names only, shown
    as « compte supprimé »; event "account.closed"; a last letter; the erasure journal. Raises
    NotAllowed for another person's account; Conflict for the last referent of an organisation
    that has other members, or the last administrator.
    """
    user = _hold(user)
    require(rules.is_self, by, user)
    _take_leave(user)
    record("account.closed", by=by, on=user)
    return user


@transaction.atomic
def erase_absent(*, user: User, by: Actor) -> User:
    """Erase a person who no longer comes, as `close` does; event "account.erased".

    For `inactivity.erase`, which asks whether it is time. Raises NotAllowed for a person;
    Conflict as `close`.
    """
    user = _hold(user)
    require(rules.is_system, by)
    _take_leave(user)
    record("account.erased", by=by, on=user, reason="inactivity")
    return user


def _take_leave(user: User) -> None:
    _refuse_orphans(user)
    address = user.email
    _end_places(user)
    personal_data.erase_shares(user)
    _erase(user)
    owe(
        "mail.account",
        key=f"account_closed:{user.public_id}",
        letter="account_closed",
        to=seal(address),
    )
    owe(
        "accounts.erased",
        key=str(user.public_id),
        person_key=user.person_key,
        address_hmac=address_hmac(address),
    )


def address_hmac(address: str) -> str:
    """Name an address in the erasure journal without keeping it."""
    key = hashlib.sha256(f"erasures:{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, address.casefold().encode(), hashlib.sha256).hexdigest()


@transaction.atomic
def discard_unconfirmed(*, email: str, keep: User) -> None:
    """Free an address from accounts that never confirmed it, for the one that just does."""
    rivals = User.objects.filter(email__iexact=email, last_login=None).exclude(pk=keep.pk)
    for rival in rivals.exclude(emailaddress__verified=True):
        if not rival.memberships.exists() and not rival.region_appointments.exists():
            rival.delete()


def _hold(user: User) -> User:
    """Lock a person and everything in which somebody must stay, then read the person again.

    Two who leave together then wait for each other. In the order of every other action:
    proposals, organisations, appointments, the person.
    """
    list(RoleProposal.objects.select_for_update().filter(user=user, answer="").order_by("pk"))
    held = _organisations_of(user)
    list(Organisation.objects.select_for_update().filter(pk__in=held).order_by("pk"))
    appointments.hold_administrators()
    fresh = User.objects.select_for_update().get(pk=user.pk)
    if not _organisations_of(fresh) <= held:  # a place was given meanwhile
        raise Conflict
    return fresh


def _organisations_of(user: User) -> set[int]:
    """Find the organisations whose rows name the person: places, requests, invitations."""
    places = Membership.objects.live().filter(user=user)
    requests = JoinRequest.objects.filter(user=user, answer="")
    invitations = Invitation.objects.filter(email__iexact=user.email, answer="")
    return {
        pk
        for rows in (places, requests, invitations)
        for pk in rows.values_list("organisation_id", flat=True).order_by("pk")
    }


def _refuse_orphans(user: User) -> None:
    administered = Organisation.objects.filter(
        memberships__user=user, memberships__role=Role.REFERENT, memberships__left_at=None
    )
    for organisation in administered.order_by("pk"):
        live = Membership.objects.live().filter(organisation=organisation).exclude(user=user)
        if live.exists() and not live.filter(role=Role.REFERENT).exists():
            raise Conflict(
                _("Vous êtes la dernière personne référente de « %(name)s » : transmettez ce rôle.")
                % {"name": organisation.name},
                code="last_referent",
            )
    if "administrator" in user.region_roles and not (
        appointments.hold_administrators() - {user.pk}
    ):
        raise Conflict(
            _("Vous êtes la dernière personne à administrer le portail : donnez d’abord ce rôle."),
            code="last_administrator",
        )


def _end_places(user: User) -> None:
    at = clock.now()
    with writes(Membership, RegionAppointment):
        Membership.objects.live().filter(user=user).update(left_at=at)
        RegionAppointment.objects.filter(user=user, ended_at=None).update(ended_at=at)
    RoleProposal.objects.filter(user=user, answer="").delete()
    Notification.objects.filter(user=user).delete()
    NotificationChoice.objects.filter(user=user).delete()
    Transfer.objects.filter(receiver=user, answer="").delete()
    Transfer.objects.filter(giver=user, answer="").delete()
    JoinRequest.objects.filter(user=user).delete()
    Invitation.objects.filter(email__iexact=user.email).delete()


def _erase(user: User) -> None:
    keys = list(UserSession.objects.filter(user=user).values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(user=user).delete()
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    user.portal_tokens.all().delete()
    user.groups.clear()
    user.inactivity_notices.all().delete()
    name = f"compte-supprime-{secrets.token_hex(8)}"
    user.username, user.email = name, f"{name}@invalid"
    user.first_name = user.last_name = user.display_name = ""
    user.is_active, user.closed_at, user.last_login = False, clock.now(), None
    user.set_unusable_password()
    user.save()
    sessions.end_all(user=user)
