"""Show the standings: page, CSV and JSON."""

import csv
import io
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from challenges.enums import Direction, Split
from challenges.models import Challenge, Phase
from challenges.organising.queries import current_phase
from challenges.organising.views.layout import find_challenge, scene, shares
from challenges.queries import boards as reads
from challenges.queries import windows
from challenges.queries.boards import Board, Row
from challenges.queries.findings import declared_audit
from challenges.rescoring.queries import errata
from challenges.views import boards, programs
from challenges.views.axis import axis_decimals
from portal.lib import clock
from portal.lib.refusals import Hidden
from portal.lib.responses import tagged

PER_PAGE = 25
PARTS = {"publique": Split.PUBLIC, "privee": Split.PRIVATE}


@login_not_required
@require_safe
def standings(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a leaderboard: provisional until the reveal, both parts after it."""
    context = scene(request, slug, "standings")
    phase = phase_wanted(request, context["challenge"], context["phase"])
    context["audited"] = declared_audit(phase) is not None
    context |= {"shown_phase": phase, "phase_links": _phase_links(context["phases"])}
    mine = context["team"].pk if context["team"] else None
    page = page_wanted(request)
    board = board_wanted(request, phase, mine=mine, page=page) if phase else None
    if board is None:
        return render(request, "challenges/standings_none.html", context)
    context |= shares(phase) | board_context(request, board, mine)
    context["board_links"] = board_links(phase)
    if told := programs.words(context["challenge"], phase):
        context |= told
        context["by_task"] = programs.standings_by_task(board, context["rows"])
    return render(request, "challenges/standings.html", context)


@login_not_required
@require_safe
def standings_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send a leaderboard as CSV, formulas neutralised, with an ETag."""
    phase, split = required(request, slug)
    board = reads.head(phase, split, request.user, key=key_wanted(request))
    out = io.StringIO()
    csv.writer(out).writerows(reads.csv_rows(board, reads.each_row(board)))
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}-{board.split.value}.csv"'
    return tagged(request, open_to_sites(response), digest=board.digest)


