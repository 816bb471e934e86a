"""Read a bundle that a person deposited: in a child first, then with the programs it holds."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from challenges.bundles import child, exporting
from challenges.bundles.foreign import archives, questions, reading, translation
from challenges.bundles.foreign.questions import Question
from challenges.bundles.report import Problem
from challenges.exchange.actions import bundles as bundle_imports
from challenges.exchange.actions.bundles import answers_asked
from challenges.exchange.actions.imports import examine_folder
from challenges.models import BundleImport, Job
from challenges.queue.worker import Beating, acting_person
from challenges.sandbox import rooms
from challenges.worker import creations, trials, unsealing, vault
from challenges.worker.rehearsals import rehearsed
from datasets.actions import releases
from datasets.gate import VaultBroken

LIMITS = "E_BUNDLE_LIMITS"
Report = dict[str, Any]


def import_job(job: Job, truths: vault.Truths, beating: Beating) -> None:
    """Read one deposited bundle and keep its report; make its draft once that is asked."""
    made = BundleImport.objects.get(pk=job.subject_id)
    if made.is_being_created:
        creations.create(job, made, beating)
        return
    report = _read(made) if made.is_waiting else {}
    if not beating.lost.is_set():
        bundle_imports.finish_reading(job=job, made=made, report=report)


def _read(made: BundleImport) -> Report:
    try:
        with releases.opened(releases.Deposit(made.sealed, made.keys), made.filename) as path:
            return examined(path, unsealing.unsealer(acting_person(made.by_id)))
    except VaultBroken:
        return _refused(
            Problem("E_ZIP_CORRUPT", _("le dépôt n’est plus lisible : déposez-le de nouveau"))
        )


def examined(path: Path, unseal: exporting.Unseal | None = None) -> Report:
    """Report on a bundle: what the child found; without fault, what its programs and scores say.

    unseal: opens the ciphertexts of an export of ours, once the child has read the rest of it.
    """
    try:
        report = child.examine(path)
    except child.ChildLost as lost:
        said = _("sa lecture dépasse le temps ou la mémoire permis (%(code)s)")
        return _refused(Problem(LIMITS, said % {"code": lost.code}))
    if unseal is not None and _is_sealed(report):
        return _unsealed(path, unseal)
    if report["errors"]:
        return report
    if report["format"] == child.OWN:
        return _own(path, report)
    with archives.opened(path) as root:
        source = root / exporting.SOURCE if exporting.is_export(root) else root
        read = rehearsed(reading.read_folder(source, evaluator=trials.here), source, {})
        found, _forms = answers_asked(read, source)
        return _named(found).to_json()


def _is_sealed(report: Report) -> bool:
    """Say whether only a key is missing to read an export."""
    codes = {one["code"] for one in report["errors"]}
    return codes == {exporting.SEALED_CODE}


def _unsealed(path: Path, unseal: exporting.Unseal) -> Report:
    """Open what an export seals, here where the key is; a child without it reads the result."""
    with (
        archives.opened(path) as root,
        rooms.private("import") as scratch,
    ):
        folder = scratch / "challenge"
        found = exporting.restore(root, folder, unseal)
        if found.errors:
            return _refused(*found.errors)
        if found.source is None:
            return examined(folder)
        archive, answers = found.source
        report = examined(archive)
        for each in report["questions"]:  # answered once, where it was exported
            each["proposal"] = answers.get(each["key"], each["proposal"])
        return report


def _named(found: reading.ForeignReport) -> reading.ForeignReport:
    """Ask for the name of the challenge in its address: another may have it already."""
    title = found.spec.title if found.spec else ""
    slug = translation.slug_of(title)
    question = Question("slug", questions.SLUG, slug, questions.SLUG_HINT)
    return replace(found, questions=(*found.questions, question))


def _own(path: Path, report: Report) -> Report:
    """Compile the truth of our own form and reproduce its recorded scores."""
    with (
        archives.opened(path) as root,
        tempfile.TemporaryDirectory(prefix=rooms.prefix("import")) as scratch,
    ):
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


def _refused(*problems: Problem) -> Report:
    return reading.ForeignReport(None, problems, ()).to_json()
