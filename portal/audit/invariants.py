"""Read-only checks of the ledger, for `manage.py verify`."""

import hashlib
from collections.abc import Iterator

from portal.audit.models import AuditBody, AuditEvent, AuditHead
from portal.audit.record import link_hash


def chain_breaches() -> Iterator[str]:
    """Yield the sequence numbers whose link, body or place does not hold (I7)."""
    prev, expected = "0" * 64, 0
    bodies = dict(AuditBody.objects.values_list("event_id", "body"))
    for event in AuditEvent.objects.order_by("seq").iterator(chunk_size=2_000):
        expected += 1
        sound = (
            event.seq == expected
            and event.prev == prev
            and event.hash
            == link_hash(
                prev, event.seq, event.at, event.action, event.object_ref, event.body_sha256
            )
        )
        body = bodies.get(event.seq)
        if body is not None and hashlib.sha256(body.encode()).hexdigest() != event.body_sha256:
            sound = False
        if not sound:
            yield str(event.seq)
        prev, expected = event.hash, event.seq
    head = AuditHead.objects.filter(pk=1).first()
    if head is not None and (head.seq, head.hash) != (expected, prev):
        yield "head"


INVARIANTS = {"I7": ("La chaîne du journal se vérifie.", chain_breaches)}
