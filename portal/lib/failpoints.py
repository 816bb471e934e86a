"""Named places where a fault test may kill or fail the process; inert outside tests."""

import errno
import os

from django.conf import settings

_hits: dict[str, int] = {}


def hit(name: str) -> None:
    """Stop the process here if settings.OE_FAILPOINT names this place.

    Form: `name`, `name:n` (at the n-th passage) or `name:enospc` (raise "disk full").
    """
    wanted = getattr(settings, "OE_FAILPOINT", "")
    if not wanted or wanted.split(":")[0] != name:
        return
    _, _, detail = wanted.partition(":")
    if detail == "enospc":
        raise OSError(errno.ENOSPC, "No space left on device")
    _hits[name] = _hits.get(name, 0) + 1
    if _hits[name] >= int(detail or 1):
        os._exit(9)
