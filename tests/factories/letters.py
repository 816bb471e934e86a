"""Letters and other deliveries that are owed."""

from portal.audit import outbox


def delivered() -> None:
    """Deliver all that is owed."""
    while outbox.relay():
        pass
    assert outbox.pending() == 0
