"""When a piece of news is over: the day after the last one that its card tells."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from catalogue.enums.cards import ResourceKind
from catalogue.standards.published import is_date, last_day

FIELD = "expires_on"


def is_over(kind: str, details: Mapping[str, Any], today: date) -> bool:
    """Say whether a card is news whose last day has passed; a month lasts to its last day."""
    told = str(details.get(FIELD) or "")
    return kind == ResourceKind.NEWS and is_date(told) and last_day(told) < today.isoformat()
