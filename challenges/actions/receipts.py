"""Receipts: canonical JSON, signed with the installation's Ed25519 key."""

import base64
from collections.abc import Mapping
from typing import Any

from challenges.client.receipts import ReceiptState, key_id
from challenges.models import ReceiptKey
from challenges.queries.receipts import judge_alone
from portal.lib import canonical, clock, immutable, signing
from portal.lib.signing import public_key

__all__ = ["issue", "public_key", "verify"]


def issue(payload: Mapping[str, Any]) -> str:
    """Return a receipt as canonical JSON text: {"key_id", "payload", "signature"}.

    payload: strings, integers, booleans and maps of them; figures as decimal strings. The
    public key is registered at its first use, in the caller's transaction.
    """
    public = public_key()
    _register(public)
    signature = base64.b64encode(signing.sign(canonical.dumps(payload))).decode()
    return canonical.dumps(
        {"key_id": key_id(public), "payload": payload, "signature": signature}
    ).decode()


def verify(receipt: str, public: bytes) -> bool:
    """Say whether a receipt was issued by the holder of this public key (32 raw bytes)."""
    return judge_alone(receipt.encode(), public).state is ReceiptState.VALID


def _register(public: bytes) -> None:
    """Keep the public key for ever: what it signed stays verifiable after a rotation."""
    if ReceiptKey.objects.filter(key_id=key_id(public)).exists():
        return
    row = ReceiptKey(
        key_id=key_id(public),
        public=base64.b64encode(public).decode(),
        first_used_at=clock.now(),
    )
    with immutable.writes(ReceiptKey):
        ReceiptKey.objects.bulk_create([row], ignore_conflicts=True)
