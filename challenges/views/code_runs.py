"""Show a team what it may know of the runs of its code on hidden inputs: classes, no figure."""

from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from challenges.enums import LogAudience, PhaseMoment
from challenges.models import CodeRun, Entry
from challenges.models.run_words import (
    run_duration,
    run_memory,
    run_state,
)
from challenges.organising.views.layout import room, run_by
from challenges.queries import code
from portal.lib import clock

MIB = 1 << 20

PER_PAGE = 25


@require_safe
def listing(request: HttpRequest, slug: str) -> HttpResponse:
    """List the runs of the code of teams; once the phase is closed, what each printed if kept."""
    challenge = run_by(request, slug)
    page = Paginator(code.runs_of(challenge), PER_PAGE).get_page(request.GET.get("page"))
    now = clock.now()
    rows = [_run(each, now) for each in page.object_list]
    context = room(challenge, "code_runs", page=page, rows=rows)
    return render(request, "challenges/organise/code_runs.html", context)


def _run(run: CodeRun, now: datetime) -> dict[str, Any]:
    phase = run.entry.enrolment.phase
    return {
        "run": run,
        "entry": run.entry,
        "phase": phase,
        "state": run_state(run.state),
        "duration": run_duration(run),
        "memory": run_memory(run),
        "keeps": phase.logs != LogAudience.NONE and not phase.challenge.restricted,
        # The code of a team prints what it likes of its method: its own until the close.
        "closed": phase.is_revealed or phase.moment(now) == PhaseMoment.CLOSED,
    }


def exact(entry: Entry) -> list[dict[str, Any]]:
    """Lay out the exact measures of the runs of an entry, for moderators alone."""
    return [
        {
            "run": run,
            "used": run.measures
            and {
                "wall": run.measures["wall_seconds"],
                "cpu": run.measures["cpu_seconds"],
                "mebibytes": run.measures["peak_bytes"] / MIB,
                "processes": run.measures["processes"],
                "bytes": run.measures["output_bytes"],
            },
        }
        for run in code.examined(entry)
    ]


def runs(entry: Entry) -> list[dict[str, Any]]:
    """Lay out each evaluation in force of an entry of code, with its run."""
    found = []
    for evaluation in code.ran(entry):
        run = evaluation.run
        if run is None:
            continue
        found.append(
            {
                "state": run_state(run.state),
                "alive": run.is_alive,
                "duration": run_duration(run),
                "memory": run_memory(run),
            }
        )
    return found
