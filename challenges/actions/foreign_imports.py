"""Import a challenge of another platform: read it whole, then create our draft, or say why not."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from django.db import transaction

from challenges.actions import export_settings, program_changes, program_drafts
from challenges.actions.imports import (
    Imported,
    Then,
    import_folder,
    is_theirs,
    nothing,
    organisation,
    slug_taken,
)
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

Rehearse = Callable[[ForeignReport, Path, Mapping[str, str]], ForeignReport]


@dataclass(frozen=True)
class ForeignImported:
    """What an import did, and what was read; report is None for our own form."""

    imported: Imported
    report: ForeignReport | None


@dataclass(frozen=True)
class _Order:
    """Who imports, with which answers and dates, and what follows in the same transaction."""

    by: User
    answers: Mapping[str, str]
    opens_at: datetime | None
    closes_at: datetime | None
    then: Then

    def folder(self, folder: Path) -> Imported:
        """Import a challenge folder of ours."""
        return import_folder(
            folder=folder,
            by=self.by,
            opens_at=self.opens_at,
            closes_at=self.closes_at,
            then=self.then,
        )


def import_bundle(
    *,
    path: Path,
    by: User,
    answers: Mapping[str, str],
    evaluate: Callable[[], Evaluator | None] = lambda: None,
    rehearse: Rehearse = lambda report, _root, _answers: report,
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    unseal: exporting.Unseal | None = None,
    then: Then = nothing,
) -> ForeignImported:
    """Import a zip or a folder, ours or another platform's, or an export of a portal like this.

    unseal: opens the ciphertexts of an export, where the worker's key is. evaluate: gives what
    runs an EvalAI script in isolation, if the host can; asked only for such a script. rehearse:
    adds to a report what the solutions of a bundle score. then: called with the challenge in the
    transaction that writes it: what it raises undoes the import. A bundle with a fault, or with a
    question that needs an answer, changes nothing and is reported; a second import of the same
    bundle changes nothing. Otherwise the side effects and refusals are those of `import_folder`
    for our metrics, those of `program_drafts.create` for a challenge that a program scores; then,
    for an export, those of `export_settings.apply`.
    """
    order = _Order(by, answers, opens_at, closes_at, then)
    if (path / CHALLENGE_FILE).is_file():  # judged by its own reader, file by file
        return ForeignImported(order.folder(path), None)
    try:
        with archives.opened(path) as root:
            if (root / CHALLENGE_FILE).is_file():
                return ForeignImported(order.folder(root), None)
            if exporting.is_export(root):
                again = partial(import_bundle, by=by, evaluate=evaluate, rehearse=rehearse)
                return _restored(root, order, unseal, again)
            report = rehearse(reading.read_folder(root, evaluator=evaluate), root, answers)
            spec = report.spec
            if spec is not None and spec.format.is_scored_by_program:
                report, imported = _programs(path, root, report, spec, order)
            else:
                imported = _translated(root, report, order)
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
    order: _Order,
) -> tuple[ForeignReport, Imported]:
    """Create the draft of a challenge that a program scores, with the answers put into it."""
    report, proposed = asked(report, root)
    own = {key: value for key, value in order.answers.items() if key != "slug"}
    spec, faults = settling.settle(spec, report.questions, own)
    report = replace(report, spec=spec)
    bundle = Bundle(spec, root, path, order.answers, proposed)
    faults = (*faults, *program_drafts.problems(bundle))
    if faults:
        return report, _nothing(report, faults)
    return report, _drafted(report, bundle, order)


def _drafted(report: ForeignReport, bundle: Bundle, order: _Order) -> Imported:
    slug = slug_of(bundle.spec, bundle.answers)
    existing = Challenge.objects.filter(slug=slug).first()
    if not is_theirs(existing, order.by):
        return _nothing(report, (slug_taken(slug, order.by),))
    owner = organisation(existing, order.by)
    fingerprint = program_drafts.fingerprint_of(bundle)
    if existing is not None and existing.bundle_fingerprint != fingerprint:
        return _nothing(report, (slug_taken(slug, order.by),))
    personal = program_drafts.personal(bundle)
    if personal.errors:
        return _nothing(report, tuple(personal.errors))
    with transaction.atomic():
        made = existing or program_drafts.create(
            bundle=bundle,
            fingerprint=fingerprint,
            dates=(order.opens_at, order.closes_at),
            organisation=owner,
            by=order.by,
        )
        order.then(made)
    return Imported(made, existing is None, (), (*report.warnings, *personal.warnings))


def _restored(
    root: Path,
    order: _Order,
    unseal: exporting.Unseal | None,
    again: Callable[..., ForeignImported],
) -> ForeignImported:
    """Import an export: our own folder, or the source it carries, with what it says beyond."""
    left: list[Problem] = []
    with tempfile.TemporaryDirectory(prefix="import-") as scratch:
        folder = Path(scratch) / "challenge"
        found = exporting.restore(root, folder, unseal)
        if found.errors or found.settings is None:
            return ForeignImported(Imported(None, False, found.errors, ()), None)
        settings, texts = found.settings, export_settings.rendered(found.settings, found.texts)

        def then(challenge: Challenge) -> None:
            left.extend(
                export_settings.apply(
                    challenge=challenge,
                    settings=settings,
                    texts=texts,
                    dated=order.opens_at is not None or order.closes_at is not None,
                    by=order.by,
                )
            )
            if found.corrected:
                program_changes.take_up(
                    challenge=challenge, corrections=found.corrected, by=order.by
                )
            order.then(challenge)

        if found.source is not None:
            made = again(
                path=found.source[0],
                answers=found.source[1] | dict(order.answers),
                opens_at=order.opens_at,
                closes_at=order.closes_at,
                then=then,
            )
        else:
            made = ForeignImported(replace(order, then=then).folder(folder), None)
    challenge = made.imported.challenge
    if challenge is None:
        return made
    challenge.refresh_from_db()
    imported = replace(made.imported, warnings=(*made.imported.warnings, *left))
    return replace(made, imported=imported)


def _nothing(report: ForeignReport, errors: tuple[Problem, ...]) -> Imported:
    return Imported(None, False, errors, report.warnings)


def _translated(root: Path, report: ForeignReport, order: _Order) -> Imported:
    """Write our form in a temporary folder and import it."""
    spec = report.spec
    if spec is None:
        return _nothing(report, report.errors)
    if missing := translation.unanswered(report.questions, order.answers):
        return _nothing(report, missing)
    try:
        found = translation.portable(spec, Folder(root), report.questions, order.answers)
    except translation.AnswerRefused as refusal:
        return _nothing(report, refusal.problems)
    with tempfile.TemporaryDirectory(prefix="import-") as scratch:
        folder = Path(scratch) / "challenge"
        writer.write(folder, found.document, found.files)
        made = order.folder(folder)
    return replace(made, warnings=(*report.warnings, *made.warnings))
