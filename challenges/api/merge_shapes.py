"""What the endpoints of merge requests take and send."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field


class MergeIn(Schema):
    """The team that would take one's own in, by its name."""

    model_config = ConfigDict(extra="forbid")

    into: str = Field(max_length=80)


class MergeAnswerIn(Schema):
    """What is decided on a request to merge."""

    model_config = ConfigDict(extra="forbid")

    answer: Literal["accept", "refuse", "withdraw"]


class MergeOut(Schema):
    """A request to merge two teams; from is absorbed, into stays."""

    id: UUID
    challenge: str
    from_team: str
    into_team: str
    state: str
    asked_at: datetime
    answered_at: datetime | None


class MergesOut(Schema):
    """The requests that one's team sent or received, the last first."""

    merge_requests: list[MergeOut]
