"""Verify the signature of a receipt by the public keys of this portal."""

import base64
from dataclasses import dataclass
from typing import Any

from challenges.client.receipts import Receipt, ReceiptState, key_id, to_pem
from challenges.receipts.models import ReceiptKey
from portal.lib import signing


@dataclass(frozen=True)
class Judgement:
    """Say what a receipt is worth.

    receipt: None when the bytes are no receipt; its payload is believed only when signed.
    successor: the row of the receipt in force, when this one is superseded.
    """

    state: ReceiptState
    receipt: Receipt | None = None
    successor: Any = None


def known_keys() -> dict[str, bytes]:
    """Return every public key that signed receipts here, and the one that signs now."""
    found = ReceiptKey.objects.by_id()
    try:
        current = signing.public_key()
    except OSError:
        return found  # a process without the key still verifies
    return found | {key_id(current): current}


def published_keys() -> list[dict[str, Any]]:
    """List the public keys, the last used first."""
    used = dict(ReceiptKey.objects.order_by("pk").values_list("key_id", "first_used_at"))
    found = [
        {
            "key_id": key_id,
            "algorithm": "Ed25519",
            "public_key": base64.b64encode(public).decode(),
            "pem": to_pem(public),
            "first_used_at": used.get(key_id),
        }
        for key_id, public in known_keys().items()
    ]
    found.reverse()
    return found
