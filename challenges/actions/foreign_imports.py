"""Import a challenge of another platform: read it whole, then create our draft, or say why not."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from challenges.actions import export_settings, program_drafts
from challenges.actions.imports import Imported, import_folder, organisation
from challenges.actions.program_tasks import Bundle, slug_of
from challenges.bundles import exporting, writer
from challenges.bundles.folder import Folder
from challenges.bundles.foreign import archives, forms, reading, settling, translation
from challenges.bundles.foreign.reading import ForeignReport
from challenges.bundles.foreign.rehearsal import Evaluator
from challenges.bundles.foreign.values import ForeignSpec
from challenges.bundles.report import Problem
from challenges.bundles.spec import CHALLENGE_FILE
from challenges.models import Challenge
from portal.accounts.models import User


@dataclass(frozen=True)
class ForeignImported:
    """What an import did, and what was read; report is None for our own form."""

    imported: Imported
    report: ForeignReport | None


def import_bundle(
    *,
    path: Path,
    by: User,
    answers: Mapping[str, str],
    evaluate: Callable[[], Evaluator | None] = lambda: None,
    rehearse: Callable[[ForeignReport, Path], ForeignReport] = lambda report, _root: report,
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    unseal: exporting.Unseal | None = None,
) -> ForeignImported:
    """Import a zip or a folder, ours or another platform's, or an export of a portal like this.

    unseal: opens the ciphertexts of an export, where the worker's key is. evaluate: gives what
    runs an EvalAI script in isolation, if the host can; asked only for such a script. rehearse:
    adds to a report what the solutions of a bundle score. A bundle with a fault, or with a
    question that needs an answer, changes nothing and is reported; a second import of the same
    bundle changes nothing. Otherwise the side effects and refusals are those of `import_folder`
    for our metrics, those of `program_drafts.create` for a challenge that a program scores; then,
    for an export, those of `export_settings.apply`.
    """
    if (path / CHALLENGE_FILE).is_file():  # judged by its own reader, file by file
        own = import_folder(folder=path, by=by, opens_at=opens_at, closes_at=closes_at)
        return ForeignImported(own, None)
    try:
        with archives.opened(path) as root:
            if (root / CHALLENGE_FILE).is_file():
                own = import_folder(folder=root, by=by, opens_at=opens_at, closes_at=closes_at)
                return ForeignImported(own, None)
            if exporting.is_export(root):
                again = partial(import_bundle, by=by, evaluate=evaluate, rehearse=rehearse)
                return _restored(root, answers, by, (opens_at, closes_at), unseal, again)
            report = rehearse(reading.read_folder(root, evaluator=evaluate), root)
            dates = (opens_at, closes_at)
            spec = report.spec
            if spec is not None and spec.format.is_scored_by_program:
                report, imported = _programs(path, root, report, spec, answers, by, dates)
            else:
                imported = _translated(root, report, answers, by, dates)
    except archives.BundleRefused as refusal:
        report = ForeignReport(None, (reading.refused(refusal),), ())
        imported = _nothing(report, report.errors)
    return ForeignImported(imported, report)


def asked(report: ForeignReport, root: Path) -> tuple[ForeignReport, Mapping[int, forms.Proposal]]:
    """Add to a report the questions that only programs raise; give the forms they are about."""
    if report.spec is None or not report.spec.format.is_scored_by_program:
        return report, {}
    proposed = forms.proposals(report.spec, Folder(root))
    more = program_drafts.questions(report.spec, proposed)
    return replace(report, questions=(*report.questions, *more)), proposed


def _programs(
    path: Path,
    root: Path,
    report: ForeignReport,
    spec: ForeignSpec,
    answers: Mapping[str, str],
    by: User,
    dates: tuple[datetime | None, datetime | None],
) -> tuple[ForeignReport, Imported]:
    """Create the draft of a challenge that a program scores, with the answers put into it."""
    report, proposed = asked(report, root)
    own = {key: value for key, value in answers.items() if key != "slug"}
    spec, faults = settling.settle(spec, report.questions, own)
    report = replace(report, spec=spec)
    bundle = Bundle(spec, root, path, answers, proposed)
    faults = (*faults, *program_drafts.problems(bundle))
    if faults:
        return report, _nothing(report, faults)
    return report, _drafted(report, bundle, by, dates)


def _drafted(
    report: ForeignReport,
    bundle: Bundle,
    by: User,
    dates: tuple[datetime | None, datetime | None],
) -> Imported:
    existing = Challenge.objects.filter(slug=slug_of(bundle.spec, bundle.answers)).first()
    owner = organisation(existing, by)
    fingerprint = program_drafts.fingerprint_of(bundle)
    if existing is None:
        made = program_drafts.create(
            bundle=bundle, fingerprint=fingerprint, dates=dates, organisation=owner, by=by
        )
        return Imported(made, True, (), report.warnings)
    if existing.bundle_fingerprint == fingerprint:
        return Imported(existing, False, (), report.warnings)
    taken = Problem(
        "E_SLUG_TAKEN",
        "un autre challenge porte ce nom : donnez-en un avec --answer slug=…",
        key="slug",
        value=existing.slug,
    )
    return _nothing(report, (taken,))


def _restored(
    root: Path,
    answers: Mapping[str, str],
    by: User,
    dates: tuple[datetime | None, datetime | None],
    unseal: exporting.Unseal | None,
    again: Callable[..., ForeignImported],
) -> ForeignImported:
    """Import an export: our own folder, or the source it carries, then what it says beyond."""
    opens_at, closes_at = dates
    with tempfile.TemporaryDirectory(prefix="import-") as scratch:
        folder = Path(scratch) / "challenge"
        found = exporting.restore(root, folder, unseal)
        if found.errors or found.settings is None:
            return ForeignImported(Imported(None, False, found.errors, ()), None)
        texts = export_settings.rendered(found.settings, found.texts)
        if found.source is not None:
            made = again(
                path=found.source[0],
                answers=found.source[1] | dict(answers),
                opens_at=opens_at,
                closes_at=closes_at,
            )
        else:
            own = import_folder(folder=folder, by=by, opens_at=opens_at, closes_at=closes_at)
            made = ForeignImported(own, None)
    challenge = made.imported.challenge
    if challenge is None:
        return made
    left = export_settings.apply(
        challenge=challenge, settings=found.settings, texts=texts, dated=any(dates), by=by
    )
    challenge.refresh_from_db()
    imported = replace(made.imported, warnings=(*made.imported.warnings, *left))
    return replace(made, imported=imported)


def _nothing(report: ForeignReport, errors: tuple[Problem, ...]) -> Imported:
    return Imported(None, False, errors, report.warnings)


def _translated(
    root: Path,
    report: ForeignReport,
    answers: Mapping[str, str],
    by: User,
    dates: tuple[datetime | None, datetime | None],
) -> Imported:
    """Write our form in a temporary folder and import it."""
    spec = report.spec
    if spec is None:
        return _nothing(report, report.errors)
    if missing := translation.unanswered(report.questions, answers):
        return _nothing(report, missing)
    try:
        found = translation.portable(spec, Folder(root), report.questions, answers)
    except translation.AnswerRefused as refusal:
        return _nothing(report, refusal.problems)
    with tempfile.TemporaryDirectory(prefix="import-") as scratch:
        folder = Path(scratch) / "challenge"
        writer.write(folder, found.document, found.files)
        made = import_folder(folder=folder, by=by, opens_at=dates[0], closes_at=dates[1])
    return replace(made, warnings=(*report.warnings, *made.warnings))
