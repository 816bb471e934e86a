"""Read challenges, their phases, their rules and their leaderboards: what the pages show."""

import csv
import io
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control
from ninja import Query, Router

from challenges.api.finding import challenge_named
from challenges.api.shapes import board_json, challenge_json, listed_json, phase_json
from challenges.enums import Split
from challenges.models import Challenge, Leaderboard, Phase
from challenges.organising.queries import as_listed, counted
from challenges.receipts.queries import published_keys
from challenges.results.queries import boards
from challenges.results.queries import boards as reads
from challenges.schemas import BoardOut, ChallengeOut, ChallengesOut, KeysOut, PhaseOut, TermsOut
from challenges.teams.queries import latest_terms
from portal.accounts.bearer import anyone
from portal.lib import clock, visible
from portal.lib.endpoints import Limit, after, refused
from portal.lib.endpoints import lazy as _
from portal.lib.refusals import Hidden
from portal.lib.responses import tagged

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
    now = clock.now()
    visible_rows = Challenge.objects.visible_to(request.user)
    found = after(visible_rows, by="created_at", cursor=cursor, limit=limit)
    # What a row counts is counted for the rows of this answer, not for every challenge.
    read = counted(request.user).in_bulk([each.pk for each in found.rows])
    rows = [listed_json(request, as_listed(read[each.pk], now)) for each in found.rows]
    return {"challenges": rows, "next_cursor": found.next_cursor}


@router.get(
    "/challenges/{slug:slug}",
    response={200: ChallengeOut, **SEEN},
    operation_id="challenge",
    summary=_("Lire un challenge : phases, classements, fichiers publics, questions"),
)
def challenge(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Les fichiers publics ont leur adresse et leur empreinte."""
    rows = counted(request.user)
    found = visible.find(rows, among=Challenge.objects.all(), slug=slug)
    now = clock.now()
    return challenge_json(request, as_listed(found, now), now)


@router.get(
    "/challenges/{slug:slug}/phases",
    response={200: list[PhaseOut], **SEEN},
    operation_id="phases",
    summary=_("Lire les phases d’un challenge : dates, essais, limites"),
)
def phases(request: HttpRequest, slug: str) -> list[dict[str, Any]]:
    """Une phase prend les fichiers de opens_at (compris) à closes_at (non compris)."""
    now = clock.now()
    found = challenge_named(request, slug).phases.select_related("reveal").order_by("index")
    return [phase_json(each, now) for each in found]


@router.get(
    "/challenges/{slug:slug}/terms",
    response={200: TermsOut, **SEEN},
    operation_id="terms",
    summary=_("Lire le règlement en vigueur"),
)
def terms(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Son numéro est celui qu’on accepte."""
    found = latest_terms(challenge_named(request, slug))
    if found is None:
        raise Hidden
    return {
        "number": found.number,
        "sha256": found.sha256,
        "text": found.text,
        "at": found.created_at,
    }


@router.get(
    "/challenges/{slug:slug}/leaderboards/{key}.csv",
    response={200: str, **SEEN},
    operation_id="leaderboard_csv",
    summary=_("Lire un classement, en CSV"),
)
def leaderboard_csv(
    request: HttpRequest, slug: str, key: str, split: Split | None = None
) -> HttpResponseBase:
    """Comme la page : formules neutralisées, ETag."""
    phase, wanted = _board(request, slug, key, split)
    board = reads.board_head(phase, wanted, request.user, key=key)
    out = io.StringIO()
    csv.writer(out).writerows(reads.csv_rows(board, reads.each_row(board)))
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
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
    return tagged(request, JsonResponse(board_json(slug, board)), digest=board.digest)


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
