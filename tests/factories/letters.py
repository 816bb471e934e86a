"""Letters and other deliveries that are owed."""

from django.core import mail

from portal.audit import outbox


def delivered() -> None:
    """Deliver all that is owed."""
    while outbox.relay():
        pass
    assert outbox.pending() == 0


def letters() -> list[tuple[str, str]]:
    """Deliver all that is owed; give the address and the subject of each letter that left."""
    mail.outbox.clear()
    delivered()
    return [(letter.to[0], letter.subject) for letter in mail.outbox]
