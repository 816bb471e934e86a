"""What the endpoints of challenges send and take."""

from typing import Literal

from ninja import Schema


class FaultOut(Schema):
    """A fault of a file: code of a closed list, place, French sentence."""

    code: str
    message: str
    line: int | None = None
    column: str | None = None
    hint: str | None = None
    value: str | None = None
    expected: str | None = None


class VerdictOut(Schema):
    """What a check says of a file, in the form of `check_predictions --json`.

    code, line, hint and message are those of the first fault; all are in errors.
    """

    verdict: Literal["accept", "reject"]
    code: str | None = None
    line: int | None = None
    hint: str | None = None
    message: str | None = None
    rows: int | None = None
    warnings: list[str]
    notices: list[str]
    errors: list[FaultOut]
