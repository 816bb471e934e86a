"""The sweep of the private store: what no row names any more is set aside, then removed."""

from django.conf import settings
from django.db import transaction

from portal.audit.actors import SystemActor
from portal.audit.duties import duty
from portal.audit.record import record
from portal.lib.storage import objects, parts
from portal.lib.storage.objects import hours_ago, referenced, unnamed

BY = SystemActor("sweep")


@duty("audit.objects", minutes=60, by_itself=True)
def sweep() -> int:
    """Remove what was set aside a delay ago, set aside what nothing names; return how many went.

    Call it outside any transaction: the store is listed in none, and each object has its own.
    Two sweeps may overlap: each leaves alone what the other has moved since it listed.

    Side effects: event "object.purged" for each object removed, "object.set_aside" for each taken
    out of sight. Parts that no upload names go too, untold: they were never a file. The delay is
    settings.OBJECTS_UNNAMED_HOURS.
    """
    store, before = objects.store(), hours_ago(settings.OBJECTS_UNNAMED_HOURS)
    store.drop_drafts(before=before)
    parts.sweep(before=before)
    aside = dict(store.aside())
    for sha256 in referenced(aside):
        store.bring_back(sha256)
        del aside[sha256]
    gone = [sha256 for sha256, at in sorted(aside.items()) if at <= before]
    purged = sum([_purge(sha256) for sha256 in gone])
    for sha256 in unnamed(hours=settings.OBJECTS_UNNAMED_HOURS):
        _set_aside(sha256, before)
    return purged


def _purge(sha256: str) -> bool:
    """Remove what is aside, once its event stands; False when a row came to name it, or it is gone.

    Killed between the two, the next sweep finds it aside and tells it again: nothing goes untold.
    """
    store = objects.store()
    with transaction.atomic(durable=True):
        if not store.is_aside(sha256):  # a sweep that began before this one removed it
            return False
        if referenced([sha256]):
            store.bring_back(sha256)
            return False
        record("object.purged", by=BY, on=f"object:{sha256}")
    store.drop_aside(sha256)
    return True


@transaction.atomic(durable=True)
def _set_aside(sha256: str, before: float) -> None:
    store = objects.store()
    if not store.set_aside(sha256, before=before):
        return
    if referenced([sha256]):  # a row came between the two
        store.bring_back(sha256)
        return
    record("object.set_aside", by=BY, on=f"object:{sha256}")
