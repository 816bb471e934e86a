"""Check what scores phases and tasks otherwise than the first phase, as a folder would be."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from challenges.actions.rehearsals import Rehearsal, sentence
from challenges.bundles import exporting, portable
from challenges.bundles.folder import Folder
from challenges.bundles.report import Problem
from challenges.bundles.spec import PortableSpec
from challenges.exchange.actions.imports import files_to_seal, held_out_fingerprint
from challenges.models import ChallengeDraft
from challenges.organising.actions import phases as phase_acts
from challenges.organising.actions.phases import Built, Scoring
from challenges.sandbox import rooms
from challenges.scoring.contract import ScoringContract
from challenges.scoring.truth import TruthFault
from portal.lib.files import safe_name

MAX_BYTES = 500 << 20
Opener = Callable[[str, str], bytes]


def check(
    written: ChallengeDraft,
    document: Mapping[str, Any],
    contents: Mapping[str, bytes],
    opened: Opener,
    place: Path,
) -> tuple[list[Built], list[Problem]]:
    """Check each scoring of its own; return those that hold, and every fault of the others.

    document, contents: of the first phase. opened: the content of sealed answers, by the id of
    their version and their path. place: where to work, a private folder removed at the end.
    """
    built: list[Built] = []
    faults: list[Problem] = []
    ordered = sorted(written.scorings, key=lambda each: (each["phase"], each["task"]))
    phases: dict[int, tuple[Mapping[str, Any], Mapping[str, bytes]]] = {}
    refused: set[int] = set()
    for scoring in ordered:
        base, files = phases.get(scoring["phase"], (document, contents))
        said = phase_acts.document_of(base, scoring)
        # Two phases may name their answers alike: each folder has those of its own scoring only.
        read = {**contents, **_answers(scoring, opened)}
        if scoring["task"] == 0:
            phases[scoring["phase"]] = (said, read)
        with tempfile.TemporaryDirectory(prefix=rooms.prefix("scoring"), dir=place) as scratch:
            folder = Path(scratch) / "challenge"
            exporting.write_folder(folder, said, read)
            found, wrong = _checked(scoring, folder)
            if found is not None and scoring["task"] and scoring["phase"] not in refused:
                name, beside = str(base["truth"]["file"]), Path(scratch) / "phase"
                exporting.write_folder(beside, base, {name: files[name]})
                wrong = _other_ids(found.spec, folder, Folder(beside), name)
        if wrong and scoring["task"] == 0:
            refused.add(scoring["phase"])
        faults += [_named(each, scoring) for each in wrong]
        if found is not None and not wrong:
            built.append(found)
    return built, faults


def _answers(scoring: Scoring, opened: Opener) -> dict[str, bytes]:
    """Open the answers that a scoring has of its own."""
    truth = scoring["truth"]
    return {} if truth is None else {truth["path"]: opened(truth["sealed"], truth["path"])}


def _checked(scoring: Scoring, folder: Path) -> tuple[Built | None, Sequence[Problem]]:
    report = portable.read(folder)
    if report.spec is None:
        return None, report.errors
    read = report.spec
    contract = read.scoring_contract(folder)
    parsed = ScoringContract.from_json(contract)
    try:
        Rehearsal().compiled(parsed, contract, folder)
    except TruthFault as fault:
        return None, (Problem(fault.code, sentence(fault), read.contract.truth.file, "truth"),)
    place = Folder(folder)
    apart = [each.path for each in files_to_seal(read)]
    files = {safe_name(path): place.read(path, limit_bytes=MAX_BYTES) for path in apart}
    fingerprint = held_out_fingerprint(apart, folder, parsed.digest)
    return Built(scoring, read, contract, parsed.digest, files, fingerprint), ()


def _other_ids(read: PortableSpec, folder: Path, phase: Folder, first: str) -> Sequence[Problem]:
    """Note a task whose answers are about other identifiers: the teams send one file for all.

    phase, first: the folder and the name of the answers of its phase.
    """
    key = str(read.contract.truth.key)
    if set(Folder(folder).column(read.contract.truth.file, key)) == set(phase.column(first, key)):
        return ()
    said = _("les réponses d’une tâche portent sur les mêmes identifiants que celles de la phase")
    return (Problem("E_IDS", said, read.contract.truth.file, "truth.id"),)


def _named(problem: Problem, scoring: Scoring) -> Problem:
    """Say in which phase, or task, a fault was found; never its value."""
    where = _("phase %(number)d") % {"number": scoring["phase"] + 1}
    if scoring["task"]:
        where = f"{where}, {scoring['name']}"
    return replace(problem, message=f"{where} : {problem.message}", value="")
