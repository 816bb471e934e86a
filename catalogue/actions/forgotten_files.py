"""Forget files of cards, and say it in the ledger."""

from catalogue.models import CardFile, CardUpload, Resource
from portal.audit.actors import Actor
from portal.audit.record import record


def forget(*, file: CardFile, by: Actor) -> None:
    """Delete a file; its bytes go with the next sweep. No rule is asked here.

    In order: event "file.forgotten"; what is left of its upload; the row.
    """
    record("file.forgotten", by=by, on=file, sha256=file.sha256)
    CardUpload.objects.filter(file=file).delete()
    file.delete()


def forget_of(*, resource: Resource, by: Actor) -> None:
    """Forget all files of a card that goes, each with its event."""
    for file in CardFile.objects.filter(resource=resource).defer("preview").order_by("pk"):
        forget(file=file, by=by)
