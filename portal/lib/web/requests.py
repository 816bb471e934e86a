"""What requests bring as text, and what is written of their addresses in a journal or a trace."""

import logging
from typing import Any
from uuid import UUID

from django.views.decorators.http import require_http_methods

MOST_DIGITS = 18
# A page with its form, or what the form sends.
get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def natural(text: str) -> int:
    """Read a whole number written in digits; 0 for any other text, 10**18 for a longer one.

    int() alone raises ValueError past 4,300 digits.
    """
    if not text.isdecimal():
        return 0
    return int(text) if len(text) <= MOST_DIGITS else 10**MOST_DIGITS


def identifier(text: str) -> UUID | None:
    """Read a public identifier as we write it; None for any other text."""
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


# Parts of an address that open something: never written down.
SECRETS = {"token", "key", "uidb36"}


def without_secrets(path: str, match: Any) -> str:
    """Give a path with « … » where its route, a ResolverMatch or None, reads a secret."""
    for name, value in match.kwargs.items() if match else ():
        if name in SECRETS:
            path = path.replace(str(value), "…")
    return path


class PathsWithoutSecrets(logging.Filter):
    """Take the secrets out of what Django says of the requests that it refuses.

    Django gives the path as an argument of the message, and the request beside it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the arguments of a record that bears a request; keep every record."""
        match = getattr(getattr(record, "request", None), "resolver_match", None)
        if match and isinstance(record.args, tuple):
            record.args = tuple(
                without_secrets(each, match) if isinstance(each, str) else each
                for each in record.args
            )
        return True
