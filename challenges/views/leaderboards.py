"""Arrange the leaderboards of a draft by form: add, order, hide, name teams by pseudonyms."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from challenges.actions import program_bounds
from challenges.enums import BoardRule, ChallengeStatus
from challenges.models import Challenge, Leaderboard
from challenges.organising.actions import leaderboards
from challenges.organising.forms.phases import BOARD_RULES, BoardForm, MaskForm, NewBoardForm
from challenges.views.authoring import tried
from challenges.views.head import person
from challenges.views.rooms import phase_of, room, run_by

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@get_or_post
def write_boards(request: HttpRequest, slug: str) -> HttpResponse:
    """List the boards of the phases, and add one."""
    challenge = run_by(request, slug)
    phases = list(challenge.phases.order_by("index"))
    sent = request.POST if request.method == "POST" else None
    form = NewBoardForm(sent, phases=phases)
    status = tried(
        form,
        lambda: leaderboards.add(
            phase=phase_of(challenge, int(form.cleaned_data["phase"])),
            title=form.cleaned_data["title"],
            by=person(request),
        ),
        {"too_many": "phase", "board_first": "phase"},
    )
    if not status:
        messages.success(request, _("Classement ajouté."))
        return redirect("challenges:write_boards", slug)
    boards = list(
        challenge.leaderboards.select_related("phase", "primary").order_by("phase__index", "pk")
    )
    masked = any(each.anonymous for each in boards)
    context = room(
        challenge,
        "write_boards",
        form=form,
        mask=MaskForm(initial={"anonymous": masked}),
        masked=masked,
        rows=_rows(boards),
        draft=challenge.status == ChallengeStatus.DRAFT,
    )
    return render(request, "challenges/organise/boards.html", context, status=status)


def _rows(boards: list[Leaderboard]) -> list[dict[str, Any]]:
    seen: set[int] = set()
    rows = []
    for board in boards:
        rows.append(
            {
                "board": board,
                "rule": BOARD_RULES[BoardRule(board.rule)],
                "main": board.phase_id not in seen,
            }
        )
        seen.add(board.phase_id)
    return rows


@get_or_post
def write_board(request: HttpRequest, slug: str, board: int) -> HttpResponse:
    """Arrange a board of a draft."""
    challenge = run_by(request, slug)
    found = _board(challenge, board)
    columns = list(found.columns.order_by("index"))
    sent = request.POST if request.method == "POST" else None
    declared = program_bounds.of(found.phase)
    form = BoardForm(sent, board=found, columns=columns, declared=declared)
    status = tried(
        form,
        lambda: leaderboards.arrange(
            board=found,
            title=form.cleaned_data["title"],
            rule=BoardRule(form.cleaned_data["rule"]),
            primary=form.cleaned_data.get("primary", ""),
            hidden=form.cleaned_data["hidden"],
            places=form.places,
            bounds=form.bounds,
            by=person(request),
        ),
        {"board_primary": "primary"},
    )
    if not status:
        messages.success(request, _("Classement enregistré."))
        return redirect("challenges:write_boards", slug)
    context = room(
        challenge,
        "write_boards",
        form=form,
        board=found,
        draft=challenge.status == ChallengeStatus.DRAFT,
    )
    return render(request, "challenges/organise/board.html", context, status=status)


@require_POST
def remove_board(request: HttpRequest, slug: str, board: int) -> HttpResponse:
    """Remove a board of a draft."""
    challenge = run_by(request, slug)
    leaderboards.remove(board=_board(challenge, board), by=person(request))
    messages.success(request, _("Classement retiré."))
    return redirect("challenges:write_boards", slug)


@require_POST
def mask_teams(request: HttpRequest, slug: str) -> HttpResponse:
    """Show pseudonyms on the boards of a draft, or names."""
    challenge = run_by(request, slug)
    anonymous = request.POST.get("anonymous") == "on"
    leaderboards.mask(challenge=challenge, anonymous=anonymous, by=person(request))
    messages.success(request, _("Enregistré."))
    return redirect("challenges:write_boards", slug)


def _board(challenge: Challenge, pk: int) -> Leaderboard:
    boards = Leaderboard.objects.select_related("phase", "primary", "challenge")
    return get_object_or_404(boards, challenge=challenge, pk=pk)
