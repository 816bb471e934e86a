"""What the endpoints of saved searches take and send."""

from datetime import datetime
from uuid import UUID

from ninja import Schema


class SearchOut(Schema):
    """A saved search of one's own.

    query: as the address of its results writes it. found: publications told so far. feed: the
    address of its private feed, a secret; null when it is shut.
    """

    id: UUID
    title: str
    query: str
    frequency: str
    paused: bool
    created_at: datetime
    found: int
    results: str
    page: str
    feed: str | None


class SearchesOut(Schema):
    """Some of one's saved searches, the latest first."""

    searches: list[SearchOut]
    next_cursor: str | None
