"""Write an act into the chain, in the transaction of the change it tells."""

import hashlib
import secrets
from datetime import UTC, datetime
from typing import Any

from django.db import models, transaction

from portal.audit.actors import Actor
from portal.audit.models import AuditBody, AuditEvent, AuditHead
from portal.lib import canonical, clock


def reference(on: models.Model | str | None) -> str:
    """Name an object in the ledger: `app.model:public id`."""
    if on is None:
        return ""
    if isinstance(on, str):
        return on
    return f"{on._meta.label_lower}:{getattr(on, 'public_id', None) or on.pk}"


def link_hash(prev: str, seq: int, at: datetime, action: str, ref: str, body_sha256: str) -> str:
    """Compute the hash of one link from its fields.

    sha256(prev LF seq LF at LF action LF object LF body_sha256); at in UTC with six digits.
    """
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    line = "\n".join([prev, str(seq), stamp, action, ref, body_sha256])
    return hashlib.sha256(line.encode()).hexdigest()


def record(action: str, *, by: Actor, on: models.Model | str | None = None, **facts: Any) -> None:
    """Append an event. facts: JSON-able; never contents, tokens or full addresses.

    Locks the head of the chain until the end of the transaction: call it after the change.
    """
    with transaction.atomic():
        AuditHead.objects.get_or_create(pk=1)
        head = AuditHead.objects.select_for_update().get(pk=1)
        at = clock.now()
        seq = head.seq + 1
        body = canonical.dumps(
            {"salt": secrets.token_hex(16), "actor": person_key(by), "facts": _plain(facts)}
        ).decode()
        ref = reference(on)
        body_sha256 = hashlib.sha256(body.encode()).hexdigest()
        event = AuditEvent(
            seq=seq,
            at=at,
            action=action,
            object_ref=ref,
            body_sha256=body_sha256,
            prev=head.hash,
            hash=link_hash(head.hash, seq, at, action, ref, body_sha256),
        )
        event.save(force_insert=True)
        AuditBody(event=event, body=body).save(force_insert=True)
        head.seq, head.hash = seq, event.hash
        head.save(update_fields=["seq", "hash"])


def person_key(by: Any) -> str:
    """Name an actor in the ledger: a random key, a system's name, or "anonymous"."""
    return str(getattr(by, "person_key", "") or "anonymous")


def _plain(value: Any) -> Any:
    if isinstance(value, models.Model):
        return reference(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, (str, int, float, bool, datetime, type(None))):
        return value
    return str(value)
