"""Show the standings: page, CSV, JSON, frame and feed for other sites; the bench of a phase."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.formats import get_format
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from challenges.evaluation.enums import Split
from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.modes import mode_in
from challenges.organising.queries import current_phase, phase_of
from challenges.organising.views.layout import find_challenge
from challenges.results.queries import boards
from challenges.results.queries.boards import Board
from challenges.results.queries.reports import declared_audit
from challenges.results.views import boards as board_views
from challenges.results.views.boards import axis_decimals
from challenges.teams.views.head import challenge_context, shares
from portal.lib import clock
from portal.lib.prose.texts import Feed
from portal.lib.refusals import Hidden
from portal.lib.web.responses import tagged

PER_PAGE = 25
PARTS = {"publique": Split.PUBLIC, "privee": Split.PRIVATE}


@login_not_required
@require_safe
def standings(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a leaderboard: provisional until the reveal, both parts after it."""
    context = challenge_context(request, slug, "standings")
    phase = phase_wanted(request, context["challenge"], context["phase"])
    context["audited"] = declared_audit(phase) is not None
    context |= {"shown_phase": phase, "phase_links": _phase_links(context["phases"])}
    mine = context["team"].pk if context["team"] else None
    page = page_wanted(request)
    board = board_wanted(request, phase, mine=mine, page=page) if phase else None
    if phase is None or board is None:
        return render(request, "challenges/results/standings_none.html", context)
    context |= shares(phase) | board_context(request, board, mine)
    context |= {"board_links": board_links(phase), "bench": boards.bench_board(phase)}
    mode = mode_in(phase)
    context |= mode.words(phase) | mode.board_panels(board, context["rows"])
    return render(request, "challenges/results/standings.html", context)


@login_not_required
@require_safe
def standings_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send a leaderboard as CSV, formulas neutralised, with an ETag."""
    phase, split = required(request, slug)
    board = boards.board_head(phase, split, request.user, key=key_wanted(request))
    response = HttpResponse(boards.csv_text(board), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}-{board.split.value}.csv"'
    return tagged(request, open_to_sites(response), digest=board.digest)


@login_not_required
@require_safe
def standings_json(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send a leaderboard as JSON, with an ETag; its members are described in docs/api.md.

    A board of more than 1,000 rows is sent by pages of as many: `?page=`.
    """
    phase, split = required(request, slug)
    board = boards.read_board(
        phase,
        split,
        request.user,
        key=key_wanted(request),
        page=page_wanted(request),
        per_page=boards.JSON_ROWS,
    )
    response = JsonResponse(boards.as_document(board))
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
    return phase_of(challenge, int(index[:6]))


