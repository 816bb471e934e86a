"""Say what a receipt is worth: its signature, then its place in the register of its kind."""

from uuid import UUID

from challenges.client import receipts as reading
from challenges.client.receipts import Receipt, ReceiptFault, ReceiptState
from challenges.entries.models import Entry
from challenges.evaluation.models import ScoreReceipt
from challenges.receipts.queries import Judgement, known_keys
from challenges.results.models import certificates as certified
from challenges.results.models.certificates import Certificate
from challenges.results.queries import reports
from portal.lib import signing


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
