"""Who answers for a card."""

from django.db.models import Q, QuerySet

from catalogue import rules
from catalogue.enums import TransferKind
from catalogue.models import CardTransfer, Contribution, Resource, editable_organisations
from portal.accounts.enums import Role
from portal.accounts.models import User

WRITERS = (Role.REFERENT, Role.EDITOR)


def owners_of(resource: Resource) -> QuerySet[User]:
    """Select who answers for a card: its organisation's writers, else its author."""
    if resource.organisation_id is None:
        return User.objects.filter(pk=resource.author_id or 0, is_active=True)
    return editors_of(resource)


def editors_of(written: Resource | Contribution) -> QuerySet[User]:
    """Select who writes for the organisation of a card or of a proposal; nobody without one."""
    return (
        User.objects.filter(
            memberships__organisation_id=written.organisation_id or 0,
            memberships__role__in=WRITERS,
            memberships__left_at__isnull=True,
            is_active=True,
        )
        .distinct()
        .order_by("pk")
    )


def transfers_for(user: User) -> list[CardTransfer]:
    """List the cards on their way that wait for this person's answer, the oldest first."""
    places = editable_organisations(user)
    held = Q(resource__organisation__in=places) | Q(resource__author=user)
    asked = Q(kind=TransferKind.OFFER, target__in=places) | Q(kind=TransferKind.CLAIM) & held
    rows = CardTransfer.objects.whole().open().filter(resource__live=True)
    if not rules.may_see_removals(user):
        rows = rows.filter(asked)
    return [
        each
        for each in rows
        if rules.may_accept_transfer(user, each) or rules.may_approve_transfer(user, each)
    ]
