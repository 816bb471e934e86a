"""The public keys that verify what the portal signed."""

from base64 import b64decode
from typing import Any, ClassVar

from django.db import models

from portal.lib.immutable import GuardedQuerySet, Immutable


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
