"""The part of an export that an organiser's own programs make: tasks, programs, data, source."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from challenges.actions.program_drafts import fingerprint_of
from challenges.actions.program_tasks import Bundle
from challenges.bundles import competition as codabench
from challenges.bundles import exporting
from challenges.bundles.foreign import archives, reading
from challenges.bundles.foreign.values import ForeignSpec, Payload
from challenges.models import Challenge, PhaseTask
from datasets.models import HoldoutVersion, SealedFile
from portal.lib.refusals import Invalid


@dataclass(frozen=True)
class Source:
    """The bundle that was imported, as its organiser still has it."""

    spec: ForeignSpec
    root: Path
    files: Sequence[str]


@dataclass(frozen=True)
class Tasks:
    """Tasks as Codabench names them, and those of each phase by its index."""

    tasks: Sequence[codabench.Task]
    of_phase: dict[int, list[int]]


def is_program(challenge: Challenge) -> bool:
    """Say whether an organiser's own program scores the challenge."""
    return PhaseTask.objects.filter(
        phase__challenge=challenge, scorer_version__programs__isnull=False
    ).exists()


def versions(challenge: Challenge) -> list[HoldoutVersion]:
    """List the sealed programs, data, inputs of code and source of a challenge, each once."""
    current = PhaseTask.objects.filter(phase__challenge=challenge, current=True)
    tasks = current.select_related("holdout", "plan__inputs", "scorer_version__programs")
    found = [challenge.source] if challenge.source else []
    for task in tasks.order_by("pk"):
        own = (task.scorer_version.programs, task.holdout, task.plan.inputs if task.plan else None)
        found += [one for one in own if one is not None]
    return list(dict.fromkeys(found))


def corrected(challenge: Challenge) -> list[tuple[PhaseTask, SealedFile]]:
    """List the sealed archives in force that are not those of the import, by task."""
    tasks = PhaseTask.objects.filter(phase__challenge=challenge)
    tasks = tasks.select_related("phase", "holdout", "scorer_version__programs").order_by("pk")
    first: dict[tuple[int, int], set[HoldoutVersion | None]] = {}
    found = []
    for task in tasks:
        own = (task.scorer_version.programs, task.holdout)
        known = first.setdefault((task.phase_id, task.index), set(own))
        for version in own if task.current else ():
            if version is not None and version not in known:
                files = version.files.filter(kind="source").order_by("pk")
                found += [(task, file) for file in files if file.name in exporting.PARTS]
    return found


def source(challenge: Challenge, root: Path) -> Source:
    """Read the organiser's own copy of the imported bundle, unzipped.

    Raises Invalid when it is not what was imported, or no longer what is in force.
    """
    if corrected(challenge):
        raise Invalid(
            _(
                "Le programme ou les données ont été corrigés depuis l’import, et ce dossier a les "
                "anciens : exportez sans vos données, l’archive scellée a ceux en vigueur."
            ),
            code="reference_former",
        )
    try:
        with archives.opened(root):  # judged, read in place
            return _checked(challenge, root)
    except archives.BundleRefused as refusal:
        raise Invalid(
            _("Ce dossier n’est pas lisible : %(why)s.") % {"why": refusal.reason},
            code="reference_missing",
        ) from refusal


def _checked(challenge: Challenge, root: Path) -> Source:
    spec = reading.read_folder(root).spec
    if spec is not None:
        bundle = Bundle(spec, root, root, challenge.bundle.get("answers", {}), {})
        if fingerprint_of(bundle) == challenge.bundle_fingerprint:
            return Source(spec, root, archives.paths(root))
    raise Invalid(
        _("Ces données ne sont pas celles qui ont été scellées."), code="reference_differs"
    )


def tasks(challenge: Challenge, found: Source | None) -> Tasks:
    """Describe the tasks: with the files of the source, else by their names alone."""
    if found is not None and found.spec.tasks:
        return Tasks(
            [
                codabench.Task(
                    one.index,
                    one.name,
                    _at(one.scoring_program),
                    _data(
                        reference_data=one.reference_data,
                        input_data=one.input_data,
                        ingestion_program=one.ingestion_program,
                    ),
                    one.description,
                )
                for one in found.spec.tasks
            ],
            {phase.index: list(phase.tasks) for phase in found.spec.phases},
        )
    return _of_rows(challenge)


def _of_rows(challenge: Challenge) -> Tasks:
    rows = PhaseTask.objects.filter(phase__challenge=challenge, current=True)
    made: dict[tuple[int, int, str], codabench.Task] = {}
    of_phase: dict[int, list[int]] = {}
    for row in rows.select_related("scorer_version", "phase").order_by("phase__index", "index"):
        key = (row.scorer_version_id, row.holdout_id, row.name)
        program = f"{exporting.PROGRAMS}/{row.scorer_version.spec.get('program', '')}"
        task = made.setdefault(key, codabench.Task(len(made), row.name, program, {}))
        of_phase.setdefault(row.phase.index, []).append(task.index)
    return Tasks(list(made.values()), of_phase)


def public(found: Source, index: int) -> dict[str, str]:
    """Name the public data and the starting kit of a phase."""
    for phase in found.spec.phases:
        if phase.index == index:
            return _data(public_data=phase.public_data, starting_kit=phase.starting_kit)
    return {}


def solutions(found: Source | None) -> list[dict[str, object]]:
    """List the organiser's solutions, where their files leave too."""
    if found is None:
        return []
    return [
        {
            "index": one.index,
            "tasks": list(one.tasks),
            "path": _at(one.payload),
            **({"name": one.name} if one.name else {}),
        }
        for one in found.spec.solutions
    ]


def _at(payload: Payload | None) -> str:
    return f"{exporting.SOURCE}/{payload.path}" if payload else ""


def _data(**payloads: Payload | None) -> dict[str, str]:
    return {name: _at(one) for name, one in payloads.items() if one is not None}
