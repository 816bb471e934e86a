"""Bound how many do a costly thing at one time, over all the processes of the web server.

A place is a key of the cache: it is given back, or ends by itself when its process died. It holds
a secret of who took it: given back late, it is not taken from who has it since.
"""

import secrets
from dataclasses import dataclass

from django.core.cache import cache


@dataclass(frozen=True)
class Turn:
    """A place that is held until it is given back."""

    key: str
    secret: str

    def give_back(self) -> None:
        """Let others have the place; twice, or once it has ended, does nothing more."""
        if cache.get(self.key) == self.secret:
            cache.delete(self.key)


def take(name: str, *, most: int, seconds: int) -> Turn | None:
    """Take one of the `most` places of a name for `seconds` at most; None when all are held.

    A place is looked at first: taking one that is held would be a write of the database, refused.
    """
    keys = (f"turn:{name}:{number}" for number in range(most))
    free = (key for key in keys if cache.get(key) is None)
    secret = secrets.token_hex(16)
    key = next((key for key in free if cache.add(key, secret, timeout=seconds)), None)
    return Turn(key, secret) if key is not None else None
