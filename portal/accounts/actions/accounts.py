"""Open, change and close an account, its sessions and its tokens; warn and erase who is absent."""

import hashlib
import hmac
import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts import account_data, rules
from portal.accounts.authorization import require
from portal.accounts.enums import InvitationState, RegionRole, TokenScope
from portal.accounts.models import (
    ApiToken,
    Invitation,
    JoinRequest,
    Membership,
    Notification,
    Organisation,
    RegionAppointment,
    RoleProposal,
    User,
)
from portal.accounts.sealing import seal
from portal.audit.actors import Actor, SystemActor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.decisions import Answer
from portal.lib.immutable import writes
from portal.lib.refusals import Conflict, Hidden, Invalid, QuotaSpent


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
    that has other members, the last administrator, or what `account_data.refusals` say.
    """
    user = _lock_person(user)
    require(rules.is_self, by, user)
    _take_leave(user)
    record("account.closed", by=by, on=user)
    return user


def _take_leave(user: User) -> None:
    _refuse_orphans(user)
    address = user.email
    _end_places(user)
    account_data.erase_shares(user)
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


def _lock_person(user: User) -> User:
    """Lock a person and everything in which somebody must stay, then read the person again.

    Two who leave together then wait for each other. In the order of every other action: what apps
    hold, proposals, organisations, appointments, the person.
    """
    account_data.refuse_orphans(user)
    list(RoleProposal.objects.select_for_update().filter(user=user, answer="").order_by("pk"))
    held = _organisations_of(user)
    list(Organisation.objects.select_for_update().filter(pk__in=held).order_by("pk"))
    hold_administrators()
    fresh = User.objects.select_for_update().get(pk=user.pk)
    if not _organisations_of(fresh) <= held:  # a place was given meanwhile
        raise Conflict
    return fresh


def _organisations_of(user: User) -> set[int]:
    """Find the organisations whose rows name the person: places, requests, invitations."""
    places = Membership.objects.live().filter(user=user)
    requests = JoinRequest.objects.filter(user=user, answer="")
    invitations = Invitation.objects.addressed_to(user).filter(state=InvitationState.SENT)
    return {
        pk
        for rows in (places, requests, invitations)
        for pk in rows.values_list("organisation_id", flat=True).order_by("pk")
    }


def _refuse_orphans(user: User) -> None:
    for organisation in Organisation.objects.last_led_by(user).filter(others__gt=0)[:1]:
        raise Conflict(
            gettext_lazy(
                "Vous êtes la dernière personne référente de « %(name)s » : donnez d’abord ce rôle."
            )
            % {"name": organisation.name},
            code="last_referent",
        )
    if "administrator" in user.region_roles and not (hold_administrators() - {user.pk}):
        raise Conflict(
            gettext_lazy(
                "Vous êtes la dernière personne à administrer le portail : donnez d’abord ce rôle."
            ),
            code="last_administrator",
        )


def shut(*, organisation: Organisation, by: Actor) -> None:
    """Close the door of an organisation whose last member goes; event "organisation.closed".

    Invitations are taken back and requests declined: nobody is left to answer. For the actions
    of this package, inside their transaction.
    """
    Invitation.objects.filter(organisation=organisation).revoke()
    for request in JoinRequest.objects.filter(organisation=organisation, answer=""):
        request.answer, request.answered_at = Answer.REFUSED.value, clock.now()
        request.save(update_fields=["answer", "answered_at"])
        owe("mail.join_request_answer", key=str(request.public_id), request_id=request.pk)
    record("organisation.closed", by=by, on=organisation)


def _end_places(user: User) -> None:
    at = clock.now()
    for organisation in Organisation.objects.last_led_by(user).filter(others=0):
        shut(organisation=organisation, by=user)
    with writes(Membership, RegionAppointment):
        Membership.objects.live().filter(user=user).update(left_at=at)
        RegionAppointment.objects.filter(user=user, ended_at=None).update(ended_at=at)
    RoleProposal.objects.filter(user=user, answer="").delete()
    Notification.objects.filter(user=user).delete()
    JoinRequest.objects.filter(user=user).delete()
    Invitation.objects.addressed_to(user).delete()


def _erase(user: User) -> None:
    keys = list(UserSession.objects.filter(user=user).values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(user=user).delete()
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    user.portal_tokens.all().delete()
    user.groups.clear()
    name = f"compte-supprime-{secrets.token_hex(8)}"
    user.username, user.email = name, f"{name}@invalid"
    user.first_name = user.last_name = user.display_name = ""
    user.notification_choices = {}
    user.inactivity_warnings = 0
    user.inactive_since = user.warned_at = user.erased_from = None
    user.is_active, user.closed_at, user.last_login = False, clock.now(), None
    user.set_unusable_password()
    user.save()
    end_sessions(user=user)


def end_sessions(*, user: User) -> None:
    """Make every open session of a person worthless, inside the caller's transaction.

    The epoch is part of what a session is tied to, so an old cookie dies with the commit.
    """
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])
    user.forget_roles()


@transaction.atomic
def end_session(*, session_pk: int, by: Actor) -> None:
    """Close one of one's own sessions; event "session.ended". Raises Hidden for another's."""
    session = UserSession.objects.filter(pk=session_pk, user_id=by.pk).first()
    if session is None:
        raise Hidden
    require(rules.is_self, by, session.user)
    session.end()
    record("session.ended", by=by, on=session.user)


# Recognisable, so that a scanner of public code can find one that was left there.
PREFIX = "oe_"
SECRET_BYTES = 32


@dataclass(frozen=True)
class NewToken:
    """A new token and its secret, which is shown now and never again."""

    token: ApiToken
    secret: str


@transaction.atomic
def create_token(*, name: str, scopes: Iterable[TokenScope], days: int, by: User) -> NewToken:
    """Make a token of 256 random bits for oneself; its digest alone is kept.

    In order: the row; event "token.created" with its scopes and its end. Raises NotAllowed;
    Invalid for no scope or another length of life; Conflict past the number of live tokens.
    """
    by = User.objects.select_for_update().get(pk=by.pk)
    require(rules.is_self, by, by)
    wanted = [scope.value for scope in TokenScope if scope in set(scopes)]
    if not wanted or days not in settings.TOKEN_DAYS:
        raise Invalid(_("Choisissez ce que permet le jeton, et sa durée."), code="token_shape")
    now = clock.now()
    if ApiToken.objects.live(now).filter(user=by).count() >= settings.TOKENS_PER_PERSON:
        raise Conflict(
            _("Vous avez %(count)d jetons : révoquez-en un.")
            % {"count": settings.TOKENS_PER_PERSON},
            code="tokens_full",
        )
    secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    token = ApiToken.objects.create(
        user=by,
        name=name,
        sha256=token_digest(secret),
        scopes=wanted,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    record("token.created", by=by, on=token, scopes=wanted, expires_at=token.expires_at.isoformat())
    return NewToken(token, secret)


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User) -> ApiToken:
    """Make a token worthless at once; event "token.revoked". Twice changes nothing.

    Raises NotAllowed.
    """
    token = ApiToken.objects.locked(token)
    require(rules.is_self, by, token.user)
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        token.save(update_fields=["revoked_at"])
        record("token.revoked", by=by, on=token)
    return token


def use_token(*, secret: str) -> ApiToken | None:
    """Return the live token of this secret, its owner read with it, and count the request.

    Nothing for a secret that is unknown, revoked, expired, or of a closed account. Raises
    QuotaSpent past the requests of a minute; one update counts and dates the use.
    """
    now = clock.now()
    token = (
        ApiToken.objects.live(now)
        .filter(sha256=token_digest(secret), user__is_active=True, user__closed_at__isnull=True)
        .select_related("user")
        .first()
    )
    if token is None:
        return None
    minute = now.replace(second=0, microsecond=0)
    within = Q(minute=minute, minute_used__lt=settings.API_REQUESTS_PER_MINUTE)
    counted = ApiToken.objects.filter(
        Q(minute__isnull=True) | Q(minute__lt=minute) | within, pk=token.pk
    ).update(
        minute_used=Case(When(minute=minute, then=F("minute_used") + 1), default=Value(1)),
        minute=minute,
        last_used_at=now,
    )
    if not counted:
        raise QuotaSpent(
            _("Ce jeton a fait trop de requêtes dans cette minute."),
            code="too_many_requests",
            next_opening=minute + timedelta(minutes=1),
        )
    return token


def token_digest(secret: str) -> str:
    """Return what is kept of a secret: 256 random bits need no salt."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


