"""What is owed to a search server beside the database, where SEARCH_URL names one."""

from uuid import uuid4

from django.conf import settings

from portal.audit.outbox import owe

TOPIC = "search.sync"


def is_used() -> bool:
    """Tell whether a server beside the database answers searches."""
    return bool(settings.SEARCH_URL) and not settings.SEARCH_URL.startswith("embedded:")


def owe_sync(resource_id: int) -> None:
    """Owe the server the present state of a resource, once the transaction is committed."""
    if is_used():
        owe(TOPIC, key=f"{resource_id}-{uuid4().hex}", resource_id=resource_id)
