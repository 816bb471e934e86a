"""Combined boards: the public page and its files, the form of a draft."""

import csv
import io
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import get_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from challenges.actions import combined as acts
from challenges.enums import ChallengeStatus, Split
from challenges.enums.combined import Combination
from challenges.forms.combined import COMBINATIONS, CombinedForm
from challenges.models import CombinedBoard
from challenges.queries import combined as reads
from challenges.views.authoring import tried
from challenges.views.head import find, scene
from challenges.views.rooms import room, run_by
from challenges.views.standings import PARTS, open_to_sites, page_wanted
from challenges.views.teams import person
from portal.lib.conditional import tagged
from portal.lib.refusals import Closed, Hidden

PER_PAGE = 25


@login_not_required
@require_safe
def combined(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """Show a combined board: the rank of each team, and its rank on each board."""
    context = scene(request, slug, "standings")
    try:
        found = reads.read(context["challenge"], key, request.user, _split(request))
    except Closed as refusal:
        return render(request, "challenges/combined.html", context | {"awaited": str(refusal)})
    page = Paginator(range(found.length), PER_PAGE).get_page(page_wanted(request))
    start = (page.number - 1) * PER_PAGE
    mine = context["team"].pk if context["team"] else None
    rows = reads.rows_of(found, start=start, stop=start + PER_PAGE)
    context |= {
        "found": found,
        "page": page,
        "median": found.board.combination == Combination.MEDIAN,
        "part": _("Privé") if found.split == Split.PRIVATE else _("Public"),
        "parts": [(_("Public"), "?partie=publique"), (_("Privé"), "?partie=privee")]
        if found.final
        else [],
        "export": "?partie=privee" if found.split == Split.PRIVATE else "?partie=publique",
        "rows": [
            {
                "team": each.team,
                "mine": each.team_id == mine,
                "rank": each.rank,
                "value": each.value.replace(".", get_format("DECIMAL_SEPARATOR")),
                "ranks": list(zip(found.boards, each.ranks, strict=True)),
                "missing": [
                    board.title
                    for board, rank in zip(found.boards, each.ranks, strict=True)
                    if rank is None
                ],
            }
            for each in rows
        ],
    }
    return render(request, "challenges/combined.html", context)


@login_not_required
@require_safe
def combined_csv(request: HttpRequest, slug: str, key: str) -> HttpResponseBase:
    """Send a combined board as CSV, formulas neutralised, with an ETag."""
    found = reads.read(find(request, slug), key, request.user, _split(request))
    out = io.StringIO()
    csv.writer(out).writerows(reads.csv_rows(found))
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"{slug}-{found.board.key}-{found.split.value}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return tagged(request, open_to_sites(response), digest=found.digest)


@login_not_required
@require_safe
def combined_json(request: HttpRequest, slug: str, key: str) -> HttpResponseBase:
    """Send a combined board as JSON, with an ETag."""
    found = reads.read(find(request, slug), key, request.user, _split(request))
    response = JsonResponse(reads.as_document(found, reads.rows_of(found)))
    return tagged(request, open_to_sites(response), digest=found.digest)


def _split(request: HttpRequest) -> Split | None:
    asked = request.GET.get("partie")
    if not asked:
        return None
    if asked not in PARTS:
        raise Hidden
    return PARTS[asked]


@require_http_methods(["GET", "HEAD", "POST"])
def combine_boards(request: HttpRequest, slug: str) -> HttpResponse:
    """List the combined boards of a challenge, and add one to a draft."""
    challenge = run_by(request, slug)
    boards = list(
        challenge.leaderboards.filter(hidden=False)
        .select_related("phase")
        .order_by("phase__index", "pk")
    )
    sent = request.POST if request.method == "POST" else None
    form = CombinedForm(sent, boards=boards)
    status = tried(
        form,
        lambda: acts.add(
            challenge=challenge,
            title=form.cleaned_data["title"],
            combination=Combination(form.cleaned_data["combination"]),
            boards=form.chosen,
            by=person(request),
        ),
        {"combined_boards": "boards", "too_many": "title"},
    )
    if not status:
        messages.success(request, _("Classement ajouté."))
        return redirect("challenges:combine_boards", slug)
    context = room(
        challenge,
        "write_boards",
        form=form,
        rows=_rows(list(challenge.combined_boards.with_boards().order_by("pk"))),
        enough=len(boards) >= acts.LEAST_BOARDS,
        draft=challenge.status == ChallengeStatus.DRAFT,
    )
    return render(request, "challenges/organise/combined.html", context, status=status)


def _rows(found: list[CombinedBoard]) -> list[dict[str, Any]]:
    return [
        {
            "board": each,
            "word": COMBINATIONS[Combination(each.combination)],
            "titles": [board.title for board in each.boards()],
        }
        for each in found
    ]


@require_POST
def uncombine_boards(request: HttpRequest, slug: str, board: int) -> HttpResponse:
    """Remove a combined board of a draft."""
    challenge = run_by(request, slug)
    rows = CombinedBoard.objects.select_related("challenge")
    found = get_object_or_404(rows, challenge=challenge, pk=board)
    acts.remove(board=found, by=person(request))
    messages.success(request, _("Classement retiré."))
    return redirect("challenges:combine_boards", slug)