log = logging.getLogger("portal.accounts")
SCHEDULER = SystemActor("scheduler")
MOST_AT_ONCE = 100
MOST_WARNINGS = 2
# However late the schedule runs, a person has these days after each warning.
FIRST_NOTICE_DAYS, LAST_NOTICE_DAYS = 28, 7


def absent_people(before: datetime) -> "models.QuerySet[Any]":
    """Keep the people last seen before an instant, `seen_at` added, the longest absent first.

    Seen: sign-in, or use of a key to the API, or the opening of the account. The Region's people
    and the accounts of the demonstration are left alone.
    """
    used = (
        ApiToken.objects.filter(user=models.OuterRef("pk"), last_used_at__isnull=False)
        .order_by("-last_used_at")
        .values("last_used_at")[:1]
    )
    region = RegionAppointment.objects.filter(user=models.OuterRef("pk"), ended_at__isnull=True)
    return (
        User.objects.filter(is_active=True, is_demonstration=False)
        .annotate(
            seen_at=Greatest(
                "date_joined",
                Coalesce("last_login", "date_joined"),
                Coalesce(models.Subquery(used), "date_joined"),
            )
        )
        .filter(~models.Exists(region), seen_at__lte=before)
        .order_by("seen_at", "pk")
    )


def look_after_absent(*, by: Actor = SCHEDULER) -> tuple[int, int]:
    """Warn and erase whoever is due; return how many were warned and how many erased.

    Each person in a savepoint: one who must stay, being the last referent of others, stops
    nobody and is tried again at the next call.
    """
    warned = erased = 0
    now = clock.now()
    for user in list(absent_people(clock.months_later(now, -settings.INACTIVE_WARNED_MONTHS))):
        if warned + erased >= MOST_AT_ONCE:
            break
        given = _warnings_given(user, user.seen_at)
        if given == MOST_WARNINGS and now >= user.erased_from:
            erased += _try_to_erase(user, by)
        elif given == 0 or (given == 1 and _is_last_call(user.erased_from, now)):
            warned += warn_absent(user=user, by=by) is not None
    return warned, erased


