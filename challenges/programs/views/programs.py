"""How a phase is scored by a program or takes code, told truthfully; reports, runs, trials."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import get_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from challenges.bundles.programs import PUBLIC, Form, FormKind, ProgramSpec, Protocol
from challenges.client import starting
from challenges.entries.models import Entry
from challenges.evaluation.queries import shown_figures
from challenges.organising import rules
from challenges.organising import words as page_words
from challenges.organising.enums import (
    ChallengeStatus,
    ColumnKind,
    LogAudience,
    PhaseMoment,
    ReportAudience,
)
from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.models.scorings import Column, PhaseTask, RunPlan, program_tasks
from challenges.organising.views.layout import find_organised, find_to_run, organiser_context
from challenges.programs import queries as program_queries
from challenges.programs.actions import code as team_code
from challenges.programs.actions.code import FORMAT_NAME
from challenges.programs.forms import CodeForm
from challenges.programs.models import CodeRun, ProgramReport, run_duration, run_memory
from challenges.results.queries.boards import Board
from portal.accounts.authorization import require
from portal.accounts.views import person
from portal.lib import clock, visible
from portal.lib.refusals import Hidden
from portal.lib.web.form_pages import tried
from portal.lib.web.requests import get_or_post

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


def report_rows(reports: Iterable[ProgramReport]) -> list[dict[str, Any]]:
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
def program_reports(request: HttpRequest, slug: str) -> HttpResponse:
    """List what the programs reported, the last first."""
    challenge = find_to_run(request, slug)
    require(rules.may_edit_challenge, person(request), challenge)
    names = program_queries.task_names(challenge)
    page = Paginator(program_queries.challenge_reports(challenge), PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = organiser_context(
        challenge,
        "program_reports",
        page=page,
        rows=[
            row | {"task": names.get(row["report"].evaluation.holdout_id, "")}
            for row in report_rows(page.object_list)
        ],
        lede=_(
            "Ce que votre programme a laissé en plus des scores. Les équipes n’en lisent rien : "
            "il a vu les réponses."
        ),
    )
    return render(request, "challenges/programs/organise/program_reports.html", context)


MIB = 1 << 20

RUNS_PER_PAGE = 25


@require_safe
def code_runs(request: HttpRequest, slug: str) -> HttpResponse:
    """List the runs of the code of teams; once the phase is closed, what each printed if kept."""
    challenge = find_organised(request, slug)
    page = Paginator(program_queries.challenge_runs(challenge), RUNS_PER_PAGE).get_page(
        request.GET.get("page")
    )
    now = clock.now()
    rows = [_run(each, now) for each in page.object_list]
    context = organiser_context(challenge, "code_runs", page=page, rows=rows)
    return render(request, "challenges/programs/organise/code_runs.html", context)


def _run(run: CodeRun, now: datetime) -> dict[str, Any]:
    phase = run.entry.enrolment.phase
    return {
        "run": run,
        "entry": run.entry,
        "phase": phase,
        "state": run.get_state_display(),
        "duration": run_duration(run),
        "memory": run_memory(run),
        "keeps": phase.logs != LogAudience.NONE and not phase.challenge.restricted,
        # The code of a team prints what it likes of its method: its own until the close.
        "closed": phase.is_revealed or phase.moment(now) == PhaseMoment.CLOSED,
    }


def exact_runs(entry: Entry) -> list[dict[str, Any]]:
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
        for run in program_queries.entry_runs(entry)
    ]


def runs_told(entry: Entry) -> list[dict[str, Any]]:
    """Lay out each evaluation in force of an entry of code, with its run."""
    return [
        {
            "state": run.get_state_display(),
            "alive": run.is_alive,
            "duration": run_duration(run),
            "memory": run_memory(run),
        }
        for run in program_queries.runs_in_force(entry)
    ]


@get_or_post
def write_code(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose what teams send; the rules of code change in a draft only."""
    challenge = find_organised(request, slug)
    former = team_code.code_rules(challenge)
    draft, by = challenge.status == ChallengeStatus.DRAFT, person(request)
    sent = request.POST if request.method == "POST" else None
    lends = draft and challenge.grant_id is not None
    plan = program_queries.plan_of(challenge.phases.first()) if lends else None
    form = CodeForm(
        sent,
        rules=former,
        draft=not challenge.is_public,
        files=team_code.lent_files(challenge) if plan else (),
        lent=plan.data_file if plan else None,
    )

    def act() -> None:
        if challenge.is_public and form.rules is not None:
            team_code.amend_code(challenge=challenge, rules=form.rules, by=by)
        else:
            team_code.settle_code(challenge=challenge, rules=form.rules, by=by)
            if form.rules is not None and "lent" in form.fields:
                team_code.read_lent(challenge=challenge, data_file=form.lent_file, by=by)

    status = tried(form, act)
    if not status:
        messages.success(request, _("Enregistré."))
        turned = (form.rules is None) != (former is None)
        return redirect("challenges:write_files" if turned else "challenges:write_code", slug)
    context = organiser_context(
        challenge,
        "write_code",
        form=form,
        open_to_change=draft or (former is not None and team_code.may_amend_code(challenge)),
        rules=former,
        lede=_("Des fichiers de réponses, ou des programmes que le portail lance lui-même."),
    )
    return render(request, "challenges/programs/organise/code.html", context, status=status)


