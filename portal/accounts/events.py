"""Write into the ledger what allauth did with an account. Signals serve third parties only."""

from typing import Any

from allauth.account import signals as account
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa import signals as factors
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.dispatch import Signal
from django.http import HttpRequest

from portal.accounts import sessions
from portal.accounts.models import User
from portal.audit.record import record

ACTS: tuple[tuple[Signal, str], ...] = (
    (account.user_signed_up, "account.opened"),
    (account.email_confirmed, "address.confirmed"),
    (account.email_added, "address.asked"),
    (account.email_removed, "address.withdrawn"),
    (account.email_changed, "address.changed"),
    (account.password_set, "password.set"),
    (account.password_changed, "password.changed"),
    (account.password_reset, "password.reset"),
    (factors.authenticator_added, "factor.added"),
    (factors.authenticator_removed, "factor.removed"),
    (factors.authenticator_reset, "factor.renewed"),
)


def connect() -> None:
    """Listen to allauth; called once at start."""
    for signal, act in ACTS:
        signal.connect(_recorder(signal, act), weak=False, dispatch_uid=f"portal.accounts.{act}")
    factors.authenticator_added.connect(prove, dispatch_uid="portal.accounts.prove")
    user_logged_out.connect(forget_session, dispatch_uid="portal.accounts.forget_session")


def forget_session(sender: Any, request: HttpRequest, **_facts: Any) -> None:
    """Forget the device and the address of a session that its person leaves."""
    UserSession.objects.filter(session_key=request.session.session_key).delete()


def prove(sender: Any, request: Any, user: User, authenticator: Any, **_facts: Any) -> None:
    """Take the adding of a second factor as its first proof: the codes are shown right after."""
    if authenticator.type in sessions.CODES:
        record_authentication(
            request,
            user,
            "mfa",
            id=authenticator.pk,
            type=str(authenticator.type),
            reauthenticated=True,
        )


def _recorder(signal: Signal, act: str) -> Any:
    def note(sender: Any, **facts: Any) -> None:
        if signal is account.email_changed and facts.get("from_email_address") is None:
            return  # the first address of an account: nothing changed
        user = facts.get("user") or facts["email_address"].user
        authenticator = facts.get("authenticator")
        kind = {"kind": str(authenticator.type)} if authenticator is not None else {}
        if isinstance(user, User):
            with transaction.atomic():
                record(act, by=user, on=user, **kind)

    return note
