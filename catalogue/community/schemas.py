"""What the endpoints around cards take and send: follows, reuses, discussions, saved searches."""

from datetime import datetime
from typing import Annotated, Any

from django.urls import reverse
from ninja import Schema
from pydantic import BeforeValidator, Field

from catalogue.community.actions import alerts
from catalogue.community.models import SavedSearch
from catalogue.resources.enums import UseCase
from catalogue.search.schemas import QueryIn
from portal.discussions.models import Discussion, Message
from portal.discussions.queries import messages
from portal.lib.web.endpoints import Address, PublicId, Words

MOST_MESSAGES = 200
Month = Annotated[str, BeforeValidator("{:%Y-%m}".format)]


class SubjectIn(Schema):
    """One thing to follow: a card (identifier or slug), an organisation, a use case, a tag."""

    resource: str = Field("", max_length=140)
    organisation: str = Field("", max_length=80)
    use_case: UseCase | None = None
    tag: str = Field("", max_length=120)


class FollowOut(Schema):
    """One thing that one follows. subject: resource, organisation, use_case, tag; value: which."""

    subject: str = Field(alias="field")
    value: str
    title: str
    url: Address = Field(alias="href")


class FollowsOut(Schema):
    """What one follows, the latest first."""

    follows: list[FollowOut]
    next_cursor: str | None


class ReuseIn(Schema):
    """What was made with one to ten cards, by identifier or slug.

    kind: application, study, visualisation, press, training, or field: a use in the field, which
    may go without url and says its result (description), place (never a person's name), month
    (used_on, YYYY-MM), for how many persons. organisation: the slug of one where one writes;
    organisation_name: another one.
    """

    resources: list[str] = Field(min_length=1, max_length=10)
    title: str = Field(max_length=200)
    url: str = Field("", max_length=600)
    kind: str = Field(max_length=20)
    description: str = Field("", max_length=2_000)
    place: str = Field("", max_length=200)
    used_on: str = Field("", max_length=10)
    persons: int | None = None
    organisation: str | None = Field(None, max_length=80)
    organisation_name: str = Field("", max_length=200)


class ReuseOut(Schema):
    """A reuse. state: waiting, published, refused or withdrawn; message: why it was refused."""

    id: PublicId
    title: str
    url: str
    kind: str
    description: str
    place: str
    used_on: Month | None
    persons: int | None
    holder: str
    state: str
    message: str
    at: datetime


class ReusesOut(Schema):
    """The reuses of a card, and one's own that wait, the latest first."""

    reuses: list[ReuseOut]
    next_cursor: str | None


class MessageIn(Schema):
    """A message, in Markdown: public, under one's displayed name."""

    body: str = Field(max_length=20_000)


class DiscussionIn(MessageIn):
    """A new subject and its first message."""

    title: str = Field(max_length=200)


class MessageOut(Schema):
    """A message. body is null once the Region has hidden it, for hidden_reason.

    state: shown, hidden, or held, which its author and the Region alone read. owner: written by
    who answers for the card.
    """

    id: PublicId
    by: Words
    at: datetime
    state: str
    owner: bool = Field(alias="from_owner")
    body: str | None
    hidden_reason: str

    @staticmethod
    def resolve_body(message: Message) -> str | None:
        return None if message.is_hidden else message.body_md


class DiscussionOut(Schema):
    """A discussion of a card."""

    id: PublicId
    title: str
    by: Words
    at: datetime
    moved_at: datetime
    state: str
    closed: bool = Field(alias="is_closed")
    close_reason: str
    page: Address = Field(alias="path")


class DiscussionsOut(Schema):
    """The discussions of a card, the latest opened first."""

    discussions: list[DiscussionOut]
    next_cursor: str | None


class WholeDiscussionOut(DiscussionOut):
    """A discussion and its messages, in the order they were written, 200 at most."""

    messages: list[MessageOut]

    @staticmethod
    def resolve_messages(discussion: Discussion, context: Any) -> list[Message]:
        return list(messages(discussion, context["request"].user)[:MOST_MESSAGES])


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
    address of its private feed, a secret; null for a search that writes letters, or where the token
    may not read.
    """

    id: PublicId
    title: str
    query: str
    frequency: str
    created_at: datetime
    found: int
    results: Address
    page: str
    feed: str | None

    @staticmethod
    def resolve_found(search: SavedSearch) -> int:
        return getattr(search, "found", 0)

    @staticmethod
    def resolve_results(search: SavedSearch) -> str:
        listed = reverse("catalogue:list")
        return f"{listed}?{search.query}" if search.query else listed

    @staticmethod
    def resolve_page(search: SavedSearch) -> str:
        return alerts.manage_link(search)

    @staticmethod
    def resolve_feed(search: SavedSearch) -> str | None:
        return alerts.feed_link(search) or None


class SearchesOut(Schema):
    """Some of one's saved searches, the latest first."""

    searches: list[SearchOut]
    next_cursor: str | None
