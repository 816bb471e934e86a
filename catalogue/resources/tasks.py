"""What cards become by themselves, and letters about it: dead links, reviews, transfers."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.db.models import Q

from catalogue.resources import rules
from catalogue.resources.actions import cards as card_changes
from catalogue.resources.models import CardTransfer, Removal, Resource
from catalogue.resources.queries.relations import editors_of, owners_of, region_people
from portal.accounts.authorization import Permission
from portal.accounts.models import User
from portal.audit import letters
from portal.audit.duties import schedule
from portal.audit.letters import absolute
from portal.audit.outbox import handler
from portal.lib import clock


def write_to(letter: str, people: Iterable[User], **facts: Any) -> None:
    """Send one letter to some people, each named in it."""
    for person in people:
        letters.send(letter, to=person.email, context={**facts, "person": person})


@handler("mail.resource_archived")
def archived_letter(resource_id: int) -> None:
    """Tell the author of a card that a moderator archived it."""
    resource = Resource.objects.select_related("author").filter(pk=resource_id).first()
    if resource is None or resource.author is None or not resource.author.is_active:
        return
    link = absolute("catalogue:resource", resource.slug)
    write_to("resource_archived", [resource.author], resource=resource, link=link)


@handler("mail.removal_proposed")
def removal_proposed_letter(removal_id: int) -> None:
    """Ask those who may answer to confirm or refuse a removal."""
    waiting = Removal.objects.filter(answer="", resource__isnull=False)
    related = waiting.select_related("resource__organisation", "proposed_by")
    removal = related.filter(pk=removal_id).first()
    if removal is None or removal.resource is None:
        return
    people = [
        user
        for user in region_people(Permission.RESOURCE_REMOVE)
        if rules.may_answer_removal(user, removal, removal.resource)
    ]
    link = absolute("catalogue:remove", removal.slug)
    write_to("removal_proposed", people, removal=removal, link=link)


@handler("mail.resource_removed")
def removed_letter(removal_id: int) -> None:
    """Tell the author of a card that it was removed, and why."""
    removal = Removal.objects.select_related("author").get(pk=removal_id)
    if removal.author is not None and removal.author.is_active:
        link = absolute("catalogue:resource", removal.slug)
        write_to("resource_removed", [removal.author], removal=removal, link=link)


def minders(resource: Resource) -> list[User]:
    """List who looks after a card: its organisation's writers, else its author."""
    author = User.objects.filter(pk=resource.author_id or 0, is_active=True)
    return list(editors_of(resource.organisation_id)) or list(author)


@handler("mail.card_to_review")
def review_letter(resource_id: int) -> None:
    """Tell the members who send its organisation's content, else its author, unless reviewed."""
    rows = Resource.objects.public().select_related("organisation", "author")
    found = rows.filter(pk=resource_id, archived_at=None, next_review_at__lte=clock.now()).first()
    if found is None:
        return
    link = absolute("catalogue:propose", found.slug)
    write_to("card_to_review", minders(found), resource=found, link=link)


@handler("mail.transfer_asked")
def transfer_asked_letter(transfer_id: int) -> None:
    """Ask whoever may accept, refuse or approve; tell the owner of what the Region asks."""
    transfer = CardTransfer.objects.whole().filter(pk=transfer_id, answer="").first()
    if transfer is None:
        return
    owners = {each.pk for each in owners_of(transfer.resource)}
    for user in _near_transfer(transfer):
        if user.pk in owners or rules.may_refuse_transfer(user, transfer):
            _send_transfer("transfer_asked", user, transfer)


@handler("mail.transfer_answered")
def transfer_answered_letter(transfer_id: int) -> None:
    """Tell the answer to who asked, to who holds the card and to who would have."""
    transfer = CardTransfer.objects.whole().filter(pk=transfer_id).exclude(answer="").first()
    if transfer is None:
        return
    owners = {each.pk for each in owners_of(transfer.resource)}
    for user in _near_transfer(transfer):
        told = user.pk in owners or user.pk == transfer.asked_by_id
        if (told or rules.edits_for(user, transfer.target)) and user.pk != transfer.answered_by_id:
            _send_transfer("transfer_answered", user, transfer)


def _near_transfer(transfer: CardTransfer) -> Iterator[User]:
    """Walk who may be concerned: owners, receivers, who asked, the Region."""
    places = [pk for pk in (transfer.target_id, transfer.resource.organisation_id) if pk]
    who = Q(memberships__organisation__in=places, memberships__left_at=None)
    who |= Q(pk__in=[transfer.asked_by_id, transfer.resource.author_id or 0])
    who |= Q(pk__in=region_people(Permission.RESOURCE_REMOVE).values("pk"))
    yield from User.objects.filter(who, is_active=True).distinct().order_by("pk")


def _send_transfer(letter: str, user: User, transfer: CardTransfer) -> None:
    link = absolute("catalogue:transfer", transfer.resource.slug)
    once = f"{letter}:{transfer.public_id}:{user.pk}:{settings.SITE_URL}"
    letters.send(letter, to=user.email, context={"transfer": transfer, "link": link}, once=once)


# What the schedule does, and how often.
schedule("catalogue.expiries", card_changes.expire_due, minutes=60, by_itself=True)
schedule("catalogue.quality", card_changes.note_all_qualities, minutes=24 * 60, by_itself=True)
schedule("catalogue.renewals", card_changes.remind_reviews, minutes=24 * 60, by_itself=True)
