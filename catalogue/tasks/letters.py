"""Write about cards that are archived or removed."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.urls import reverse

from catalogue import rules
from catalogue.models import Removal, Resource
from portal.accounts.authorization import ORGANISATION_ROLES, REGION_ROLES, Permission
from portal.accounts.models import Membership, Organisation, RegionAppointment, User
from portal.audit import letters
from portal.audit.outbox import handler

MODERATORS = [
    str(role) for role, held in REGION_ROLES.items() if Permission.CONTRIBUTION_MODERATE in held
]


REMOVERS = [str(role) for role, held in REGION_ROLES.items() if Permission.RESOURCE_REMOVE in held]


def absolute(name: str, *args: Any) -> str:
    """Build an address of the site for a letter."""
    return settings.SITE_URL + reverse(name, args=args)


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


SENDERS = [
    str(role) for role, held in ORGANISATION_ROLES.items() if Permission.CONTRIBUTION_SUBMIT in held
]


def keepers(organisation: Organisation | None) -> Iterable[User]:
    """List the members who send the content of an organisation."""
    if organisation is None:
        return ()
    held = Membership.objects.live().filter(organisation=organisation, role__in=SENDERS)
    return User.objects.filter(is_active=True, pk__in=held.values("user_id")).order_by("pk")
