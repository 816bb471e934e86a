"""What the endpoints of saved searches take and send."""

from datetime import datetime
from uuid import UUID

from ninja import Schema
from pydantic import Field

from catalogue.schemas.reading import QueryIn


class SearchIn(Schema):
    """A search to keep. frequency: daily, weekly, or feed, a private Atom address alone.

    Of the query, neither the order nor whether all the words are asked for is kept.
    """

    query: QueryIn
    title: str = Field("", max_length=200)
    frequency: str = Field("daily", max_length=20)


class SearchOut(Schema):
    """A saved search of one's own.

    query: as the address of its results writes it. found: publications told so far. feed: the
    address of its private feed, a secret; null when it is shut, or the token may not read.
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
