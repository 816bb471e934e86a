"""Write to those whom the transfer of a card concerns, once each."""

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Q

from catalogue import rules
from catalogue.models import CardTransfer
from catalogue.queries.owners import owners_of
from catalogue.tasks.letters import REMOVERS, absolute
from portal.accounts.models import User
from portal.audit import letters
from portal.audit.outbox import handler


@handler("mail.transfer_asked")
def asked_letter(transfer_id: int) -> None:
    """Ask whoever may accept, refuse or approve; tell the owner of what the Region asks."""
    transfer = CardTransfer.objects.whole().filter(pk=transfer_id, answer="").first()
    if transfer is None:
        return
    owners = {each.pk for each in owners_of(transfer.resource)}
    for user in _near(transfer):
        if user.pk in owners or rules.may_refuse_transfer(user, transfer):
            _send("transfer_asked", user, transfer)


@handler("mail.transfer_answered")
def answered_letter(transfer_id: int) -> None:
    """Tell the answer to who asked, to who holds the card and to who would have."""
    transfer = CardTransfer.objects.whole().filter(pk=transfer_id).exclude(answer="").first()
    if transfer is None:
        return
    owners = {each.pk for each in owners_of(transfer.resource)}
    for user in _near(transfer):
        told = user.pk in owners or user.pk == transfer.asked_by_id
        if (told or rules.edits_for(user, transfer.target)) and user.pk != transfer.answered_by_id:
            _send("transfer_answered", user, transfer)


def _near(transfer: CardTransfer) -> Iterator[User]:
    """Walk who may be concerned: owners, receivers, who asked, the Region."""
    places = [pk for pk in (transfer.target_id, transfer.resource.organisation_id) if pk]
    who = Q(memberships__organisation__in=places, memberships__left_at=None)
    who |= Q(pk__in=[transfer.asked_by_id, transfer.resource.author_id or 0])
    who |= Q(region_appointments__role__in=REMOVERS, region_appointments__ended_at=None)
    yield from User.objects.filter(who, is_active=True).distinct().order_by("pk")


def _send(letter: str, user: User, transfer: CardTransfer) -> None:
    link = absolute("catalogue:transfer", transfer.resource.slug)
    once = f"{letter}:{transfer.public_id}:{user.pk}:{settings.SITE_URL}"
    letters.send(letter, to=user.email, context={"transfer": transfer, "link": link}, once=once)
