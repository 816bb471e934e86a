"""Sign receipts: canonical JSON, signed with the installation's Ed25519 key.

None is changed nor removed: the next one of the same register names it.
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Protocol

from challenges.client.receipts import key_id
from challenges.receipts.models import ReceiptKey
from portal.lib import canonical, clock, immutable, signing
from portal.lib.signing import public_key


class Issued(Protocol):
    """A row of a register of receipts: its rank, and the digest of its text."""

    serial: Any
    sha256: Any


def sign_receipt(payload: Mapping[str, Any]) -> str:
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


def sign_next(
    payload: Mapping[str, Any],
    last: Issued | None,
    *,
    at: datetime,
    to: Literal["minutes", "seconds"],
) -> dict[str, Any]:
    """Sign what follows `last` in a register, or opens it; returns the fields of its row.

    to: how precisely the document says when it was issued.
    """
    serial = last.serial + 1 if last else 1
    text = sign_receipt(
        {
            **payload,
            "serial": serial,
            "replaces": {"serial": last.serial, "sha256": last.sha256} if last else None,
            "issued_at": at.astimezone(clock.PARIS).isoformat(timespec=to),
        }
    )
    return {
        "serial": serial,
        "text": text,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "replaces": last,
        "issued_at": at,
    }


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
