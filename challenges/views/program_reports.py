"""What the organiser's programs said beside their scores: for the organiser alone."""

from collections.abc import Iterable
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from challenges import rules
from challenges.models import ProgramReport
from challenges.organising.views.layout import find_to_run, person, room
from challenges.queries import programs
from portal.accounts.authorization import require

PER_PAGE = 25
FAULTS = {
    "scores_absent": gettext_lazy("aucun fichier de scores"),
    "scores_unreadable": gettext_lazy("fichier de scores illisible"),
    "key_missing": gettext_lazy("score absent"),
    "key_duplicate": gettext_lazy("score donné deux fois"),
    "not_a_number": gettext_lazy("valeur qui n’est pas un nombre"),
    "not_finite": gettext_lazy("valeur infinie ou indéfinie"),
    "out_of_range": gettext_lazy("valeur hors des bornes"),
    "sentinel": gettext_lazy("valeur convenue pour un échec"),
}


def rows(reports: Iterable[ProgramReport]) -> list[dict[str, Any]]:
    """Put reports into words: the entry, the cause, the scores that were refused."""
    return [
        {
            "report": each,
            "entry": each.evaluation.entry,
            "reason": each.evaluation.reason_code,
            "faults": [
                (str(FAULTS.get(one["kind"], one["kind"])), one.get("key", ""))
                for one in each.faults
            ],
        }
        for each in reports
    ]


@require_safe
def listing(request: HttpRequest, slug: str) -> HttpResponse:
    """List what the programs reported, the last first."""
    challenge = find_to_run(request, slug)
    require(rules.may_edit_challenge, person(request), challenge)
    names = programs.task_names(challenge)
    page = Paginator(programs.told(challenge), PER_PAGE).get_page(request.GET.get("page"))
    context = room(
        challenge,
        "program_reports",
        page=page,
        rows=[
            row | {"task": names.get(row["report"].evaluation.holdout_id, "")}
            for row in rows(page.object_list)
        ],
        lede=_(
            "Ce que votre programme a laissé en plus des scores. Les équipes n’en lisent rien : "
            "il a vu les réponses."
        ),
    )
    return render(request, "challenges/organise/program_reports.html", context)
