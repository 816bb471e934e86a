"""What the endpoints of imports send and take."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field


class ProblemLine(Schema):
    """A line of an import report: file, key, value, decision."""

    code: str
    file: str
    key: str
    value: str
    message: str


class ChoiceOut(Schema):
    """One answer to choose, and its words."""

    value: str
    label: str


class AskedOut(Schema):
    """A question of an import report; proposal is kept without an answer, "" needs one.

    choices: the answers to choose from, none when any text is read.
    """

    key: str
    text: str
    help: str
    proposal: str
    choices: list[ChoiceOut]


class ImportOut(Schema):
    """A deposited bundle: its report, and the draft once accepted.

    errors: faults of the archive, or of the last answers given.
    """

    id: UUID
    filename: str
    sha256: str
    size: int
    state: Literal["waiting", "read", "creating", "refused", "accepted", "failed", "expired"]
    format: str
    errors: list[ProblemLine]
    warnings: list[ProblemLine]
    questions: list[AskedOut]
    facts: dict[str, Any] | None
    dry_run: list[str]
    challenge: str | None
    page: str
    expires_at: datetime


class AnswersIn(Schema):
    """Answers to the questions of a report, by key."""

    model_config = ConfigDict(extra="forbid")

    answers: dict[str, Annotated[str, Field(max_length=500)]] = Field(
        default_factory=dict, max_length=1_000
    )
