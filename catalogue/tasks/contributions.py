"""Deliver what the catalogue owes: letters about contributions, the state of the search server."""

from typing import Any

from catalogue.models import Contribution
from catalogue.tasks.letters import MODERATORS, absolute
from portal.accounts.models import RegionAppointment, User
from portal.audit import letters
from portal.audit.outbox import handler


@handler("mail.contribution_received")
def received_letter(contribution_id: int) -> None:
    """Send the author a receipt."""
    _to_author("contribution_received", contribution_id)


@handler("mail.contribution_changes_requested")
def changes_requested_letter(contribution_id: int) -> None:
    """Tell the author what to correct."""
    _to_author("contribution_changes_requested", contribution_id)


@handler("mail.contribution_published")
def published_letter(contribution_id: int) -> None:
    """Tell the author that the proposal is online."""
    _to_author("contribution_published", contribution_id)


@handler("mail.contribution_refused")
def refused_letter(contribution_id: int) -> None:
    """Tell the author that the proposal is refused, why, and how to contest."""
    _to_author("contribution_refused", contribution_id)


@handler("mail.contribution_to_review")
def to_review_letter(contribution_id: int) -> None:
    """Tell the moderators who may decide that something waits."""
    contribution = _find(contribution_id)
    if contribution is None:
        return
    link = absolute("catalogue:moderation_item", contribution.public_id)
    held = RegionAppointment.objects.filter(role__in=MODERATORS, ended_at__isnull=True)
    people = User.objects.filter(is_active=True, pk__in=held.values("user_id"))
    for user in people.exclude(pk=contribution.author_id or 0).order_by("pk"):
        context = {**_context(contribution), "link": link, "person": user}
        letters.send("contribution_to_review", to=user.email, context=context)


def _find(contribution_id: int) -> Contribution | None:
    rows = Contribution.objects.select_related("resource", "revision", "author", "organisation")
    return rows.filter(pk=contribution_id).first()


def _context(contribution: Contribution) -> dict[str, Any]:
    return {
        "contribution": contribution,
        "title": contribution.content.get("title", ""),
        "decision": contribution.decisions.order_by("-pk").first(),
    }


def _to_author(letter: str, contribution_id: int) -> None:
    contribution = _find(contribution_id)
    if contribution is None or contribution.author is None or not contribution.author.is_active:
        return
    link = absolute("catalogue:contribution", contribution.public_id)
    context = {**_context(contribution), "link": link, "person": contribution.author}
    letters.send(letter, to=contribution.author.email, context=context)
