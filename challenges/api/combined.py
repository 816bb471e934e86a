"""Read the combined boards of a challenge."""

import csv
import io
from typing import Literal

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from ninja import Router, Schema

from challenges.api.finding import challenge_named
from challenges.enums import Split
from challenges.queries import combined as reads
from challenges.schemas import BoardNameOut
from portal.accounts.bearer import anyone
from portal.lib.conditional import tagged
from portal.lib.endpoints import lazy as _
from portal.lib.endpoints import refused

router = Router(tags=[_("Challenges")], auth=anyone)
SEEN = refused(401, 403, 404, 429)


class CombinedNameOut(Schema):
    """A combined board that can be read, and the boards whose ranks it reads."""

    key: str
    title: str
    combination: Literal["mean", "median"]
    boards: list[BoardNameOut]


class CombinedRowOut(Schema):
    """A row: ranks follow boards; rank and value are null for a team without one of them."""

    team: str
    rank: int | None
    value: str | None
    ranks: list[int | None]


class CombinedOut(CombinedNameOut):
    """A combined board: teams ranked by the mean or the median of their ranks."""

    challenge: str
    split: Literal["public", "private"]
    rows: list[CombinedRowOut]


@router.get(
    "/challenges/{slug:slug}/combined",
    response={200: list[CombinedNameOut], **SEEN},
    operation_id="combined_boards",
    summary=_("Lister les classements combinés d’un challenge"),
)
def combined_boards(request: HttpRequest, slug: str) -> list[dict[str, object]]:
    """Chacun classe les équipes par la moyenne ou la médiane de leurs rangs."""
    return [
        {
            "key": each.key,
            "title": each.title,
            "combination": each.combination,
            "boards": [
                {"key": one.key, "title": one.title, "phase": one.phase.index}
                for one in each.boards()
            ],
        }
        for each in reads.shown_to_all(challenge_named(request, slug))
    ]


@router.get(
    "/challenges/{slug:slug}/combined/{key}.csv",
    response={200: str, **SEEN},
    operation_id="combined_board_csv",
    summary=_("Lire un classement combiné, en CSV"),
)
def combined_board_csv(
    request: HttpRequest, slug: str, key: str, split: Split | None = None
) -> HttpResponseBase:
    """Comme la page : formules neutralisées, ETag."""
    found = reads.read(challenge_named(request, slug), key, request.user, split)
    out = io.StringIO()
    csv.writer(out).writerows(reads.csv_rows(found))
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    return tagged(request, response, digest=found.digest)


@router.get(
    "/challenges/{slug:slug}/combined/{key}",
    response={200: CombinedOut, **SEEN},
    operation_id="combined_board",
    summary=_("Lire un classement combiné"),
)
def combined_board(
    request: HttpRequest, slug: str, key: str, split: Split | None = None
) -> HttpResponseBase:
    """split : public, ou private une fois toutes les phases révélées ; alors par défaut."""
    found = reads.read(challenge_named(request, slug), key, request.user, split)
    answer = JsonResponse(reads.as_document(found, reads.rows_of(found)))
    return tagged(request, answer, digest=found.digest)
