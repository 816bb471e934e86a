"""Read-only checks of the ledger, for `manage.py verify`."""

import hashlib
from collections.abc import Iterator

from django.db.models import Max

from portal.audit.models import AuditEvent, AuditHead
from portal.audit.record import link_hash


def chain_breaches() -> Iterator[str]:
    """Yield the sequence numbers whose link, body or place does not hold (I7).

    What is recorded meanwhile is left for the next time: a page asks this of a portal at work.
    """
    prev, expected = "0" * 64, 0
    head = AuditHead.objects.filter(pk=1).first()
    kept = AuditEvent.objects.select_related("body").order_by("seq")
    if head is not None:
        kept = kept.filter(seq__lte=head.seq)
    for event in kept.iterator(chunk_size=2_000):
        expected += 1
        sound = (
            event.seq == expected
            and event.prev == prev
            and event.hash
            == link_hash(
                prev, event.seq, event.at, event.action, event.object_ref, event.body_sha256
            )
        )
        kept_body = getattr(event, "body", None)
        body = kept_body.body if kept_body is not None else None
        if body is not None and hashlib.sha256(body.encode()).hexdigest() != event.body_sha256:
            sound = False
        if not sound:
            yield str(event.seq)
        prev, expected = event.hash, event.seq
    last = AuditEvent.objects.aggregate(last=Max("seq"))["last"] or 0
    now = AuditHead.objects.filter(pk=1).first()
    is_behind = now is not None and last > now.seq
    if is_behind or (head is not None and (head.seq, head.hash) != (expected, prev)):
        yield "head"


INVARIANTS = {"I7": ("La chaîne du journal se vérifie.", chain_breaches)}
