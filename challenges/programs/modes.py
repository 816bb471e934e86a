"""Score by an organiser's program, or run the code of teams: what these two modes do otherwise."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges.entries.models import Entry
from challenges.evaluation.models import Evaluation
from challenges.organising import modes
from challenges.organising.models.challenges import Phase
from challenges.organising.models.scorings import PhaseTask
from challenges.organising.modes import ScoringMode
from challenges.organising.queries import refuse_not_isolated
from challenges.programs import checks
from challenges.programs import queries as reads
from challenges.programs.actions import runs
from challenges.programs.forms import ProgramForm
from challenges.programs.views import programs as views
from challenges.results.queries.boards import Board
from challenges.scoring.verdict import Verdict
from portal.lib.refusals import Conflict


class ProgramMode(ScoringMode):
    """A program of the organiser scores what teams send."""

    name = "program"
    reference_title = gettext_lazy("Données réservées")
    brings_files = True

    def takes(self, task: PhaseTask) -> bool:
        """Say whether an organiser's program scores, and not a metric of the menu."""
        return task.scorer_version.programs_id is not None

    def contract(self, task: PhaseTask) -> None:
        """Our metrics score nothing here."""

    def public_contract(self, task: PhaseTask) -> dict[str, Any]:
        """Return what an answer looks like, if that is known."""
        answer = task.form.get("answer")
        return {"submission": answer} if answer else {}

    def code_points(self, task: PhaseTask) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Ask for no sample: the program brings what code reads."""
        yield from ()

    def require_host(self) -> None:
        """Refuse while the worker cannot isolate a program."""
        refuse_not_isolated()

    def check(self, path: Path, task: PhaseTask, keys: bytes, *, name: str) -> Verdict:
        return checks.check_form(path, task, keys, name=name)

    def words(self, phase: Phase) -> dict[str, Any]:
        return views.words(phase)

    def entry_panels(self, entry: Entry) -> dict[str, Any]:
        """Give every released figure, task by task, and the reports that the team may read."""
        return {"by_task": views.by_task(entry), "report_tasks": views.report_tasks(entry)}

    def examination_panels(self, entry: Entry) -> dict[str, Any]:
        """Give what the program said of the entry."""
        return {"reports": views.report_rows(reads.entry_reports(entry))}

    def board_panels(self, board: Board, rows: Sequence[Any]) -> dict[str, Any]:
        """Give what each task of a phase gave to the teams."""
        return {"by_task": views.standings_by_task(board, rows)}

    def change_form(self, tasks: Sequence[PhaseTask], data: Any, files: Any) -> ProgramForm:
        """Ask for programs and data in place of figures."""
        return ProgramForm(data, files, tasks=tasks)


class CodeMode(ScoringMode):
    """Teams send code, which the portal runs; our metrics score what it wrote."""

    name = "code"

    def takes(self, task: PhaseTask) -> bool:
        """Say whether a task has a plan of what code reads."""
        return task.plan_id is not None

    def code_points(self, task: PhaseTask) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Say whether code has what it reads, alike on the sample and on the hidden inputs."""
        plan = task.plan
        if plan is None:
            return
        yield "code_sample", "ready", {"rows": plan.sample_rows}
        if plan.problem:
            yield "code_unlike", "missing", {"said": plan.problem_sentence}
        else:
            yield "code_inputs", "ready" if plan.is_ready else "advice", {}

    def require_host(self) -> None:
        """Refuse while the worker cannot isolate code."""
        refuse_not_isolated()

    def refuse_check(self) -> None:
        """Refuse: to check answers would tell hidden identifiers."""
        raise Conflict(
            _("Cette phase prend du code : essayez-le sur l’échantillon public."),
            code="code_phase",
        )

    def run_first(self, evaluation: Evaluation, entry: Entry) -> bool:
        """Queue the run whose predictions are scored, unless it has ended."""
        return runs.queue_first(evaluation, entry)

    def awaits_run(self, evaluation: Evaluation, entry: Entry) -> bool:
        """Wait for the run whose predictions are scored."""
        return runs.is_awaited(evaluation, entry)

    def packages(self, phase: Phase, *, is_first: bool = False) -> dict[str, Any]:
        """Say which packages a phase takes, and what they find."""
        plan = reads.plan_of(phase)
        if plan is None:
            return {}
        return {"plan": plan, "packing": views.packing(plan, phase, is_first=is_first)}

    def entry_panels(self, entry: Entry) -> dict[str, Any]:
        """Give the runs of the code, by classes alone."""
        return {"runs": views.runs_told(entry)}

    def entry_runs(self, entry: Entry) -> list[dict[str, Any]]:
        """Describe each run in force to the team."""
        return [
            {
                "state": run.state,
                "reason": run.reason_code,
                "minutes": run.minutes,
                "half_gib": run.half_gib,
            }
            for run in reads.runs_in_force(entry)
        ]

    def examination_panels(self, entry: Entry) -> dict[str, Any]:
        """Give the exact measures of the runs."""
        return {"runs": views.exact_runs(entry)}


modes.register(CodeMode())
modes.register(ProgramMode())
