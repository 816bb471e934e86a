"""Say truthfully how a phase is scored by its organiser's own program; show what it reported."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.formats import get_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from challenges.bundles.programs import Form, FormKind, ProgramSpec, Protocol
from challenges.entries import queries as entry_queries
from challenges.enums import ColumnKind, ReportAudience
from challenges.models import Challenge, Column, Entry, Phase, PhaseTask
from challenges.organising.views import words as page_words
from challenges.queries import programs
from challenges.results.queries.boards import Board
from portal.lib import visible

ISOLATED = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"
PROTOCOLS = {
    Protocol.CODABENCH: gettext_lazy("protocole de Codabench et CodaLab"),
    Protocol.EVALAI: gettext_lazy("fonction evaluate() d’EvalAI"),
}
OPERATIONS = {
    "avg": gettext_lazy("Moyenne de %(of)s"),
    "sum": gettext_lazy("Somme de %(of)s"),
    "min": gettext_lazy("Plus petite valeur de %(of)s"),
    "max": gettext_lazy("Plus grande valeur de %(of)s"),
}


def words(challenge: Challenge, phase: Phase | None) -> dict[str, Any]:
    """Put the program of a phase into words: {"program": …, "metrics": …}, {} for our metrics."""
    tasks = programs.tasks_of(phase) if phase else []
    if not tasks or phase is None:
        return {}
    spec = ProgramSpec.from_json(tasks[0].scorer_version.spec)
    columns = programs.columns_of(phase)
    form = Form.from_json(tasks[0].form)
    return {
        "metrics": [_metric(column, columns, phase) for column in columns],
        "formats": [one.lstrip(".").upper() for one in form.types] or ["ZIP"],
        "program": {
            "names": sorted({_program(task) for task in tasks}),
            "protocol": str(PROTOCOLS[spec.protocol]),
            "takes_code": spec.takes_code,
            "tasks": [task.name for task in tasks] if len(tasks) > 1 else [],
            "expected": expected(spec, form),
            "checked": form.kind is not FormKind.ANY or bool(form.name),
            "seals": programs.seals(spec),
            "public": programs.shows(spec),
            "compares": programs.compares(phase),
            "memory_mb": phase.memory_mb,
            "seconds": phase.time_limit_s,
            "team_reads": challenge.detailed_results == "team",
        },
    }


def _program(task: PhaseTask) -> str:
    return f"{task.scorer_version.spec['program']} ({task.scorer_version.program_sha256[:12]})"


def expected(spec: ProgramSpec, form: Form) -> str:
    """Say which file a team sends."""
    if spec.takes_code:
        return _("Une archive zip avec votre programme.")
    if not form.is_archive:
        types = ", ".join(form.types)
        return _("Un fichier %(types)s.") % {"types": types} if types else _("Un fichier.")
    if not form.name:
        return _("Une archive zip avec vos réponses.")
    facts = {"name": form.name, "n": form.rows or 0}
    if form.kind in {FormKind.LINES, FormKind.ROWS}:
        return ngettext(
            "Une archive zip avec « %(name)s » à sa racine, de %(n)s ligne.",
            "Une archive zip avec « %(name)s » à sa racine, de %(n)s lignes.",
            form.rows or 0,
        ) % (facts)
    return _("Une archive zip avec « %(name)s » à sa racine.") % facts


def _metric(column: Column, columns: Sequence[Column], phase: Phase) -> dict[str, Any]:
    titles = {each.key: each.title for each in columns}
    if column.kind == ColumnKind.COMPUTED:
        of = ", ".join(f"« {titles.get(key, key)} »" for key in column.operands)
        definition = str(OPERATIONS.get(column.operation, "%(of)s")) % {"of": of}
    else:
        definition = _("Calculée par le programme de l’organisateur.")
    return {
        "key": column.key,
        "label": column.title,
        "primary": column.leaderboard.primary_id == column.pk,
        "definition": definition,
        "title": "",
        "direction": page_words.metric_direction({"direction": column.direction}),
        "values": "",
        "decimals": column.decimals,
    }


def by_task(entry: Entry) -> dict[str, Any]:
    """Lay out every released figure of an entry that a program scored, task by task."""
    tasks = programs.tasks_of(entry.enrolment.phase)
    if not tasks:
        return {}
    shown = entry_queries.shown_figures([entry])[entry.pk].scores
    rows = []
    for column in programs.columns_of(entry.enrolment.phase):
        for split, title in (("public", ""), ("private", _("résultats définitifs"))):
            cell = shown.get(split, {}).get(column.key)
            if cell is not None:
                rows.append(
                    {
                        "title": column.title,
                        "part": title,
                        "text": _written(cell["text"]),
                        "tasks": [_written(text) for text in cell.get("tasks", ())],
                    }
                )
    return {"tasks": [task.name for task in tasks] if len(tasks) > 1 else [], "rows": rows}


def standings_by_task(board: Board, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Lay out what each task gave to the teams of a board, where its phase has several.

    rows: those on the page, in order; a team is named as they name it.
    """
    phase = board.leaderboard.phase
    tasks = programs.tasks_of(phase)
    if len(tasks) < 2:
        return []
    named = {row.team_name: row for row in board.rows}
    shown = [named[row["team"]] for row in rows if row["team"] in named]
    return [
        {
            "title": task.name,
            "columns": [column.title for column in board.columns],
            "rows": [(row.team_name, [_of_task(cell, at) for cell in row.cells]) for row in shown],
        }
        for at, task in enumerate(tasks)
    ]


def _of_task(cell: dict[str, Any] | None, at: int) -> str:
    texts = (cell or {}).get("tasks") or []
    return _written(texts[at] if at < len(texts) else "")


def _written(text: str) -> str:
    """Write a released figure as the language in force does."""
    return text.replace(".", get_format("DECIMAL_SEPARATOR")) or "–"


def report_tasks(entry: Entry) -> list[tuple[int, str]]:
    """List the tasks whose detailed results the team may read: number, name where several are."""
    challenge = entry.enrolment.phase.challenge
    if challenge.detailed_results != ReportAudience.TEAM or challenge.restricted:
        return []
    tasks = programs.tasks_of(entry.enrolment.phase)
    names = {each.index: each.name for each in tasks if len(tasks) > 1}
    return [(task, names.get(task, "")) for task, _html in programs.reported_tasks(entry)]


@require_safe
def report(request: HttpRequest, slug: str, entry: UUID, task: int) -> HttpResponse:
    """Send the detailed results of one task, isolated: no script, no network, no frame around."""
    found = visible.find(
        programs.reports(request.user),
        among=Entry.objects.all(),
        pk=entry,
        enrolment__phase__challenge__slug=slug,
    )
    html = programs.report_of(found, task)
    page = (
        '<!doctype html><html lang="fr"><head><meta charset="utf-8">'
        f"<title>{_('Compte rendu du programme')}</title></head><body>{html}</body></html>"
    )
    response = HttpResponse(page, content_type="text/html; charset=utf-8")
    response["Content-Security-Policy"] = ISOLATED
    response["X-Content-Type-Options"] = "nosniff"
    return response