@login_not_required
@require_safe
def standings_json(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send a leaderboard as JSON, with an ETag; its members are described in docs/api.md.

    A board of more than 1,000 rows is sent by pages of as many: `?page=`.
    """
    phase, split = required(request, slug)
    board = windows.read(
        phase,
        split,
        request.user,
        key=key_wanted(request),
        page=page_wanted(request),
        per_page=windows.JSON_ROWS,
    )
    response = JsonResponse(reads.as_document(board))
    return tagged(request, open_to_sites(response), digest=board.digest)


def open_to_sites(response: HttpResponse) -> HttpResponse:
    """Let scripts of other sites read a public answer, without the reader's cookies."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def phase_wanted(request: HttpRequest, challenge: Challenge, current: Phase | None) -> Phase | None:
    """Return the phase whose board is asked for by number, by default the one in view."""
    index = request.GET.get("phase", "")
    if not index:
        return current
    if not index.isdecimal():
        raise Hidden
    return reads.phase_of(challenge, int(index[:6]))


def split_wanted(request: HttpRequest, phase: Phase) -> Split:
    """Return the part asked for; by default the final one from the reveal on."""
    default = "privee" if reads.is_revealed(phase) else "publique"
    wanted = request.GET.get("partie") or default
    if wanted not in PARTS:
        raise Hidden
    return PARTS[wanted]


def key_wanted(request: HttpRequest) -> str | None:
    """Return the key of the board asked for, None for the first of the phase; raises Hidden."""
    key = request.GET.get("tableau") or None
    if key and not key.isprintable():
        raise Hidden
    return key


def board_wanted(
    request: HttpRequest,
    phase: Phase,
    *,
    mine: int | None = None,
    page: int = 1,
    per_page: int | None = None,
) -> Board | None:
    """Read the board asked for; nothing when the phase has none; Hidden for a sealed part.

    A long one is read by one of its pages: see `windows.read`.
    """
    split = split_wanted(request, phase)
    try:
        return windows.read(
            phase,
            split,
            request.user,
            key=key_wanted(request),
            page=page,
            per_page=per_page or PER_PAGE,
            sort=request.GET.get("tri", ""),
            mine=mine,
        )
    except Hidden:
        if split == Split.PRIVATE:
            raise
        return None


def page_wanted(request: HttpRequest) -> int:
    """Return the number of the page asked for; the first for anything else."""
    asked = request.GET.get("page", "")
    return int(asked[:9]) if asked.isdecimal() else 1


def board_context(request: HttpRequest, board: Board, mine: int | None) -> dict[str, Any]:
    """Prepare everything the page of a board shows."""
    sort = request.GET.get("tri", "")
    shown, page = _shown(board, sort, request.GET.get("page"))
    primary = boards.primary_of(board)
    minimum, maximum, reference = boards.scale_of(board)
    return {
        "board": board,
        "page": page,
        "primary": primary,
        "secondary": [_heading(request, column, sort) for column in boards.secondary_of(board)],
        "masked": board.leaderboard.anonymous and not board.revealed,
        "prize_rules": boards.prize_rules(board.columns, board.leaderboard.phase.challenge),
        "has_fairness": bool(boards.fairness_of(board)),
        "fairness_title": getattr(boards.fairness_summary(board), "title", ""),
        "computed_at": shown[0].standing.computed_at.replace(second=0) if shown else None,
        "rows": boards.table_rows(board, shown, mine=mine, sorted_by_rank=not sort),
        "intervals": boards.has_intervals(board),
        "minimum": minimum,
        "maximum": maximum,
        "axis_decimals": axis_decimals(minimum, maximum),
        "scale": (minimum, maximum, reference),
        "reference": reference,
        "gap": boards.gap(board, mine),
        # Gaps are compared with chance; else equal scores alone share a rank.
        "tested": board.facts.get("tested", boards.has_intervals(board)),
        "sort": sort,
        "final": board.split == Split.PRIVATE,
        "parts": _parts(request, board),
        "part": _("Privé") if board.split == Split.PRIVATE else _("Public"),
        "export": ("partie=privee" if board.split == Split.PRIVATE else "partie=publique")
        + _same_board(request),
    } | _after_reveal(request, board, shown, mine)


def _shown(board: Board, sort: str, asked: str | None) -> tuple[Sequence[Row], Any]:
    """Return the rows of a page, references in their place, and the page."""
    if board.window:
        numbers = range(board.window.listed)
        return board.rows, Paginator(numbers, PER_PAGE).get_page(board.window.page)
    listed = boards.ordered(board, sort)
    page = Paginator([row for row in listed if not row.is_baseline], PER_PAGE).get_page(asked)
    return _on_page(listed, page), page


def _on_page(listed: Sequence[Row], page: Page) -> list[Row]:
    """Keep the rows of the teams of a page, and the references among them, which do not count."""
    teams = {row.standing.pk for row in page.object_list}
    kept: list[Row] = []
    above: list[Row] = []
    for row in listed:
        if row.is_baseline:
            above.append(row)
            continue
        kept += [*above, row] if row.standing.pk in teams else []
        above = []
    return kept if page.has_next() else [*kept, *above]


def _after_reveal(
    request: HttpRequest, board: Board, listed: Any, mine: int | None
) -> dict[str, Any]:
    if not board.revealed:
        return {"fairness": []}
    phase = board.leaderboard.phase
    other = Split.PUBLIC if board.split == Split.PRIVATE else Split.PRIVATE
    key = board.leaderboard.key
    beside = (
        windows.beside(board, other)
        if board.window
        else reads.board(phase, other, request.user, key=key)
    )
    pair = {board.split: board, other: beside}
    return {
        "fairness": boards.fairness_tables(
            pair[Split.PUBLIC], pair[Split.PRIVATE], listed, mine=mine
        ),
        "errata": errata(phase),
    }


def _heading(request: HttpRequest, column: Any, sort: str) -> dict[str, Any]:
    query = request.GET.copy()
    query.pop("page", None)
    query["tri"] = column.key
    directed = column.direction != Direction.NONE
    return {
        "title": column.title,
        "href": f"?{query.urlencode()}" if directed else "",
        "sorted": column.key == sort and directed,
    }


def _parts(request: HttpRequest, board: Board) -> list[tuple[str, str]]:
    if not board.revealed:
        return []
    index, more = board.leaderboard.phase.index, _same_board(request)
    return [
        (_("Public"), f"?phase={index}&partie=publique{more}"),
        (_("Privé"), f"?phase={index}&partie=privee{more}"),
    ]


def _same_board(request: HttpRequest) -> str:
    """Keep in an address the board that was asked for."""
    key = key_wanted(request)
    return f"&tableau={quote(key)}" if key else ""


def board_links(phase: Phase | None) -> list[tuple[str, str]]:
    """Link the boards of a phase, where it shows several: title, query of their page."""
    found = list(phase.leaderboards.filter(hidden=False).order_by("pk")) if phase else []
    if phase is None or len(found) < 2:
        return []
    return [(each.title, f"?phase={phase.index}&tableau={quote(each.key)}") for each in found]


def _phase_links(phases: list[Phase]) -> list[tuple[str, str]]:
    return [(phase.name, f"?phase={phase.index}") for phase in phases] if len(phases) > 1 else []


def required(request: HttpRequest, slug: str) -> tuple[Phase, Split]:
    """Return the phase and the part that a request names; raises Hidden."""
    challenge = find_challenge(request, slug)
    current = current_phase(list(challenge.phases.all()), clock.now())
    phase = phase_wanted(request, challenge, current)
    if phase is None:
        raise Hidden
    return phase, split_wanted(request, phase)
