"""Signs of life of the processes, shown by /sante/."""

from typing import Any

from portal.audit.models import Heartbeat
from portal.lib import clock


def beat(name: str, *, claimed: bool = False, **facts: Any) -> None:
    """Note that a process lives, and that it has just claimed work."""
    at = clock.now()
    values: dict[str, Any] = {"at": at, "facts": facts}
    if claimed:
        values["last_claim_at"] = at
    Heartbeat.objects.update_or_create(name=name, defaults=values)


def beats() -> list[Heartbeat]:
    """List the processes, the freshest sign first."""
    return list(Heartbeat.objects.order_by("-at", "name"))
