"""Deliver what accounts owe: letters, and the erasure journal."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from portal.accounts.actions import accounts, notifications
from portal.accounts.actions.invitations import token_of
from portal.accounts.enums import Delivery
from portal.accounts.models import (
    Invitation,
    JoinRequest,
    Membership,
    Notification,
    RoleProposal,
    Transfer,
    User,
)
from portal.accounts.news import subject_of
from portal.accounts.sealing import unseal
from portal.audit import letters
from portal.audit.duties import duty
from portal.audit.outbox import handler
from portal.lib import clock

PER_DIGEST = 50  # news told in one letter; it counts the others


def absolute(name: str, *args: Any, **kwargs: Any) -> str:
    """Build an address of the site for a letter."""
    return settings.SITE_URL + reverse(name, args=args or None, kwargs=kwargs or None)


@handler("mail.account")
def account_letter(letter: str, to: str, user_id: int = 0) -> None:
    """Send a letter about an account to the address sealed in the outbox row."""
    address = unseal(to)
    user = User.objects.filter(pk=user_id, is_active=True).first()
    context: dict[str, Any] | None = {"address": address, "person": user}
    addition = LINKS.get(letter)
    if addition is not None:
        context = addition(address, user)
    if context is not None:
        letters.send(letter, to=address, context=context)


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
    notice = user.inactivity_notices.order_by("-sent_at", "-rank").first() if user else None
    if user is None or notice is None or (user.last_login or notice.sent_at) > notice.sent_at:
        return None
    day = clock.paris_day(notice.erased_from)
    return {"person": user, "day": day, "link": absolute("account_login")}


LINKS: dict[str, Callable[[str, User | None], dict[str, Any] | None]] = {
    "confirm_address": _confirmation,
    "reset_password": _reset,
    "account_exists": _exists,
    "account_unknown": _unknown,
    "account_inactive": _inactive,
}


@duty("accounts.inactivity", minutes=60)
def look_after_the_absent() -> None:
    """Warn, then erase, the people who no longer come."""
    accounts.look_after()


@duty("accounts.digest", minutes=24 * 60)
def gather_news() -> None:
    """Owe the letter of the day to the people who hear once a day."""
    notifications.gather(clock.now().date().isoformat())


@duty("accounts.news", minutes=24 * 60)
def forget_old_news() -> None:
    """Remove the news that are too old to be of use."""
    notifications.forget_old()


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


@handler("mail.join_request")
def join_request_letter(request_id: int, user_id: int) -> None:
    """Tell a referent that somebody asks to join."""
    request = (
        JoinRequest.objects.select_related("organisation", "user")
        .filter(pk=request_id, answer="")
        .first()
    )
    if request is not None:
        link = absolute("organisation_members", request.organisation.slug)
        _to_person(user_id, "join_request", request=request, link=link)


@handler("mail.join_request_answer")
def join_request_answer_letter(request_id: int) -> None:
    """Tell a person how their request to join ended."""
    request = JoinRequest.objects.select_related("organisation").filter(pk=request_id).first()
    if request is not None:
        link = absolute("organisation", request.organisation.slug)
        _to_person(request.user_id, "join_request_answer", request=request, link=link)


@handler("mail.membership_role")
def membership_role_letter(membership_id: int) -> None:
    """Tell a member their new role."""
    _about_place(membership_id, "membership_role")


@handler("mail.membership_ended")
def membership_ended_letter(membership_id: int) -> None:
    """Tell a person that their place has ended."""
    _about_place(membership_id, "membership_ended")


@handler("mail.transfer_offered")
def transfer_letter(transfer_id: int) -> None:
    """Tell a member that the care of the organisation is offered to them."""
    transfer = (
        Transfer.objects.select_related("organisation", "giver")
        .filter(pk=transfer_id, answer="")
        .first()
    )
    if transfer is not None:
        link = absolute("organisation", transfer.organisation.slug)
        _to_person(transfer.receiver_id, "transfer_offered", transfer=transfer, link=link)


@handler("mail.role_proposed")
def role_proposed_letter(proposal_id: int, user_id: int) -> None:
    """Ask another administrator to answer a proposal."""
    waiting = RoleProposal.objects.select_related("user", "organisation").filter(answer="")
    proposal = waiting.filter(pk=proposal_id).first()
    if proposal is not None:
        link = absolute("region_roles")
        _to_person(user_id, "role_proposed", proposal=proposal, link=link)


@handler("mail.role_changed")
def role_changed_letter(proposal_id: int) -> None:
    """Tell a person that a role was given to them, or ended."""
    proposal = RoleProposal.objects.select_related("organisation").filter(pk=proposal_id).first()
    if proposal is not None:
        link = absolute("space")
        _to_person(proposal.user_id, "role_changed", proposal=proposal, link=link)


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


def _about_place(membership_id: int, letter: str) -> None:
    membership = Membership.objects.select_related("organisation").filter(pk=membership_id).first()
    if membership is not None:
        link = absolute("organisation", membership.organisation.slug)
        _to_person(membership.user_id, letter, membership=membership, link=link)


def _to_person(user_id: int, letter: str, **context: Any) -> None:
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is not None:
        letters.send(letter, to=user.email, context={"person": user, **context})
