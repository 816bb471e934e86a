"""Try the program of a Codabench or CodaLab bundle on the solutions it carries, twice each."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from django.utils.translation import gettext as _

from challenges.bundles import programs
from challenges.bundles.folder import Folder
from challenges.bundles.foreign import payloads as bundle_payloads
from challenges.bundles.foreign.reading import ForeignReport
from challenges.bundles.foreign.values import ForeignSpec, Format, Solution, Task
from challenges.bundles.foreign.values import Phase as ForeignPhase
from challenges.bundles.programs import SENTINELS, Form, ProgramSpec, Protocol
from challenges.bundles.report import Problem
from challenges.programs.actions import drafts as program_drafts
from challenges.sandbox.base import Limits
from challenges.worker import isolation
from challenges.worker.programs import Ran, run

MOST_SECONDS = 120.0
MOST_SOLUTIONS = 5
NOT_DONE, DIFFERS = "W_DRY_RUN", "W_DRY_RUN_DIFFERS"
UNDECLARED, SENTINEL = "W_SCORE_UNDECLARED", "W_SCORE_SENTINEL"
TRIED = {Format.CODABENCH, Format.CODALAB}


def rehearsed(report: ForeignReport, root: Path, answers: Mapping[str, str]) -> ForeignReport:
    """Add to a report without fault what its solutions score; nothing where programs cannot run.

    One sentence a solution and task; warnings W_DRY_RUN, W_DRY_RUN_DIFFERS, W_SCORE_UNDECLARED
    and W_SCORE_SENTINEL. The values are the organiser's own, for the organiser. answers: what is
    known already of the values of each score.
    """
    spec = report.spec
    if spec is None or spec.format not in TRIED or not spec.solutions:
        return report
    lacking = isolation.missing()
    if lacking is not None:
        said = _("les solutions n’ont pas été essayées : %(why)s") % {"why": lacking.sentence}
        return replace(report, warnings=(*report.warnings, Problem(NOT_DONE, said)))
    told: list[str] = []
    warnings: list[Problem] = []
    for phase, task, solution in _pairs(spec):
        sentence, found = _tried(spec, Folder(root), phase, task, solution, answers)
        told.append(sentence)
        warnings += found
    return replace(
        report,
        dry_run=(*report.dry_run, *told),
        warnings=(*report.warnings, *dict.fromkeys(warnings)),
    )


def _pairs(spec: ForeignSpec) -> Iterator[tuple[ForeignPhase, Task, Solution]]:
    phases = {index: phase for phase in reversed(spec.phases) for index in phase.tasks}
    for solution in spec.solutions[:MOST_SOLUTIONS]:
        for task in spec.tasks:
            if task.index in solution.tasks and task.index in phases:
                yield phases[task.index], task, solution


def _tried(
    spec: ForeignSpec,
    folder: Folder,
    phase: ForeignPhase,
    task: Task,
    solution: Solution,
    answers: Mapping[str, str],
) -> tuple[str, list[Problem]]:
    place = _("tâche « %(task)s », solution « %(name)s »") % {
        "task": task.name,
        "name": solution.name or solution.payload.path,
    }
    scores = program_drafts.declared_scores(spec, phase, answers)
    contract = ProgramSpec(Protocol.CODABENCH, scores)
    first, second = (_run(contract, folder, phase, task, solution) for _try in range(2))
    for ran in (first, second):
        if not ran.outcome.scored:
            why = f"{ran.outcome.reason} {ran.outcome.detail}".strip()
            said = _("%(place)s : sans score, %(why)s") % {"place": place, "why": why}
            return said, [Problem(NOT_DONE, said, solution.payload.path)]
    moved = sorted(key for key, value in first.exact.items() if second.exact[key] != value)
    written = ", ".join(f"{key} {value:.6g}" for key, value in first.exact.items())
    end = (
        _("deux essais égaux, sauf %(keys)s") % {"keys": ", ".join(moved)}
        if moved
        else _("deux essais égaux")
    )
    warnings = [*_odd(first, place, solution), *_moved(moved, place, solution)]
    return f"{place} : {written} ; {end}", warnings


def _moved(keys: list[str], place: str, solution: Solution) -> Iterator[Problem]:
    if keys:
        said = _("%(place)s : ces scores changent d’un essai à l’autre") % {"place": place}
        yield Problem(DIFFERS, said, solution.payload.path, value=", ".join(keys))


def _odd(ran: Ran, place: str, solution: Solution) -> Iterator[Problem]:
    if ran.outcome.undeclared:
        said = _("%(place)s : ces scores ne sont pas des colonnes, ils sont écartés") % {
            "place": place
        }
        value = ", ".join(ran.outcome.undeclared)
        yield Problem(UNDECLARED, said, solution.payload.path, value=value)
    odd = sorted(key for key, value in ran.exact.items() if value in SENTINELS)
    if odd:
        said = _("%(place)s : une valeur qui sert souvent à dire un échec") % {"place": place}
        yield Problem(SENTINEL, said, solution.payload.path, value=", ".join(odd))


def _run(
    contract: ProgramSpec, folder: Folder, phase: ForeignPhase, task: Task, solution: Solution
) -> Ran:
    payloads = {
        programs.SCORING: task.scoring_program,
        programs.INGESTION: task.ingestion_program,
        programs.REFERENCE: task.reference_data,
        programs.INPUT: task.input_data,
    }
    files = {
        name: bundle_payloads.packed_payload(folder, each)
        for name, each in payloads.items()
        if each is not None
    }
    seconds = min(float(phase.time_limit_s), MOST_SECONDS)
    with isolation.room() as room:
        sent = room / "solution.zip"
        sent.write_bytes(bundle_payloads.packed_payload(folder, solution.payload))
        limits = Limits(wall_seconds=seconds, cpu_seconds=seconds, grace_seconds=2.0)
        return run(contract, files, sent, room, limits=limits, form=Form())
