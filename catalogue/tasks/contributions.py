"""Deliver what the catalogue owes: letters about contributions, the state of the search server."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from catalogue import rules
from catalogue.models import Contribution, Removal, Resource
from catalogue.search import index, mirror, server, upkeep
from portal.accounts.authorization import REGION_ROLES, Permission
from portal.accounts.models import RegionAppointment, User
from portal.audit import letters
from portal.audit.duties import duty
from portal.audit.outbox import handler

MODERATORS = [
    str(role) for role, held in REGION_ROLES.items() if Permission.CONTRIBUTION_MODERATE in held
]

REMOVERS = [str(role) for role, held in REGION_ROLES.items() if Permission.RESOURCE_REMOVE in held]


def absolute(name: str, *args: Any) -> str:
    """Build an address of the site for a letter."""
    return settings.SITE_URL + reverse(name, args=args)


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


@handler("mail.resource_archived")
def archived_letter(resource_id: int) -> None:
    """Tell the author of a card that a moderator archived it."""
    resource = Resource.objects.select_related("author").filter(pk=resource_id).first()
    if resource is None or resource.author is None or not resource.author.is_active:
        return
    link = absolute("catalogue:resource", resource.slug)
    context = {"resource": resource, "link": link, "person": resource.author}
    letters.send("resource_archived", to=resource.author.email, context=context)


@handler("mail.removal_proposed")
def removal_proposed_letter(removal_id: int) -> None:
    """Ask those who may answer to confirm or refuse a removal."""
    waiting = Removal.objects.filter(answer="", resource__isnull=False)
    related = waiting.select_related("resource__organisation", "proposed_by")
    removal = related.filter(pk=removal_id).first()
    if removal is None or removal.resource is None:
        return
    held = RegionAppointment.objects.filter(role__in=REMOVERS, ended_at__isnull=True)
    for user in User.objects.filter(is_active=True, pk__in=held.values("user_id")).order_by("pk"):
        if rules.may_answer_removal(user, removal, removal.resource):
            link = absolute("catalogue:remove", removal.slug)
            context = {"removal": removal, "link": link, "person": user}
            letters.send("removal_proposed", to=user.email, context=context)


@handler("mail.resource_removed")
def removed_letter(removal_id: int) -> None:
    """Tell the author of a card that it was removed, and why."""
    removal = Removal.objects.select_related("author").get(pk=removal_id)
    if removal.author is not None and removal.author.is_active:
        link = absolute("catalogue:resource", removal.slug)
        context = {"removal": removal, "link": link, "person": removal.author}
        letters.send("resource_removed", to=removal.author.email, context=context)


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


@handler(mirror.TOPIC)
def follow_resource(resource_id: int) -> None:
    """Write the present state of a resource to the search server."""
    server.follow(resource_id)


@duty("catalogue.search_drift", minutes=4, by_itself=True)
def repair_search() -> None:
    """Repair the index of the database, then compare the search server with it."""
    upkeep.repair()
    server.repair()


@duty("catalogue.search_words", minutes=24 * 60)
def forget_words() -> None:
    """Forget the words and names that no public resource holds any more."""
    index.forget()