def split_wanted(request: HttpRequest, phase: Phase) -> Split:
    """Return the part asked for; by default the final one from the reveal on."""
    default = "privee" if phase.is_revealed else "publique"
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
    """Read a page of the board asked for; nothing without one; Hidden for a sealed part."""
    split = split_wanted(request, phase)
    try:
        return boards.read_board(
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
    page = Paginator(range(board.window.listed), PER_PAGE).get_page(board.window.page)
    minimum, maximum, reference = board_views.scale_of(board)
    rows = board_views.table_rows(board, mine=mine, sorted_by_rank=not sort)
    return (
        _board_head(board, rows)
        | {
            "page": page,
            "masked": board.leaderboard.anonymous and not board.revealed,
            "prize_rules": board_views.prize_rules(
                board.columns, board.leaderboard.phase.challenge
            ),
            "has_fairness": bool(board_views.fairness_of(board)),
            "fairness_title": getattr(board_views.fairness_summary(board), "title", ""),
            "computed_at": board.rows[0].standing.computed_at.replace(second=0) if rows else None,
            "minimum": minimum,
            "maximum": maximum,
            "axis_decimals": axis_decimals(minimum, maximum),
            "reference": reference,
            "gap": board_views.gap(board),
            # Gaps are compared with chance; else equal scores alone share a rank.
            "tested": board.facts.get("tested", board.window.intervals),
            "sort": sort,
            "parts": _parts(request, board),
            "part": _("Privé") if board.split == Split.PRIVATE else _("Public"),
            "export": ("partie=privee" if board.split == Split.PRIVATE else "partie=publique")
            + _same_board(request),
        }
        | _after_reveal(board, mine)
    )


def _board_head(board: Board, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Prepare what the page and the frame of a board both show."""
    return {
        "board": board,
        "primary": board.primary,
        "final": board.split == Split.PRIVATE,
        "rows": rows,
        "intervals": board.window.intervals,
        "scale": board_views.scale_of(board),
    }


def _after_reveal(board: Board, mine: int | None) -> dict[str, Any]:
    if not board.revealed:
        return {"fairness": []}
    other = Split.PUBLIC if board.split == Split.PRIVATE else Split.PRIVATE
    pair = {board.split: board, other: boards.read_other_part(board, other)}
    return {
        "fairness": board_views.fairness_tables(
            pair[Split.PUBLIC], pair[Split.PRIVATE], board.rows, mine=mine
        ),
        "errata": board.leaderboard.phase.rescorings.errata(),
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


BENCH_PER_PAGE = 25


@login_not_required
@require_safe
def bench(request: HttpRequest, slug: str) -> HttpResponse:
    """Rank the best public score of each team, of the phase and since; final results stay."""
    context = challenge_context(request, slug, "standings")
    phase = phase_wanted(request, context["challenge"], context["phase"])
    board = boards.bench_board(phase) if phase is not None else None
    if phase is None or board is None or board.primary is None:
        raise Hidden
    page = Paginator(boards.bench_rows(phase, board.primary), BENCH_PER_PAGE).get_page(
        request.GET.get("page")
    )
    rows = [
        replace(row, during=_figure_written(row.during), since=_figure_written(row.since))
        for row in page
    ]
    context |= {"shown_phase": phase, "column": board.primary, "page": page, "rows": rows}
    return render(request, "challenges/results/bench.html", context)


def _figure_written(figure: str) -> str:
    return figure.replace(".", get_format("DECIMAL_SEPARATOR"))


MOST_ROWS = 10
MOST_NOTICES = 50
LANGUAGES = ("fr", "en")
KEPT = "public, max-age=60"
HEIGHT = 560


@login_not_required
@require_safe
def instructions(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the code that shows the standings on another site, and the addresses of the data."""
    context = challenge_context(request, slug, "standings")
    phase = phase_wanted(request, context["challenge"], context["phase"])
    board = board_wanted(request, phase) if phase else None
    if phase is None or board is None:
        return render(request, "challenges/results/standings_none.html", context)
    language = translation.get_language()
    frame = _address(request, "embed_frame", slug, f"phase={phase.index}&lang={language}")
    query = f"phase={phase.index}"
    context |= {
        "shown_phase": phase,
        "snippet": _snippet(frame, context["challenge"].title),
        "files": [
            (_("Page seule"), frame),
            ("CSV", _address(request, "standings_csv", slug, query)),
            ("JSON", _address(request, "standings_json", slug, query)),
            ("Atom", _address(request, "standings_feed", slug)),
        ],
    }
    return render(request, "challenges/results/embed.html", context)


@login_not_required
@require_safe
@xframe_options_exempt
def frame(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show the head of a leaderboard in a frame: what everyone reads, without cookie or script.

    ?lang=fr or en, ?phase=, ?partie= as on the page of the standings.
    """
    asked = request.GET.get("lang", "")
    language = asked if asked in LANGUAGES else translation.get_language()
    with translation.override(language):
        phase, _split = required(request, slug)
        board = board_wanted(request, phase, per_page=MOST_ROWS)
        if board is None:
            raise Hidden
        framed = _board_framed(phase, board)
        context = {"challenge": phase.challenge, "language": language, **framed}
        context["address"] = _address(
            request, "standings", slug, f"phase={phase.index}", language=language
        )
        response = HttpResponse(render_to_string("challenges/results/embed_frame.html", context))
    response["Content-Language"] = language
    return tagged(request, response, digest=board.digest, cache=KEPT)


def _board_framed(phase: Phase, board: Board) -> dict[str, Any]:
    rows = board_views.table_rows(board, mine=None, sorted_by_rank=True)
    return shares(phase) | {
        **_board_head(board, [row | {"extra": ()} for row in rows]),
        "phase": phase,
        "more": max(0, board.window.listed - MOST_ROWS),
        "computed_at": boards.computed_moment(board),
    }


def _snippet(frame: str, title: str) -> str:
    """Write the code of the frame; the title is someone's words."""
    named = escape(_("Classement : %(title)s") % {"title": title})
    return (
        f'<iframe src="{escape(frame)}"\n  title="{named}"\n'
        f'  width="100%" height="{HEIGHT}" loading="lazy"></iframe>'
    )


def _address(
    request: HttpRequest, name: str, slug: str, query: str = "", *, language: str = ""
) -> str:
    with translation.override(language or translation.get_language()):
        path = reverse(f"challenges:{name}", args=[slug])
    return request.build_absolute_uri(f"{path}?{query}" if query else path)


@login_not_required
@require_safe
def feed(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Answer the standings of each phase of a challenge, then its notices, as Atom."""
    challenge = find_challenge(request, slug)
    page = request.build_absolute_uri(reverse("challenges:standings", args=[slug]))
    atom = Feed(
        title=_("Classement : %(title)s") % {"title": challenge.title},
        link=page,
        description=_("Les classements et les annonces de ce challenge."),
        language=request.LANGUAGE_CODE,
        feed_url=request.build_absolute_uri(request.path),
        author_name=challenge.organiser.name,
    )
    told = [_board_item(challenge, board, page) for board in _boards(request, challenge)]
    for notice in challenge.notices.order_by("-at", "-pk")[:MOST_NOTICES]:
        told.append(
            {
                "title": _("Annonce"),
                "link": page,
                "description": notice.text,
                "unique_id": f"urn:uuid:{challenge.public_id}#{notice.pk}",
                "updateddate": notice.at,
                "pubdate": notice.at,
            }
        )
    for item in told:
        atom.add_item(**item)
    content = atom.writeString("utf-8")
    response = open_to_sites(HttpResponse(content, content_type=atom.content_type))
    return tagged(request, response, digest="atom")


def _boards(request: HttpRequest, challenge: Challenge) -> Iterator[Board]:
    """Read the board that each phase shows: the final one from the reveal on."""
    for phase in challenge.phases.select_related("challenge", "reveal").order_by("index"):
        try:
            split = Split.PRIVATE if phase.is_revealed else Split.PUBLIC
            yield boards.read_board(phase, split, request.user, per_page=MOST_ROWS)
        except Hidden:
            continue


def _board_item(challenge: Challenge, board: Board, page: str) -> dict[str, Any]:
    phase, final = board.leaderboard.phase, board.split == Split.PRIVATE
    title = _("Classement définitif : %(phase)s") if final else _("Classement public : %(phase)s")
    at = boards.computed_moment(board) or challenge.status_since
    return {
        "title": title % {"phase": phase.name},
        "link": f"{page}?phase={phase.index}",
        "description": " ; ".join(_lines(board)) or _("Aucune soumission évaluée pour l’instant"),
        "unique_id": f"urn:uuid:{challenge.public_id}#board-{phase.index}-{board.split.value}",
        "updateddate": at,
        "pubdate": at,
    }


def _lines(board: Board) -> Iterator[str]:
    """Write the head of a board: rank, team, score."""
    primary, tied = board.primary, board.window.tied
    for row in [row for row in board.rows if row.standing.competes]:
        rank = row.standing.rank
        score = (
            board_views.text_of(board_views.cell_of(board, row, primary), primary)
            if primary
            else "–"
        )
        place = _("%(rank)s ex æquo") % {"rank": rank} if rank in tied else str(rank or "–")
        yield f"{place}, {row.team_name}, {score}"
