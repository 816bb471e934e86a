"""Deliver what accounts owe: letters, and the erasure journal."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.db.models import QuerySet
from django.utils import translation

from portal.accounts.actions import accounts, notifications
from portal.accounts.actions.invitations import token_of
from portal.accounts.enums import Delivery
from portal.accounts.models import (
    Invitation,
    JoinRequest,
    Membership,
    Notification,
    RoleProposal,
    User,
)
from portal.accounts.news import subject_of
from portal.accounts.sealing import unseal
from portal.audit import letters
from portal.audit.duties import duty, schedule
from portal.audit.letters import absolute
from portal.audit.outbox import handler
from portal.lib import clock

PER_DIGEST = 50  # news told in one letter; it counts the others


@handler("mail.account")
def account_letter(
    letter: str, to: str, user_id: int = 0, language: str = "", onward: str = ""
) -> None:
    """Send a letter about an account to the address sealed in the outbox row.

    onward: sealed too, the page that the person was going to; the letter's links lead on to it.
    """
    address = unseal(to)
    user = User.objects.filter(pk=user_id, is_active=True).first()
    context: dict[str, Any] | None = {"address": address, "person": user}
    addition = LINKS.get(letter)
    if addition is not None:
        with translation.override(language or settings.LANGUAGE_CODE):
            context = addition(address, user)
    if context is None:
        return
    if onward:
        for name in {"link", "login_link"} & set(context):
            context[name] += "?" + urlencode({"next": unseal(onward)})
    letters.send(letter, to=address, context=context, language=language)


def _confirmation(address: str, user: User | None) -> dict[str, Any] | None:
    row = EmailAddress.objects.filter(user=user, email=address, verified=False).first()
    if user is None or row is None:
        return None
    key = EmailConfirmationHMAC.create(row).key
    return {"person": user, "link": absolute("account_confirm_email", key)}


def _reset(address: str, user: User | None) -> dict[str, Any] | None:
    if user is None:
        return None
    link = absolute(
        "account_reset_password_from_key",
        uidb36=user_pk_to_url_str(user),
        key=default_token_generator.make_token(user),
    )
    return {"person": user, "link": link}


def _exists(address: str, user: User | None) -> dict[str, Any]:
    return {"link": absolute("account_reset_password"), "login_link": absolute("account_login")}


def _unknown(address: str, user: User | None) -> dict[str, Any]:
    return {"link": absolute("account_signup")}


def _inactive(address: str, user: User | None) -> dict[str, Any] | None:
    """Tell the day; nothing to somebody who came back since."""
    if user is None or user.warned_at is None or user.erased_from is None:
        return None
    if user.last_login is not None and user.last_login > user.warned_at:
        return None
    day = clock.paris_day(user.erased_from)
    return {"person": user, "day": day, "link": absolute("account_login")}


LINKS: dict[str, Callable[[str, User | None], dict[str, Any] | None]] = {
    "confirm_address": _confirmation,
    "reset_password": _reset,
    "account_exists": _exists,
    "account_unknown": _unknown,
    "account_inactive": _inactive,
}


@duty("accounts.digest", minutes=24 * 60)
def gather_news() -> None:
    """Owe the letter of the day to the people who hear once a day."""
    notifications.gather(clock.now().date().isoformat())


@handler("mail.digest")
def digest(user_id: int, day: str) -> None:
    """Send a person what waits for their letter of the day, once; nothing when nothing waits."""
    person = User.objects.filter(pk=user_id, is_active=True).first()
    waiting = Notification.objects.filter(
        user_id=user_id, delivery=Delivery.DAILY, gathered_at__isnull=True
    )
    rows = list(waiting.select_for_update().order_by("created_at", "pk"))
    if person is None or not rows:
        return
    waiting.filter(pk__in=[row.pk for row in rows]).update(gathered_at=clock.now())
    shown = rows[:PER_DIGEST]
    told = [{"subject": subject_of(row), "link": f"{settings.SITE_URL}{row.path}"} for row in shown]
    context = {
        "rows": told,
        "more": len(rows) - len(shown),
        "choices": absolute("notification_choices"),
    }
    letters.send("digest", to=person.email, context=context)


@handler("mail.invitation")
def invitation_letter(invitation_id: int) -> None:
    """Send an invitation that is still open."""
    invitation = (
        Invitation.objects.open(clock.now())
        .select_related("organisation", "sent_by")
        .filter(pk=invitation_id)
        .first()
    )
    if invitation is None:
        return
    link = absolute("invitation", token_of(invitation))
    letters.send(
        "invitation", to=invitation.email, context={"invitation": invitation, "link": link}
    )


@dataclass(frozen=True)
class AboutRow:
    """What a letter about a row is made of.

    name: of the row, in the letter. rows: those that the letter is still due for. page: where it
    leads. receiver: the field of who gets it; without one, what is owed names them as "user_id".
    """

    name: str
    rows: QuerySet[Any]
    page: str
    receiver: str = ""


REQUESTS = JoinRequest.objects.select_related("organisation", "user")
PLACES = Membership.objects.select_related("organisation")
PROPOSALS = RoleProposal.objects.select_related("user", "organisation")
LETTERS = {
    "join_request": AboutRow("request", REQUESTS.filter(answer=""), "organisation_members"),
    "organisation_claimed": AboutRow("request", REQUESTS.filter(answer=""), "region_roles"),
    "join_request_answer": AboutRow("request", REQUESTS, "organisation", "user_id"),
    "membership_role": AboutRow("membership", PLACES, "organisation", "user_id"),
    "membership_ended": AboutRow("membership", PLACES, "organisation", "user_id"),
    "role_proposed": AboutRow("proposal", PROPOSALS.filter(answer=""), "region_roles"),
    "role_changed": AboutRow("proposal", PROPOSALS, "space", "user_id"),
}
NO_ORGANISATION = frozenset({"region_roles", "space"})  # pages that are nobody's in particular


def _about_row(letter: str, **ids: int) -> None:
    """Tell a person who is still here about a row; nothing once the letter is due no more."""
    about = LETTERS[letter]
    row = about.rows.filter(pk=ids[f"{about.name}_id"]).first()
    if row is None:
        return
    receiver = getattr(row, about.receiver) if about.receiver else ids["user_id"]
    person = User.objects.filter(pk=receiver, is_active=True).first()
    if person is not None:
        place = () if about.page in NO_ORGANISATION else (row.organisation.slug,)
        context = {"person": person, about.name: row, "link": absolute(about.page, *place)}
        letters.send(letter, to=person.email, context=context)


for letter in LETTERS:
    handler(f"mail.{letter}")(partial(_about_row, letter))


@handler("accounts.erased")
def journal_erasure(person_key: str, address_hmac: str) -> None:
    """Add an erasure to the journal that lives outside the database; once per person."""
    path = Path(settings.ERASURE_JOURNAL_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    known = path.read_text(encoding="utf-8") if path.exists() else ""
    if person_key in known:
        return
    line = {
        "address_hmac": address_hmac,
        "person_key": person_key,
        "on": clock.paris_day(clock.now()).isoformat(),
    }
    with path.open("a", encoding="utf-8") as journal:
        journal.write(json.dumps(line, sort_keys=True) + "\n")


# What the schedule does, and how often.
schedule("accounts.inactivity", accounts.look_after_absent, minutes=60)
schedule("accounts.news", notifications.forget_old, minutes=24 * 60)
