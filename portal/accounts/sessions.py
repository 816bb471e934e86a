"""Bounds of a session: its age, its second factor, and a recent proof before a sensitive act."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode

from portal.accounts import rules
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


GetResponse = Callable[[HttpRequest], HttpResponseBase]
SEEN, SINCE = "seen_at", "opened_at"
REFRESH_SECONDS = 600
# Where a person without the factor their functions ask for may still go.
OPEN_ROUTES = ("mfa_", "account_", "usersessions_")


class SessionBounds:
    """End a session that is too old, renew one that is used, ask for the second factor.

    Idle 12 hours (the cookie's age, renewed every ten minutes of use), at most 7 days, 8 hours
    for the Region's people.
    """

    sync_capable, async_capable = True, False

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on, unless the session is over."""
        if request.user.is_authenticated and _too_old(request):
            logout(request)
            back = urlencode({"next": request.get_full_path()})
            return HttpResponseRedirect(f"{reverse('account_login')}?{back}")
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Send a person whose functions ask for a second factor to the page that adds it."""
        if not settings.MFA_REQUIRED_FOR_ROLES or not request.user.is_authenticated:
            return None
        return HttpResponseRedirect(reverse("mfa_index")) if _owes_factor(request) else None


def _too_old(request: HttpRequest) -> bool:
    now = int(time.time())
    since = request.session.get(SINCE)
    if since is None:
        request.session[SINCE] = request.session[SEEN] = now
        return False
    if now - request.session.get(SEEN, 0) > REFRESH_SECONDS:
        request.session[SEEN] = now
    age = now - int(since)
    if age > settings.SESSION_MAX_DAYS * 24 * 3600:
        return True
    staff_limit = settings.STAFF_SESSION_HOURS * 3600
    return age > staff_limit and bool(getattr(request.user, "region_roles", ()))


def _owes_factor(request: HttpRequest) -> bool:
    match = request.resolver_match
    if match is not None and (match.url_name or "").startswith(OPEN_ROUTES):
        return False
    records = get_authentication_records(request, request.user)
    if any(record["method"] == "mfa" for record in records):
        return False
    return rules.needs_second_factor(request.user) and not has_second_factor(request.user)
