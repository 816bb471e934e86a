"""Verify receipts against the keys and the register of this portal."""

import base64
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from challenges.client import receipts as reading
from challenges.client.receipts import Receipt, ReceiptFault, ReceiptState, key_id, to_pem
from challenges.entries.models import Entry
from challenges.receipts.models import ReceiptKey, ScoreReceipt
from challenges.results.models import certificates as certified
from challenges.results.models.certificates import Certificate
from challenges.results.queries import reports
from portal.lib import signing


@dataclass(frozen=True)
class Judgement:
    """Say what a receipt is worth.

    receipt: None when the bytes are no receipt; its payload is believed only when signed.
    successor: the receipt in force, when this one is superseded.
    """

    state: ReceiptState
    receipt: Receipt | None = None
    successor: ScoreReceipt | Certificate | None = None


def judge(data: bytes) -> Judgement:
    """Verify a receipt: its signature, then its place in the register."""
    try:
        receipt = reading.read_receipt(data)
    except ReceiptFault:
        return Judgement(ReceiptState.ALTERED)
    state = reading.state_of(receipt, known_keys(), check=signing.check)
    if state is not ReceiptState.VALID:
        return Judgement(state, receipt)
    return _registered(receipt)


def judge_alone(data: bytes, public: bytes) -> Judgement:
    """Verify the signature of a receipt by one public key (32 raw bytes), without the register."""
    try:
        receipt = reading.read_receipt(data)
    except ReceiptFault:
        return Judgement(ReceiptState.ALTERED)
    keys = {key_id(public): public}
    return Judgement(reading.state_of(receipt, keys, check=signing.check), receipt)


def known_keys() -> dict[str, bytes]:
    """Return every public key that signed receipts here, and the one that signs now."""
    found = ReceiptKey.objects.by_id()
    try:
        current = signing.public_key()
    except OSError:
        return found  # a process without the key still verifies
    return found | {key_id(current): current}


def _registered(receipt: Receipt) -> Judgement:
    if receipt.payload.get("kind") == "deposit":
        known = _deposit_of(str(receipt.payload.get("entry"))) == receipt.text
        return Judgement(ReceiptState.VALID if known else ReceiptState.UNREGISTERED, receipt)
    if receipt.payload.get("kind") == "certificate":
        return _certificate(receipt)
    row = ScoreReceipt.objects.filter(sha256=receipt.sha256).first()
    if row is None:
        return Judgement(ReceiptState.UNREGISTERED, receipt)
    head = ScoreReceipt.objects.filter(entry=row.entry_id, task=row.task).order_by("-serial")[0]
    if head.pk != row.pk:
        return Judgement(ReceiptState.SUPERSEDED, receipt, head)
    return Judgement(ReceiptState.VALID, receipt)


def judge_known(sha256: str) -> Judgement | None:
    """Verify the certificate or score receipt of this digest; None when the portal issued none.

    A digest is read on the document, or where its team lets it be shown: it is not guessed.
    """
    text = (
        Certificate.objects.filter(sha256=sha256).values_list("text", flat=True).first()
        or ScoreReceipt.objects.filter(sha256=sha256).values_list("text", flat=True).first()
    )
    return judge(text.encode()) if text else None


def _certificate(receipt: Receipt) -> Judgement:
    row = (
        Certificate.objects.filter(sha256=receipt.sha256)
        .select_related("team", "phase__challenge__organiser", "phase__reveal")
        .first()
    )
    if row is None:
        return Judgement(ReceiptState.UNREGISTERED, receipt)
    last = reports.certificate_in_force(row.team, row.phase)
    if last is not None and last.pk != row.pk:
        return Judgement(ReceiptState.SUPERSEDED, receipt, last)
    valid = certified.stands(row)
    return Judgement(ReceiptState.VALID if valid else ReceiptState.REVOKED, receipt)


def _deposit_of(entry_id: str) -> str | None:
    try:
        found = Entry.objects.filter(pk=UUID(entry_id)).values_list("receipt", flat=True).first()
    except ValueError:
        return None
    return found


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
