"""What must hold of what the portal signed: score receipts and certificates."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from challenges.client import receipts as reading
from challenges.client.receipts import ReceiptFault, ReceiptState
from challenges.enums import Split
from challenges.models import Certificate, Phase, ReceiptKey, ScoreReceipt, certified
from portal.audit.reading import events
from portal.audit.record import reference
from portal.lib import clock, signing


def broken_receipts() -> Iterator[str]:
    """Yield the score receipts that are not what was signed, or do not follow the former one."""
    keys = ReceiptKey.objects.by_id()
    found = ScoreReceipt.objects.select_related("replaces").order_by("pk")
    for row in found.iterator(chunk_size=2_000):
        if not _holds(row, keys):
            yield f"receipt:{row.pk}"


def broken_certificates() -> Iterator[str]:
    """Yield the certificates that are not what was signed, or whose fall the ledger does not tell.

    Each is signed bytes about its own row, follows the former one, has its event, and states the
    figure of the score receipt that it names; the ledger says which of those in force no longer
    say what the final board does. That is written within the hour: a board recomputed since
    two hours is not judged on it.
    """
    keys = ReceiptKey.objects.by_id()
    rows = list(Certificate.objects.select_related("replaces", "team", "phase").order_by("pk"))
    told = {
        each.object_ref
        for each in events([reference(row) for row in rows], families=("certificate",))
        if each.action == "certificate.issued"
    }
    for row in rows:
        if not _certifies(row, keys) or reference(row) not in told:
            yield f"certificate:{row.pk}"
    heads = list(Certificate.objects.in_force().select_related("team", "phase").order_by("pk"))
    revoked = certified.told_revoked(heads)
    fallen = certified.fallen(heads)
    for row in heads:
        if (row.pk in fallen) != (row.pk in revoked) and not _moved_lately(row.phase):
            yield f"certificate:{row.pk}:told"


def _certifies(row: Certificate, keys: Mapping[str, bytes]) -> bool:
    try:
        read = reading.read(row.text.encode())
    except ReceiptFault:
        return False
    payload, former = read.payload, row.replaces
    follows = former is None or (former.team_id, former.phase_id, former.serial) == (
        row.team_id,
        row.phase_id,
        row.serial - 1,
    )
    named = {"serial": former.serial, "sha256": former.sha256} if former else None
    about = (payload.get("team"), payload.get("phase"), payload.get("entry"), payload.get("serial"))
    own = about == (row.team.slug, row.phase.index, str(row.entry_id), row.serial)
    genuine = reading.state_of(read, keys, check=signing.check) is ReceiptState.VALID
    same = read.sha256 == row.sha256 and payload.get("replaces") == named
    return follows and own and same and genuine and _says_the_score(row, payload)


def _says_the_score(row: Certificate, payload: Mapping[str, Any]) -> bool:
    """Compare the figure with the private one of the score receipt that the certificate names."""
    cited = payload.get("score_receipt")
    if cited is None:
        return True
    found = ScoreReceipt.objects.filter(sha256=cited["sha256"], entry=row.entry_id).first()
    if found is None:
        return False
    if found.task or row.phase.tasks.filter(current=True).count() > 1:
        return True  # a mean of several tasks: no receipt holds it
    values = json.loads(found.text)["payload"].get("values", {}).get(Split.PRIVATE.value, {})
    return payload["metric"] not in values or values[payload["metric"]] == payload["value"]


def _moved_lately(phase: Phase) -> bool:
    """Say whether a final board of a phase was computed since two hours."""
    since = clock.now() - timedelta(hours=2)
    moments = [
        board.facts.get(Split.PRIVATE.value, {}).get("computed_at")
        for board in phase.leaderboards.order_by("pk")
    ]
    return any(moment and datetime.fromisoformat(moment) > since for moment in moments)


def _holds(row: ScoreReceipt, keys: Mapping[str, bytes]) -> bool:
    try:
        receipt = reading.read(row.text.encode())
    except ReceiptFault:
        return False
    former = row.replaces
    follows = former is None or (former.entry_id, former.task, former.serial) == (
        row.entry_id,
        row.task,
        row.serial - 1,
    )
    named = receipt.payload.get("entry") == str(row.entry_id)
    same = receipt.sha256 == row.sha256
    genuine = reading.state_of(receipt, keys, check=signing.check) is ReceiptState.VALID
    return follows and named and same and genuine
