"""Read challenges, their phases, their rules and their leaderboards: what the pages show."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import patch_cache_control
from ninja import Query, Router, Schema
from pydantic import Field

from challenges.entries.actions.deposits import offered_answers
from challenges.evaluation.enums import Split
from challenges.organising.api import challenge_named
from challenges.organising.models.challenges import Challenge, Phase, PublicFile, Terms
from challenges.organising.models.scorings import Leaderboard
from challenges.organising.queries import current_phase, moment_of
from challenges.pages.queries import counted_challenges
from challenges.receipts.queries import published_keys
from challenges.results.queries import boards
from challenges.results.queries import boards as reads
from challenges.teams.queries import latest_terms
from portal.accounts.bearer import anyone
from portal.lib import clock, visible
from portal.lib.refusals import Hidden
from portal.lib.web.endpoints import Address, Limit, after, refused, sent_as
from portal.lib.web.endpoints import lazy as _
from portal.lib.web.responses import tagged

Moment = Literal["undated", "coming", "open", "closed"]


def _now(context: Any) -> datetime:
    """Return the instant of the answer: read once, and the same in all of it."""
    request = context["request"]
    if not hasattr(request, "instant"):
        request.instant = clock.now()
    instant: datetime = request.instant
    return instant


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

    @classmethod
    def read(cls, question: dict[str, Any]) -> "QuestionOut":
        """Read a question as the organiser declared it."""
        return cls(
            key=str(question["key"]),
            label=str(question.get("label") or question["key"]),
            type=str(question.get("type") or "text"),
            options=offered_answers(question),
            required=bool(question.get("required")),
        )


class PhaseOut(Schema):
    """A phase takes files from opens_at, included, to closes_at, excluded. null: no limit.

    paused_at: since when what it takes waits, unscored; pause_reason says why, "" otherwise.
    """

    index: int
    name: str
    kind: str
    moment: Moment
    opens_at: datetime | None
    closes_at: datetime | None
    max_per_day: int | None
    max_total: int | None
    max_parallel: int | None
    max_bytes: int
    final_choices: int
    revealed: bool = Field(alias="is_revealed")
    paused_at: datetime | None
    pause_reason: str

    @staticmethod
    def resolve_moment(phase: Phase, context: Any) -> str:
        return phase.moment(_now(context)).value


class FileOut(Schema):
    """A public file of a challenge."""

    name: str
    role: str
    size: int
    sha256: str
    rows: int | None
    address: Address

    @staticmethod
    def resolve_address(file: PublicFile) -> str:
        return reverse("challenges:file", args=[file.challenge.slug, file.name])


class BoardNameOut(Schema):
    """A leaderboard that can be read."""

    key: str
    title: str
    phase: int = Field(alias="phase.index")


class ListedOut(Schema):
    """A challenge in a list; phase is the one in view."""

    slug: str
    title: str
    summary: str
    language: str
    organiser: str = Field(alias="organiser.name")
    task: str
    status: str
    moment: Moment
    phase: int | None
    closes_at: datetime | None
    teams: int = Field(alias="scored_teams")
    entries: int = Field(alias="scored_entries")
    page: Address

    @staticmethod
    def resolve_moment(challenge: Challenge, context: Any) -> str:
        now = _now(context)
        return moment_of(challenge, _in_view(challenge, context), now).value

    @staticmethod
    def resolve_phase(challenge: Challenge, context: Any) -> int | None:
        phase = _in_view(challenge, context)
        return phase.index if phase else None

    @staticmethod
    def resolve_closes_at(challenge: Challenge, context: Any) -> datetime | None:
        phase = _in_view(challenge, context)
        return phase.closes_at if phase else None

    @staticmethod
    def resolve_page(challenge: Challenge) -> str:
        return reverse("challenges:presentation", args=[challenge.slug])


def _in_view(challenge: Challenge, context: Any) -> Phase | None:
    return current_phase(list(challenge.phases.all()), _now(context))


class ChallengesOut(Schema):
    """Some challenges; next_cursor asks for those that follow."""

    challenges: list[ListedOut]
    next_cursor: str | None


class AccessOut(Schema):
    """What allows the restricted data of a challenge to be used, as the public register says it."""

    number: str
    purpose: str
    forbidden_uses: list[str]


class ChallengeOut(ListedOut):
    """A challenge in full; terms is the number of the rules in force.

    restricted: nothing is shown of what programs write; access: null without restricted data.
    """

    registration: str
    team_min: int
    team_max: int
    restricted: bool
    access: AccessOut | None = Field(alias="grant")
    terms: int | None
    fact_sheet: list[QuestionOut]
    phases: list[PhaseOut]
    leaderboards: list[BoardNameOut]
    files: list[FileOut]
    kit: Address

    @staticmethod
    def resolve_terms(challenge: Challenge) -> int | None:
        terms = latest_terms(challenge)
        return terms.number if terms else None

    @staticmethod
    def resolve_fact_sheet(challenge: Challenge) -> list[QuestionOut]:
        return [QuestionOut.read(each) for each in challenge.fact_sheet]

    @staticmethod
    def resolve_leaderboards(challenge: Challenge) -> list[Leaderboard]:
        shown = challenge.leaderboards.filter(hidden=False).select_related("phase")
        return list(shown.order_by("phase__index", "pk"))

    @staticmethod
    def resolve_kit(challenge: Challenge) -> str:
        return reverse("challenges:kit", args=[challenge.slug])


class TermsOut(Schema):
    """The rules in force."""

    number: int
    sha256: str
    text: str
    at: datetime = Field(alias="created_at")


class ColumnOut(Schema):
    """A column of a leaderboard."""

    key: str
    title: str
    direction: str
    decimals: int
    primary: bool


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

    version: Literal[1]
    challenge: str
    challenge_title: str
    key: str
    title: str
    phase: int
    phase_name: str
    split: Literal["public", "private"]
    final: bool
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


KEYS_SECONDS = 3_600
router = Router(tags=[_("Challenges")], auth=anyone)
SEEN = refused(401, 404, 429)


@router.get(
    "/challenges",
    response={200: ChallengesOut, **refused(401, 422, 429)},
    operation_id="challenges",
    summary=_("Lister les challenges, le dernier créé d’abord"),
)
def challenges(request: HttpRequest, cursor: str = "", limit: Limit = 20) -> dict[str, Any]:
    """Les brouillons que le porteur du jeton peut lire y sont aussi."""
    rows = Challenge.objects.visible_to(request.user)
    found = after(rows, by="created_at", cursor=cursor, limit=limit)
    # What a row counts is counted for the rows of this answer, not for every challenge.
    counted = counted_challenges(request.user).in_bulk([each.pk for each in found.rows])
    listed = [counted[each.pk] for each in found.rows]
    return {"challenges": listed, "next_cursor": found.next_cursor}


@router.get(
    "/challenges/{slug:slug}",
    response={200: ChallengeOut, **SEEN},
    operation_id="challenge",
    summary=_("Lire un challenge : phases, classements, fichiers publics, questions"),
)
def challenge(request: HttpRequest, slug: str) -> Challenge:
    """Les fichiers publics ont leur adresse et leur empreinte."""
    rows = counted_challenges(request.user)
    return visible.find(rows, among=Challenge.objects.all(), slug=slug)


@router.get(
    "/challenges/{slug:slug}/phases",
    response={200: list[PhaseOut], **SEEN},
    operation_id="phases",
    summary=_("Lire les phases d’un challenge : dates, essais, limites"),
)
def phases(request: HttpRequest, slug: str) -> QuerySet[Phase]:
    """Une phase prend les fichiers de opens_at (compris) à closes_at (non compris)."""
    return challenge_named(request, slug).phases.select_related("reveal").order_by("index")


@router.get(
    "/challenges/{slug:slug}/terms",
    response={200: TermsOut, **SEEN},
    operation_id="terms",
    summary=_("Lire le règlement en vigueur"),
)
def terms(request: HttpRequest, slug: str) -> Terms:
    """Son numéro est celui qu’on accepte."""
    found = latest_terms(challenge_named(request, slug))
    if found is None:
        raise Hidden
    return found


@router.get(
    "/challenges/{slug:slug}/leaderboards/{key}.csv",
    response={200: None, **SEEN},
    openapi_extra=sent_as("text/csv"),
    operation_id="leaderboard_csv",
    summary=_("Lire un classement, en CSV"),
)
def leaderboard_csv(
    request: HttpRequest, slug: str, key: str, split: Split | None = None
) -> HttpResponseBase:
    """Comme la page : formules neutralisées, ETag."""
    phase, wanted = _board(request, slug, key, split)
    board = reads.board_head(phase, wanted, request.user, key=key)
    response = HttpResponse(reads.csv_text(board), content_type="text/csv; charset=utf-8")
    return tagged(request, response, digest=board.digest)


@router.get(
    "/challenges/{slug:slug}/leaderboards/{key}",
    response={200: BoardOut, **SEEN},
    operation_id="leaderboard",
    summary=_("Lire un classement"),
)
def leaderboard(
    request: HttpRequest,
    slug: str,
    key: str,
    split: Split | None = None,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> HttpResponseBase:
    """split : public, ou private une fois les résultats révélés ; par défaut le plus définitif.

    page : un classement de plus de 1 000 lignes se lit par pages (pages en dit le nombre).
    Répond 304 quand If-None-Match porte l’ETag d’une réponse inchangée.
    """
    phase, wanted = _board(request, slug, key, split)
    board = boards.read_board(
        phase, wanted, request.user, key=key, page=page, per_page=boards.JSON_ROWS
    )
    return tagged(request, JsonResponse(reads.as_document(board)), digest=board.digest)


@router.get(
    "/keys",
    response={200: KeysOut, **refused(401, 429)},
    operation_id="keys",
    summary=_("Lire les clés publiques qui signent les récépissés"),
    url_name="receipt_keys",
)
def keys(request: HttpRequest) -> HttpResponse:
    """Les anciennes aussi, la dernière utilisée d’abord."""
    response = JsonResponse({"keys": published_keys()})
    patch_cache_control(response, public=True, max_age=KEYS_SECONDS)
    return response


def _board(request: HttpRequest, slug: str, key: str, split: Split | None) -> tuple[Phase, Split]:
    challenge = challenge_named(request, slug)
    found = (
        Leaderboard.objects.filter(challenge=challenge, key=key, hidden=False)
        .select_related("phase__challenge", "phase__reveal")
        .first()
    )
    if found is None:
        raise Hidden
    default = Split.PRIVATE if found.phase.is_revealed else Split.PUBLIC
    return found.phase, split or default
