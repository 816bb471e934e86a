"""Read a bundle that a person deposited: in a child first, then with the programs it holds."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from challenges.actions import bundle_imports
from challenges.actions.foreign_imports import asked
from challenges.actions.imports import examine_folder
from challenges.bundles import child, exporting
from challenges.bundles.foreign import archives, reading, writing
from challenges.bundles.foreign.context import Question
from challenges.bundles.report import Problem
from challenges.models import BundleImport, Job
from challenges.worker import trials, vault
from challenges.worker.lease import Beating
from challenges.worker.rehearsals import rehearsed
from datasets.actions import deposits
from datasets.gate import VaultBroken

LIMITS = "E_BUNDLE_LIMITS"
Report = dict[str, Any]


def import_job(job: Job, truths: vault.Truths, beating: Beating) -> None:
    """Read one deposited bundle and keep its report."""
    made = BundleImport.objects.get(pk=job.subject_id)
    report = _read(made) if made.is_waiting else {}
    if not beating.lost.is_set():
        bundle_imports.finish_reading(job=job, made=made, report=report)


def _read(made: BundleImport) -> Report:
    try:
        with deposits.opened(deposits.Deposit(made.sealed, made.keys), made.filename) as path:
            return examined(path)
    except VaultBroken:
        return _refused(
            Problem("E_ZIP_CORRUPT", _("le dépôt n’est plus lisible : déposez-le de nouveau"))
        )


def examined(path: Path) -> Report:
    """Report on a zip: what the child found; without fault, what its programs and scores say."""
    try:
        report = child.examine(path)
    except child.ChildLost as lost:
        said = _("sa lecture dépasse le temps ou la mémoire permis (%(code)s)")
        return _refused(Problem(LIMITS, said % {"code": lost.code}))
    if report["errors"]:
        return report
    if report["format"] == child.OWN:
        return _own(path, report)
    with archives.opened(path) as root:
        source = root / exporting.SOURCE if exporting.is_export(root) else root
        read = rehearsed(reading.read_folder(source, evaluator=trials.here), source)
        found, _forms = asked(read, source)
        return _named(found).to_json()


def _named(found: reading.ForeignReport) -> reading.ForeignReport:
    """Ask for the name of the challenge in its address: another may have it already."""
    title = found.spec.title if found.spec else ""
    question = Question("slug", _("Nom du challenge dans son adresse ?"), writing.slug_of(title))
    return replace(found, questions=(*found.questions, question))


def _own(path: Path, report: Report) -> Report:
    """Compile the truth of our own form and reproduce its recorded scores."""
    with archives.opened(path) as root, tempfile.TemporaryDirectory(prefix="import-") as scratch:
        folder = root
        if exporting.is_export(root):
            folder = Path(scratch) / "challenge"
            exporting.restore(root, folder)
        found = examine_folder(folder)
    return report | {
        "errors": [one.to_json() for one in found.errors],
        "warnings": [one.to_json() for one in found.warnings],
        "dry_run": [] if found.errors else [_("vérité compilée, scores enregistrés retrouvés")],
    }


def _refused(problem: Problem) -> Report:
    return reading.ForeignReport(None, (problem,), ()).to_json()
