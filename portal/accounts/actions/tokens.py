"""Tokens: the keys that a person gives to their own programs."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext as _

from portal.accounts import rules
from portal.accounts.authorization import require
from portal.accounts.enums import TokenScope
from portal.accounts.models import ApiToken, User
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, QuotaSpent

# Recognisable, so that a scanner of public code can find one that was left there.
PREFIX = "oe_"
SECRET_BYTES = 32


@dataclass(frozen=True)
class Made:
    """A new token and its secret, which is shown now and never again."""

    token: ApiToken
    secret: str


@transaction.atomic
def create(*, name: str, scopes: Iterable[TokenScope], days: int, by: User) -> Made:
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
        sha256=digest(secret),
        scopes=wanted,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    record("token.created", by=by, on=token, scopes=wanted, expires_at=token.expires_at.isoformat())
    return Made(token, secret)


@transaction.atomic
def revoke(*, token: ApiToken, by: User) -> ApiToken:
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


def use(*, secret: str) -> ApiToken | None:
    """Return the live token of this secret, its owner read with it, and count the request.

    Nothing for a secret that is unknown, revoked, expired, or of a closed account. Raises
    QuotaSpent past the requests of a minute; one update counts and dates the use.
    """
    now = clock.now()
    token = (
        ApiToken.objects.live(now)
        .filter(sha256=digest(secret), user__is_active=True, user__closed_at__isnull=True)
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


def digest(secret: str) -> str:
    """Return what is kept of a secret: 256 random bits need no salt."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
