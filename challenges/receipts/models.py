"""Signed statements of what an entry scored, and the public keys that verify them."""

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    pass
from base64 import b64decode
from typing import ClassVar
from uuid import uuid4

from challenges.entries.models import Entry
from challenges.evaluation.models import Evaluation
from portal.lib.columns import within, word
from portal.lib.immutable import GuardedQuerySet, Immutable


class ReceiptReason(StrEnum):
    """Say why a score receipt was issued: a first score, a new one, or the reveal."""

    SCORED = "scored"
    RESCORED = "rescored"
    REVEALED = "revealed"


RECEIPT_WORDS: dict[str, str | Promise] = {
    ReceiptReason.SCORED: _("première évaluation"),
    ReceiptReason.RESCORED: _("nouvelle évaluation"),
    ReceiptReason.REVEALED: _("résultats définitifs"),
}


def receipt_word(reason: str) -> str:
    """Return the French words for what made a score receipt."""
    return str(RECEIPT_WORDS.get(reason, reason))


class ScoreReceipt(Immutable):
    """State once what an entry scored on a task of its phase; a later one names this one."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="score_receipts")
    evaluation = models.ForeignKey(
        Evaluation, on_delete=models.PROTECT, related_name="score_receipts"
    )
    task = models.PositiveSmallIntegerField()
    serial = models.PositiveIntegerField()
    reason = word(ReceiptReason)
    # Canonical JSON, signed.
    text = models.TextField()
    sha256 = models.CharField(max_length=64, unique=True)
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    issued_at = models.DateTimeField()

    class Meta:
        ordering = ["entry_id", "task", "serial"]
        constraints = [
            within("reason", ReceiptReason, name="score_receipt_reason_known"),
            models.UniqueConstraint(
                fields=["entry", "task", "serial"], name="score_receipt_serial_once"
            ),
            models.CheckConstraint(
                condition=models.Q(serial=1, replaces__isnull=True)
                | models.Q(serial__gt=1, replaces__isnull=False),
                name="score_receipt_names_the_former",
            ),
        ]


class ReceiptKeyQuerySet(GuardedQuerySet):
    """Public keys, in the order of their use."""

    def by_id(self) -> dict[str, bytes]:
        """Return {key id: 32 raw bytes}."""
        rows = self.order_by("first_used_at", "key_id").values_list("key_id", "public")
        return {key_id: b64decode(public) for key_id, public in rows}


class ReceiptKey(Immutable):
    """Keep a public key that has signed receipts, for ever: old receipts stay verifiable."""

    key_id = models.CharField(max_length=16, primary_key=True)
    # 32 raw bytes in base64.
    public = models.CharField(max_length=44, unique=True)
    first_used_at = models.DateTimeField()

    objects: ClassVar[Any] = ReceiptKeyQuerySet.as_manager()

    class Meta:
        ordering = ["first_used_at", "key_id"]
