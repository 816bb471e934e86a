"""Tasks of the ledger."""

from portal.audit import denials, duties, outbox
from portal.audit.duties import beat
from portal.lib.queue import task

__all__ = ["denials", "relay", "run_duties"]  # denials: its duty is registered by its import


@task("audit.relay")
def relay() -> None:
    """Deliver what the outbox owes."""
    outbox.relay()


@task("audit.duties")
def run_duties() -> None:
    """Give a sign of life and do what the schedule asks."""
    beat("tasks")
    duties.run_due()