TITLES = {
    "manifest": gettext_lazy("Avec manifest.toml"),
    "main": gettext_lazy("Avec main.py, comme chez DrivenData"),
    "codalab": gettext_lazy("Avec metadata, comme chez CodaLab et Codabench"),
}
TEXTS = {
    "manifest": gettext_lazy(
        "À la racine, manifest.toml nomme le fichier à lancer. Il est appelé avec --in DOSSIER "
        "--out FICHIER : il lit les entrées dans le dossier et écrit ses réponses dans le fichier."
    ),
    "main": gettext_lazy(
        "À la racine, main.py. Il trouve les entrées dans data/ et écrit submission.csv à côté de "
        "lui."
    ),
    "codalab": gettext_lazy(
        "À la racine, metadata ou metadata.yaml donne la commande. $input est le dossier des "
        "entrées, $output celui où écrire predictions.csv, $program celui de l’archive."
    ),
}
MAIN = """\
import csv

with open("data/{table}", encoding="utf-8", newline="") as file:
    rows = list(csv.DictReader(file))
# …
with open("submission.csv", "w", encoding="utf-8", newline="") as file:
    csv.writer(file).writerows(answers)
"""


def file_names(plan: RunPlan) -> list[str]:
    """List the files that programs read, the table to predict first."""
    return sorted((each["name"] for each in plan.sample_files), key=lambda one: one == FORMAT_NAME)


def coding_of(
    challenge: Challenge, phase: Phase | None, contract: Mapping[str, Any], example: bytes | None
) -> starting.Coding | None:
    """Gather what the kit says of code; None where teams send their answers.

    example: the example of an answer, in CSV.
    """
    plan = program_queries.plan_of(phase)
    if plan is None or phase is None:
        return None
    columns = (contract.get("submission") or {}).get("columns") or []
    own = next((each["name"] for each in columns if each["role"] in {"id", "query"}), plan.ids)
    rows = list(csv.reader(io.StringIO((example or b"").decode("utf-8-sig"), newline="")))[:2]
    return starting.Coding(
        seconds=phase.time_limit_s,
        memory_mb=phase.memory_mb,
        sample=team_code.sample_of(plan),
        table=file_names(plan)[0],
        key=plan.ids,
        id=own,
        header=rows[0] if rows else [own],
        first=rows[1] if len(rows) > 1 else [""],
    )


def packing(plan: RunPlan, phase: Phase, *, is_first: bool) -> dict[str, Any]:
    """Prepare the panel about packages. is_first: the team has sent nothing yet."""
    files = file_names(plan)
    return {
        "is_first": is_first,
        "files": files,
        "layouts": [
            {
                "title": TITLES[key],
                "text": TEXTS[key],
                "name": name,
                "example": example,
                "language": "python" if key == "main" else "",
            }
            for key, name, example in (
                ("manifest", "manifest.toml", starting.MANIFEST_TEXT),
                ("main", "main.py", MAIN.format(table=files[0])),
                ("codalab", "metadata", starting.METADATA),
            )
        ],
        "seconds": ngettext("%(n)s seconde", "%(n)s secondes", phase.time_limit_s)
        % {"n": phase.time_limit_s},
        "memory": _("%(n)s Mo") % {"n": phase.memory_mb},
        "size": phase.max_bytes,
    }


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


def words(phase: Phase) -> dict[str, Any]:
    """Put the program of a phase into words, in place of those of our metrics."""
    tasks = program_tasks(phase)
    spec = ProgramSpec.from_json(tasks[0].scorer_version.spec)
    columns = program_queries.columns_shown(phase)
    form = Form.from_json(tasks[0].form)
    return {
        "sends_code": False,
        "metrics": [_metric(column, columns) for column in columns],
        "formats": [one.lstrip(".").upper() for one in form.types] or ["ZIP"],
        "program": {
            "names": sorted({_program(task) for task in tasks}),
            "protocol": str(PROTOCOLS[spec.protocol]),
            "takes_code": spec.takes_code,
            "tasks": [task.name for task in tasks] if len(tasks) > 1 else [],
            "expected": expected(spec, form),
            "checked": form.kind is not FormKind.ANY or bool(form.name),
            "seals": any(PUBLIC not in each.parts for each in spec.scores),
            "public": any(PUBLIC in each.parts for each in spec.scores),
            "compares": program_queries.gives_intervals(phase),
            "memory_mb": phase.memory_mb,
            "seconds": phase.time_limit_s,
            "team_reads": phase.challenge.detailed_results == "team",
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


def _metric(column: Column, columns: Sequence[Column]) -> dict[str, Any]:
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
    tasks = program_tasks(entry.enrolment.phase)
    shown = shown_figures([entry])[entry.pk].scores
    rows = []
    for column in program_queries.columns_shown(entry.enrolment.phase):
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
    tasks = program_tasks(phase)
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
    tasks = program_tasks(entry.enrolment.phase)
    names = {each.index: each.name for each in tasks if len(tasks) > 1}
    return [(task, names.get(task, "")) for task, _html in program_queries.reported_tasks(entry)]


@require_safe
def report(request: HttpRequest, slug: str, entry: UUID, task: int) -> HttpResponse:
    """Send the detailed results of one task, isolated: no script, no network, no frame around."""
    found = visible.find(
        program_queries.entries_reported(request.user),
        among=Entry.objects.all(),
        pk=entry,
        enrolment__phase__challenge__slug=slug,
    )
    html = dict(program_queries.reported_tasks(found)).get(task)
    if html is None:
        raise Hidden
    page = (
        '<!doctype html><html lang="fr"><head><meta charset="utf-8">'
        f"<title>{_('Compte rendu du programme')}</title></head><body>{html}</body></html>"
    )
    response = HttpResponse(page, content_type="text/html; charset=utf-8")
    response["Content-Security-Policy"] = ISOLATED
    response["X-Content-Type-Options"] = "nosniff"
    return response
