"""What an export says of a challenge beyond our portable form: read strictly, it may be forged."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

Line = Field("", max_length=200)
Long = Field("", max_length=20_000)


Instant = Annotated[AwareDatetime | None, Field(strict=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Page(_Strict):
    """A further page: its title, and the file of its text."""

    title: str = Field(max_length=120)
    file: str = Field(max_length=200)


class Question(_Strict):
    """A question of the fact sheet."""

    key: str = Field(max_length=64)
    label: str = Field("", max_length=200)
    type: str = Field("text", max_length=16)
    options: list[str] = Field(default_factory=list, max_length=200)
    required: bool = False
    on_leaderboard: bool = False


class PhaseFields(_Strict):
    """What a phase has under the same names."""

    name: str = Field(max_length=120)
    opens_at: Instant = None
    closes_at: Instant = None
    max_per_day: int | None = Field(None, ge=0, le=2**31 - 1)
    max_total: int | None = Field(None, ge=0, le=2**31 - 1)
    final_choices: int = Field(2, ge=1, le=1_000)
    kind: Literal["trial", "public", "final", "code"] = "public"
    max_parallel: int | None = Field(None, ge=1, le=1_000)
    max_refused_per_day: int = Field(20, ge=0, le=10_000)
    time_limit_s: int = Field(600, ge=1, le=86_400)
    memory_mb: int = Field(1_024, ge=16, le=65_536)
    logs: Literal["none", "organiser", "team_trial"] = "none"
    benchmark_after_close: bool = False


class PhaseSettings(PhaseFields):
    """A phase as it is today: an imported source says only what it was."""

    index: int = Field(ge=0, le=1_000)
    # How the public score is shown; None where the export does not say: as in the first phase.
    ladder: bool | None = None
    # Of a file; None where the export does not say.
    max_bytes: int | None = Field(None, ge=1, le=2**31)
    # The phase whose final choices this one takes over.
    follows: int | None = Field(None, ge=0, le=1_000)
    # Scored by other answers or figures than the first phase, or by further tasks.
    apart: bool = False

    @model_validator(mode="after")
    def _closes_after_it_opens(self) -> "PhaseSettings":
        if self.opens_at and self.closes_at and self.closes_at <= self.opens_at:
            raise ValueError("la clôture doit suivre l’ouverture")
        return self


class ColumnSettings(_Strict):
    """How a leaderboard shows a figure."""

    key: str = Field(max_length=36)
    hidden: bool = False
    valid_min: float | None = Field(None, allow_inf_nan=False)
    valid_max: float | None = Field(None, allow_inf_nan=False)
    # Of former archives: what a program may write, now an answer of the import alone.
    values: str = Field("", max_length=500)


class BoardSettings(_Strict):
    """What our portable form does not say of a leaderboard."""

    key: str = Field(max_length=36)
    title: str = Field(max_length=64)
    hidden: bool = False
    anonymous: bool = False
    phase: int = Field(0, ge=0, le=1_000)
    rule: Literal["best", "last", "chosen", "all"] = "best"
    primary: str = Field("", max_length=36)
    columns: list[ColumnSettings] = Field(default_factory=list, max_length=100)


class ChallengeFields(_Strict):
    """What a challenge has under the same names."""

    title: str = Field(min_length=1, max_length=200)
    summary: str = Field(max_length=20_000)
    kind: Literal["competition", "benchmark"] = "competition"
    registration: Literal["open", "approval", "invited"] = "open"
    team_min: int = Field(1, ge=1, le=1_000)
    team_max: int = Field(10, ge=1, le=1_000)
    allowed_domains: list[str] = Field(default_factory=list, max_length=1_000)
    blocked_domains: list[str] = Field(default_factory=list, max_length=1_000)
    prizes_md: str = Long
    prize_rule_md: str = Long
    contact: str = Field("", max_length=254)
    forum_url: str = Line
    restricted: bool = False


class Settings(ChallengeFields):
    """How a challenge is run, and its further pages."""

    terms: str = Field(max_length=200)  # the file of the rules in force
    # The cards of the catalogue that the challenge starts from; absent where the document says it.
    cards: list[Annotated[str, Field(max_length=500)]] = Field(default_factory=list, max_length=10)
    fact_sheet: list[Question] = Field(default_factory=list, max_length=200)
    pages: list[Page] = Field(default_factory=list, max_length=50)
    phases: list[PhaseSettings] = Field(default_factory=list, max_length=100)
    boards: list[BoardSettings] = Field(default_factory=list, max_length=100)
