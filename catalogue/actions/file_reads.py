"""Write down who was given a file of a card that is not public."""

from django.core.cache import cache
from django.db import transaction

from catalogue.models import CardFile
from portal.accounts.models import User
from portal.audit.record import record

DAY_SECONDS = 86_400


def note(*, file: CardFile, by: User) -> None:
    """Tell the ledger that a person was given a closed file: once a day for the two.

    A download that goes on part by part is one reading, two at once too. Event "file.read"; no
    rule is asked here.
    """
    key = f"file.read:{file.public_id}:{by.person_key}"
    # Before the event, so that one of two writes it; a cache that keeps nothing stops none.
    if not cache.add(key, 1, timeout=DAY_SECONDS) and cache.get(key) is not None:
        return
    try:
        with transaction.atomic():
            record("file.read", by=by, on=file, sha256=file.sha256)
    except BaseException:
        cache.delete(key)
        raise
