"""Read the ledger and the outbox in tests."""

from typing import Any

from portal.audit.models import AuditEvent, Outbox


def acts() -> list[str]:
    """List the actions recorded, oldest first."""
    return list(AuditEvent.objects.order_by("seq").values_list("action", flat=True))


def owed() -> list[Any]:
    """List (topic, ids) of the outbox in order; ids by equality."""
    return list(Outbox.objects.order_by("pk").values_list("topic", "ids"))


def snapshot(*models: Any) -> list[Any]:
    """Photograph rows, to compare before and after a refusal."""
    return [list(model.objects.order_by("pk").values()) for model in (*models, AuditEvent, Outbox)]
