"""One canonical JSON, for the ledger, receipts and exports."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"not canonical: {type(value).__name__}")


def dumps(value: Any) -> bytes:
    """Serialise with sorted keys, no spaces, UTF-8; datetimes as UTC with six digits.

    Raises ValueError for NaN and infinities, TypeError for other objects.
    """
    return json.dumps(
        value,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
        default=_plain,
    ).encode()


def digest(value: Any) -> str:
    """Return the sha256 of the canonical form, in hexadecimal."""
    return hashlib.sha256(dumps(value)).hexdigest()
