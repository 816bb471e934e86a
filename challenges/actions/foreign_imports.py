"""Import a challenge of another platform: read it whole, then create our draft, or say why not."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from challenges.actions.imports import Imported, import_folder
from challenges.bundles import writer
from challenges.bundles.folder import Folder
from challenges.bundles.foreign import archives, reading, settling, translation
from challenges.bundles.foreign.reading import ForeignReport
from challenges.bundles.foreign.rehearsal import Evaluator
from challenges.bundles.report import Problem
from challenges.bundles.spec import CHALLENGE_FILE
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
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
) -> ForeignImported:
    """Import a zip or a folder, ours or another platform's.

    evaluate: gives what runs an EvalAI script in isolation, if the host can; asked only for such
    a script. A bundle with a fault, with a question that
    needs an answer, or scored by a program, changes nothing and is reported. Otherwise the side
    effects and refusals are those of `import_folder`.
    """
    if (path / CHALLENGE_FILE).is_file():  # judged by its own reader, file by file
        own = import_folder(folder=path, by=by, opens_at=opens_at, closes_at=closes_at)
        return ForeignImported(own, None)
    try:
        with archives.opened(path) as root:
            if (root / CHALLENGE_FILE).is_file():
                own = import_folder(folder=root, by=by, opens_at=opens_at, closes_at=closes_at)
                return ForeignImported(own, None)
            report = reading.read_folder(root, evaluator=evaluate)
            report, problems = _settled(report, answers)
            imported = (
                _nothing(report, problems)
                if problems
                else _translated(root, report, answers, by, (opens_at, closes_at))
            )
    except archives.BundleRefused as refusal:
        report = ForeignReport(None, (reading.refused(refusal),), ())
        imported = _nothing(report, report.errors)
    return ForeignImported(imported, report)


def _settled(
    report: ForeignReport, answers: Mapping[str, str]
) -> tuple[ForeignReport, tuple[Problem, ...]]:
    """Put the answers into a challenge that a program scores, and say why it is not created."""
    spec = report.spec
    closed = translation.closed(spec) if spec else None
    if spec is None or closed is None:
        return report, ()
    settled, problems = settling.settle(spec, report.questions, answers)
    return replace(report, spec=settled), (closed, *problems)


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
