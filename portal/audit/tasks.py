"""Tasks of the ledger."""

from portal.audit import denials, duties, outbox, sweep
from portal.audit.duties import beat
from portal.lib.queue import task

# Imported so that their duties are registered.
__all__ = ["denials", "relay", "run_duties", "sweep"]


@task("audit.relay")
def relay() -> None:
    """Deliver what the outbox owes."""
    outbox.relay()


@task("audit.duties")
def run_duties() -> None:
    """Give a sign of life and do what the schedule asks."""
    beat("tasks")
    duties.run_due()
