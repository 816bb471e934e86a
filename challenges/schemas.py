"""What the endpoints of challenges send and take."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field


class FaultOut(Schema):
    """A fault of a file: code of a closed list, place, sentence in the language asked for."""

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


class QuestionOut(Schema):
    """A question of the organiser, to be answered with each entry.

    type: text, select, radio, checkbox or boolean. With options the answer is one of them, or, of
    a checkbox, the list of those chosen; a boolean, or a checkbox without options, is true or
    false. required: an empty answer is refused; each question has its key in any case.
    """

    key: str
    label: str
    type: str
    options: list[str]
    required: bool


class PhaseOut(Schema):
    """A phase takes files from opens_at, included, to closes_at, excluded. null: no limit.

    paused_at: since when what it takes waits, unscored; pause_reason says why, "" otherwise.
    """

    index: int
    name: str
    kind: str
    moment: Literal["undated", "coming", "open", "closed"]
    opens_at: datetime | None
    closes_at: datetime | None
    max_per_day: int | None
    max_total: int | None
    max_parallel: int | None
    max_bytes: int
    final_choices: int
    revealed: bool
    paused_at: datetime | None
    pause_reason: str


class FileOut(Schema):
    """A public file of a challenge."""

    name: str
    role: str
    size: int
    sha256: str
    rows: int | None
    address: str


class BoardNameOut(Schema):
    """A leaderboard that can be read."""

    key: str
    title: str
    phase: int


class ListedOut(Schema):
    """A challenge in a list; phase is the one in view."""

    slug: str
    title: str
    summary: str
    language: str
    organiser: str
    task: str
    status: str
    moment: Literal["undated", "coming", "open", "closed"]
    phase: int | None
    closes_at: datetime | None
    teams: int
    entries: int
    page: str


class ChallengesOut(Schema):
    """Some challenges; next_cursor asks for those that follow."""

    challenges: list[ListedOut]
    next_cursor: str | None


class ChallengeOut(ListedOut):
    """A challenge in full; terms is the number of the rules in force."""

    registration: str
    team_min: int
    team_max: int
    terms: int | None
    fact_sheet: list[QuestionOut]
    phases: list[PhaseOut]
    leaderboards: list[BoardNameOut]
    files: list[FileOut]
    kit: str


class TermsOut(Schema):
    """The rules in force."""

    number: int
    sha256: str
    text: str
    at: datetime


class ColumnOut(Schema):
    """A column of a leaderboard."""

    key: str
    title: str
    direction: str
    decimals: int


class BoardRowOut(Schema):
    """A row: teams of one tier share their rank; the reference has none.

    metrics: {column: {value, low, high}}, {column: {groups: {group: {value, n}}}} or, for an
    answer of the fact sheet, {column: {text}}.
    """

    team: str
    rank: int | None
    tier: int | None
    baseline: bool
    metrics: dict[str, Any]


class BoardOut(Schema):
    """A leaderboard on one part of the data, rows in order, 1,000 a page."""

    challenge: str
    key: str
    title: str
    phase: int
    split: Literal["public", "private"]
    computed_at: datetime | None
    page: int
    pages: int
    columns: list[ColumnOut]
    rows: list[BoardRowOut]


class KeyOut(Schema):
    """A public key (Ed25519) of receipts."""

    key_id: str
    algorithm: str
    public_key: str
    pem: str
    first_used_at: datetime | None


class KeysOut(Schema):
    """Every public key that signs or signed receipts here."""

    keys: list[KeyOut]


class FigureOut(Schema):
    """A released figure and its interval at 95 %, where there is one to tell."""

    value: float
    text: str
    low: float | None
    high: float | None


class RunOut(Schema):
    """A run of code on hidden inputs, as its team may know it: classes, no figure.

    minutes: at most so many; half_gib: at most so many halves of a GiB; null before the end, or
    above the last class.
    """

    state: str
    reason: str
    minutes: int | None
    half_gib: int | None


class EntryOut(Schema):
    """An entry, for its team. scores: {split: {column: figure}}.

    finished: nothing will act on it any more. errors: why the format was refused.
    score_of: number of the entry whose score is shown instead, by the Ladder.
    disqualified: out of the results by a decision of the Region, by itself or with its team.
    runs: of code, of one entry asked by its id. file_deleted_at: when its file was deleted, its
    months having passed; the rest stays.
    """

    id: UUID
    challenge: str
    phase: int
    team: str
    number: int
    status: str
    status_word: str
    status_since: datetime
    reason: str
    reason_sentence: str
    finished: bool
    received_at: datetime
    grace: bool
    file: str
    sha256: str
    size: int
    file_deleted_at: datetime | None
    note: str
    final_choice: bool
    disqualified: bool
    errors: list[FaultOut]
    warnings: list[str]
    scores: dict[str, dict[str, FigureOut]]
    score_of: int | None
    message: str
    runs: list[RunOut] = []


class EntriesOut(Schema):
    """Some entries, the last received first; next_cursor asks for those before."""

    entries: list[EntryOut]
    next_cursor: str | None


class ReceiptOut(Schema):
    """A receipt as it was signed: the signature covers the canonical JSON of the payload."""

    key_id: str | None
    payload: dict[str, Any]
    signature: str | None


class ChoiceIn(Schema):
    """Whether the entry is a final choice."""

    model_config = ConfigDict(extra="forbid")

    chosen: bool = True


class SpentOut(Schema):
    """What was used of a limit."""

    used: int
    limit: int | None
    left: int | None


class RoomOut(Schema):
    """What the files of a team may still weigh in a phase, in bytes."""

    left: int
    limit: int


class QuotaOut(Schema):
    """What a team may still send; the day is that of Paris."""

    phase: int
    day: SpentOut
    total: SpentOut
    bytes: RoomOut
    left: int | None
    next_opening: datetime | None


class TermsIn(Schema):
    """The number of the rules that were read."""

    model_config = ConfigDict(extra="forbid")

    number: int


class RegistrationOut(Schema):
    """Whether the person takes part: pending, accepted, refused or withdrawn."""

    challenge: str
    state: str
    terms: int | None


class TeamIn(Schema):
    """A new team."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=80)


class MemberOut(Schema):
    """A member of one's team."""

    name: str
    role: str


class TeamOut(Schema):
    """One's team."""

    id: UUID
    challenge: str
    name: str
    slug: str
    state: str
    members: list[MemberOut]


class InvitationIn(Schema):
    """Whom to invite."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=254)


class InvitationOut(Schema):
    """An invitation that was sent; its secret goes by letter alone."""

    id: UUID
    email: str
    expires_at: datetime


class UploadIn(Schema):
    """A file to come, of so many bytes; phase by its number, by default the one in view."""

    model_config = ConfigDict(extra="forbid")

    challenge: str = Field(max_length=80)
    phase: int | None = Field(None, ge=0, le=32_767)
    length: int
    name: str = Field("fichier.csv", min_length=1, max_length=200)


class UploadOut(Schema):
    """An upload: how many bytes are kept, of how many, until when it may end."""

    id: UUID
    offset: int
    length: int
    expires_at: datetime
