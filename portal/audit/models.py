"""The ledger: events in a hash chain, and the outbox of what is still owed."""

from typing import Any

from django.db import models


class AuditHead(models.Model):
    """The last link of the chain: one row, locked by each record."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)


class AuditEvent(models.Model):
    """One act: who did what on which object. Append-only; triggers refuse the rest."""

    seq = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField()
    action = models.CharField(max_length=80)
    object_ref = models.CharField(max_length=120)
    body_sha256 = models.CharField(max_length=64)
    prev = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["seq"]
        indexes = [
            models.Index(fields=["object_ref", "seq"], name="audit_event_object"),
            models.Index(fields=["action", "seq"], name="audit_event_action"),
        ]


class AuditBody(models.Model):
    """The detail of an event, as canonical JSON text; may be deleted after its retention."""

    event = models.OneToOneField(
        AuditEvent, on_delete=models.PROTECT, primary_key=True, related_name="body"
    )
    body = models.TextField()


class Outbox(models.Model):
    """Something owed after a commit: a letter, an index update, a recomputation."""

    topic = models.CharField(max_length=80)
    key = models.CharField(max_length=160)
    ids = models.JSONField(default=dict)
    run_after = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["topic", "key"], name="outbox_once")]
        indexes = [
            models.Index(
                fields=["run_after"],
                condition=models.Q(done_at__isnull=True),
                name="outbox_due",
            )
        ]


class Heartbeat(models.Model):
    """The last sign of life of a process."""

    name = models.CharField(max_length=80, primary_key=True)
    at = models.DateTimeField()
    last_claim_at = models.DateTimeField(null=True, blank=True)
    facts: Any = models.JSONField(default=dict)


class Denial(models.Model):
    """How often an actor was denied an object within an hour; the chain holds the first."""

    actor = models.CharField(max_length=40)
    object_ref = models.CharField(max_length=120)
    hour = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["actor", "hour", "object_ref"], name="denial_once")
        ]


class ScheduledRun(models.Model):
    """One run of a scheduled duty; the constraint makes two schedulers harmless."""

    name = models.CharField(max_length=80)
    slot = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "slot"], name="scheduled_once")]
