"""Let other sites show the standings of a challenge: the frame, its code, the feed."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from challenges.enums import Split
from challenges.models import Challenge, Phase
from challenges.organising.queries import current_phase
from challenges.organising.views.layout import find_challenge, scene, shares
from challenges.queries import boards as reads
from challenges.queries import windows
from challenges.queries.boards import Board
from challenges.views import boards
from challenges.views.standings import board_wanted, open_to_sites, phase_wanted
from portal.lib import clock
from portal.lib.feeds import Feed
from portal.lib.refusals import Hidden
from portal.lib.responses import tagged

MOST_ROWS = 10
MOST_NOTICES = 50
LANGUAGES = ("fr", "en")
KEPT = "public, max-age=60"
HEIGHT = 560


@login_not_required
@require_safe
def instructions(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the code that shows the standings on another site, and the addresses of the data."""
    context = scene(request, slug, "standings")
    phase = phase_wanted(request, context["challenge"], context["phase"])
    board = board_wanted(request, phase) if phase else None
    if phase is None or board is None:
        return render(request, "challenges/standings_none.html", context)
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
    return render(request, "challenges/embed.html", context)


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
        challenge = find_challenge(request, slug)
        current = current_phase(list(challenge.phases.all()), clock.now())
        phase = phase_wanted(request, challenge, current)
        board = board_wanted(request, phase, per_page=MOST_ROWS) if phase else None
        if phase is None or board is None:
            raise Hidden
        context = {"challenge": challenge, "language": language, **_shown(phase, board)}
        context["address"] = _address(
            request, "standings", slug, f"phase={phase.index}", language=language
        )
        response = HttpResponse(render_to_string("challenges/embed_frame.html", context))
    response["Content-Language"] = language
    return tagged(request, response, digest=board.digest, cache=KEPT)


def _shown(phase: Phase, board: Board) -> dict[str, Any]:
    primary = boards.primary_of(board)
    minimum, maximum, reference = boards.scale_of(board)
    teams = [row for row in board.rows if not row.is_baseline]
    listed = board.window.listed if board.window else len(teams)
    kept = len(board.rows)
    if len(teams) > MOST_ROWS:
        kept = board.rows.index(teams[MOST_ROWS])
    shown = board.rows[:kept]
    rows = boards.table_rows(board, shown, mine=None, sorted_by_rank=True)
    return shares(phase) | {
        "phase": phase,
        "board": board,
        "final": board.split == Split.PRIVATE,
        "primary": primary,
        "rows": [row | {"extra": ()} for row in rows],
        "teams": listed,
        "more": max(0, listed - MOST_ROWS),
        "intervals": boards.has_intervals(board),
        "scale": (minimum, maximum, reference),
        "computed_at": reads.computed_moment(board),
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
            yield windows.read(phase, split, request.user, per_page=MOST_ROWS)
        except Hidden:
            continue


def _board_item(challenge: Challenge, board: Board, page: str) -> dict[str, Any]:
    phase, final = board.leaderboard.phase, board.split == Split.PRIVATE
    title = _("Classement définitif : %(phase)s") if final else _("Classement public : %(phase)s")
    at = reads.computed_moment(board) or challenge.status_since
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
    primary, tied = boards.primary_of(board), boards.tied_ranks(board)
    for row in [row for row in board.rows if not row.is_baseline][:MOST_ROWS]:
        rank = row.standing.rank
        score = boards.text_of(boards.cell_of(board, row, primary), primary) if primary else "–"
        place = _("%(rank)s ex æquo") % {"rank": rank} if rank in tied else str(rank or "–")
        yield f"{place}, {row.team_name}, {score}"
