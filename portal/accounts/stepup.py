"""Ask again who is there before a sensitive act: a proof of less than ten minutes."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from portal.lib import clock

View = Callable[..., HttpResponseBase]
CODES = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def has_second_factor(user: Any) -> bool:
    """Say whether an application or a passkey protects the account."""
    return Authenticator.objects.filter(user_id=user.pk, type__in=CODES).exists()


def recent_authentication(request: HttpRequest) -> bool:
    """Say whether the person proved who they are less than ten minutes ago.

    With a second factor, by that factor; without one, by password.
    """
    if not request.user.is_authenticated:
        return False
    records = get_authentication_records(request, request.user)
    since = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    recent = {record["method"] for record in records if record["at"] > since}
    if not recent:
        return False
    return "mfa" in recent or not has_second_factor(request.user)


def is_recent(proven_at: datetime) -> bool:
    """Say whether a proof of this instant still counts."""
    return clock.now() - proven_at < timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


def step_up_required(view: View) -> View:
    """Send the person to prove who they are, then back to the view."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not recent_authentication(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    return guarded
