"""A card on its way from one organisation to another."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from catalogue.enums.transfers import TransferKind
from catalogue.models.resource import Resource
from portal.accounts.enums import Answer


class CardTransferQuerySet(models.QuerySet["CardTransfer"]):
    """Reads of transfers."""

    def open(self) -> "CardTransferQuerySet":
        """Keep those that wait for an answer, the oldest first."""
        return self.filter(answer="").order_by("at", "pk")

    def whole(self) -> "CardTransferQuerySet":
        """Read what stands beside each transfer too."""
        return self.select_related(
            "resource__organisation", "resource__author", "target", "asked_by", "approved_by"
        )


class CardTransfer(models.Model):
    """Who asked that a card change hands, to whom it would go, who answered.

    An offer is answered by the organisation that would receive the card; a claim by who holds it,
    or by two persons of the Region; what the Region asks for, by a second person of the Region.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="transfers")
    kind = models.CharField(max_length=10, choices=TransferKind.choices)
    source_name = models.CharField(max_length=200, blank=True)  # who held the card
    target = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="card_transfers"
    )
    message = models.CharField(max_length=500, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField()
    # The first person of the Region, where two of them stand for the consent of the owner.
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = CardTransferQuerySet.as_manager()

    class Meta:
        ordering = ("at", "pk")
        constraints = [
            models.UniqueConstraint(
                name="one_open_card_transfer", fields=("resource",), condition=Q(answer="")
            ),
            models.CheckConstraint(
                name="card_transfer_answer_dated",
                condition=Q(answer="", answered_at=None, answered_by=None)
                | (~Q(answer="") & Q(answered_at__isnull=False, answered_by__isnull=False)),
            ),
            models.CheckConstraint(
                name="card_transfer_by_two",
                condition=~Q(answer=Answer.ACCEPTED)
                | Q(approved_by=None)
                | ~Q(answered_by=F("approved_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} {self.kind}"
