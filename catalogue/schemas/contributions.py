"""What the endpoints of contributions send."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

from catalogue.schemas.reading import OriginOut


class RemarkOut(Schema):
    """One thing that a check says. verdict: green, unknown, warning or blocking."""

    code: str
    field: str
    verdict: str
    message: str


class CheckOut(Schema):
    """One automatic check: its verdict is the gravest of its remarks."""

    code: str
    name: str
    verdict: str
    remarks: list[RemarkOut]


class DecisionOut(Schema):
    """What the Region decided: published, refused or changes_requested, why, on which fields."""

    outcome: str
    reason: str
    message: str
    fields: list[str]
    decided_at: datetime


class CollisionOut(Schema):
    """A field changed both online and in the proposal since the work began, in words."""

    field: str
    label: str
    base: str
    online: str
    proposed: str


class SubjectOut(Schema):
    """The resource that a contribution is about; slug and url are null until it is online."""

    id: UUID
    kind: str
    slug: str | None
    url: str | None


class ContributionOut(Schema):
    """A contribution in a list.

    status: draft, offered (to who holds the card), submitted, changes_requested, published…
    new: of a resource that was never online. version: changes with each step of the review.
    """

    id: UUID
    resource: SubjectOut
    title: str
    status: str
    new: bool
    version: int
    organisation: str | None
    created_at: datetime
    edited_at: datetime | None
    submitted_at: datetime | None
    decided_at: datetime | None
    page: str


class ContributionsOut(Schema):
    """Some contributions, the latest begun first."""

    contributions: list[ContributionOut]
    next_cursor: str | None


class DraftOriginOut(OriginOut):
    """Where a value of a draft was read: key, its place in the document; guessed until confirmed.

    Saving the field with the form, or giving it again, confirms it.
    """

    key: str
    guessed: bool


class WholeContributionOut(ContributionOut):
    """A contribution in full.

    record: what is proposed. checks: what was found when it was last sent. base_revision: what was
    online when the work began; stale: something else is online since, and collisions says what
    both changed. owner_answer: accepted, declined or silent, of who holds the card that somebody
    else changes. may: what the caller may do now (edit, submit, withdraw).
    """

    record: dict[str, Any]
    provenance: dict[str, DraftOriginOut]
    checks: list[CheckOut]
    decisions: list[DecisionOut]
    base_revision: int | None
    stale: bool
    collisions: list[CollisionOut]
    owner_answer: str
    owner_reason: str
    owner_due_at: datetime | None
    reply: str
    charter: str
    may: list[str]


class AnswerIn(Schema):
    """What who answers for a card thinks of a change. answer: accept or decline, with a reason."""

    answer: str = Field(max_length=20)
    reason: str = Field("", max_length=4_000)