@transaction.atomic
def warn_absent(*, user: User, by: Actor) -> User | None:
    """Give the next warning of this absence, dated; None when the person came back meanwhile.

    In order: the warning; event "account.warned"; a letter. The day announced is 24 months after
    the person was last seen, and later where a warning was late. Raises NotAllowed for a person.
    """
    require(rules.is_system, by)
    user = User.objects.select_for_update().get(pk=user.pk)
    since = _absent_since(user)
    if since is None:
        return None
    now, given = clock.now(), _warnings_given(user, since)
    if given == MOST_WARNINGS:
        return user
    if given and user.erased_from is not None:
        due, least = user.erased_from, LAST_NOTICE_DAYS
    else:
        due = clock.months_later(since, settings.INACTIVE_ERASED_MONTHS)
        least = FIRST_NOTICE_DAYS
    user.inactive_since, user.inactivity_warnings, user.warned_at = since, given + 1, now
    user.erased_from = max(due, now + timedelta(days=least))
    user.save(update_fields=["inactive_since", "inactivity_warnings", "warned_at", "erased_from"])
    record("account.warned", by=by, on=user, rank=given + 1, erased_from=user.erased_from)
    owe(
        "mail.account",
        key=f"account_inactive:{user.pk}:{now.isoformat()}",
        letter="account_inactive",
        to=seal(user.email),
        user_id=user.pk,
    )
    return user


@transaction.atomic
def erase_absent(*, user: User, by: Actor) -> User:
    """Erase a person who was warned twice and did not come back, as `close` does.

    Event "account.erased". Raises NotAllowed for a person; Conflict when the two warnings were not
    given or their day has not come, and as `close`.
    """
    require(rules.is_system, by)
    user = _lock_person(user)
    warned = _warnings_given(user, _absent_since(user)) == MOST_WARNINGS
    if not warned or user.erased_from is None or clock.now() < user.erased_from:
        raise Conflict(code="not_warned")
    _take_leave(user)
    record("account.erased", by=by, on=user, reason="inactivity")
    return user


def _warnings_given(user: User, since: datetime | None) -> int:
    """Count the warnings given for the absence that began then; any other is over."""
    return user.inactivity_warnings if user.inactive_since == since else 0


def _try_to_erase(user: User, by: Actor) -> bool:
    try:
        with transaction.atomic():
            erase_absent(user=user, by=by)
    except Conflict as refusal:
        log.warning("an absent account stays: %s", refusal.code)
        return False
    return True


def _absent_since(user: User) -> datetime | None:
    """Say since when a person is absent, or None once they are not."""
    before = clock.months_later(clock.now(), -settings.INACTIVE_WARNED_MONTHS)
    seen = absent_people(before).filter(pk=user.pk).values_list("seen_at", flat=True)
    return seen.first()


def _is_last_call(erased_from: datetime, now: datetime) -> bool:
    return now >= erased_from - timedelta(days=LAST_NOTICE_DAYS)


def hold_administrators() -> set[int]:
    """Lock who administers the portal until the transaction ends; return their ids.

    Whoever ends such a role takes this lock first, so that two who leave together see each
    other.
    """
    live = RegionAppointment.objects.select_for_update().filter(
        role=RegionRole.ADMINISTRATOR, ended_at__isnull=True
    )
    return set(live.order_by("pk").values_list("user_id", flat=True))
