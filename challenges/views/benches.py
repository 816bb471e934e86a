"""Show the bench of a phase: what was entered after its final results, beside them."""

from dataclasses import replace

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import get_format
from django.views.decorators.http import require_safe

from challenges.organising.views.layout import scene
from challenges.queries import benches
from challenges.views.standings import phase_wanted
from portal.lib.refusals import Hidden

PER_PAGE = 25


@login_not_required
@require_safe
def bench(request: HttpRequest, slug: str) -> HttpResponse:
    """Rank the best public score of each team, of the phase and since; final results stay."""
    context = scene(request, slug, "standings")
    phase = phase_wanted(request, context["challenge"], context["phase"])
    board = benches.board_of(phase) if phase is not None and phase.is_bench else None
    if phase is None or board is None or board.primary is None:
        raise Hidden
    page = Paginator(benches.rows(phase, board.primary), PER_PAGE).get_page(request.GET.get("page"))
    rows = [replace(row, during=_written(row.during), since=_written(row.since)) for row in page]
    context |= {"shown_phase": phase, "column": board.primary, "page": page, "rows": rows}
    return render(request, "challenges/bench.html", context)


def _written(figure: str) -> str:
    return figure.replace(".", get_format("DECIMAL_SEPARATOR"))
