"""Tasks of the ledger."""

from portal.audit import outbox
from portal.lib.queue import task


@task("audit.relay")
def relay() -> None:
    """Deliver what the outbox owes."""
    outbox.relay()
