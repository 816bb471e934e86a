"""Write down who was given a file of a card that is not public."""

from django.core.cache import cache
from django.db import transaction

from catalogue.models import CardFile
from portal.accounts.models import User
from portal.audit.record import record

DAY_SECONDS = 86_400


def note(*, file: CardFile, by: User) -> None:
    """Tell the ledger that a person was given a closed file: at least once a day for the two.

    A download that goes on part by part is one reading; two that begin at the same instant may be
    told both. No file is given untold: the mark that spares the next event follows one that is
    kept. Event "file.read"; no rule is asked here.
    """
    key = f"file.read:{file.public_id}:{by.person_key}"
    if cache.get(key) is not None:
        return

    def mark() -> None:
        cache.set(key, 1, timeout=DAY_SECONDS)

    with transaction.atomic():
        record("file.read", by=by, on=file, sha256=file.sha256)
        transaction.on_commit(mark, robust=True)
