"""Deposit a bundle, ours or another platform's, report on it, make a draft of it once answered."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from challenges.bundles import exporting
from challenges.bundles.folder import Folder
from challenges.bundles.foreign import bundle as foreign_bundle
from challenges.bundles.foreign import forms, reading, translation
from challenges.bundles.foreign.evalai import Evaluator
from challenges.bundles.foreign.reading import ForeignReport
from challenges.bundles.foreign.values import ForeignSpec
from challenges.bundles.spec import CHALLENGE_FILE
from challenges.exchange import rules
from challenges.exchange.actions import imports
from challenges.exchange.actions.imports import (
    Imported,
    Then,
    do_nothing_more,
    import_folder,
    may_take_name,
    organisation_for,
    slug_taken,
)
from challenges.exchange.models import LIVE, BundleImport, ImportState
from challenges.organising.models.challenges import Challenge
from challenges.programs.actions import changes as program_changes
from challenges.programs.actions import drafts as program_drafts
from challenges.programs.actions.drafts import Bundle, slug_of
from challenges.queue import actions as jobs
from challenges.queue.enums import JobKind
from challenges.queue.models import Job
from challenges.scoring.archives import ArchiveRefused
from challenges.scoring.fields import Problem
from datasets.releases import actions as releases
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import clock, failpoints
from portal.lib.prose.markdown import render
from portal.lib.refusals import Conflict, Invalid, QuotaSpent
from portal.lib.storage.files import safe_name

PLATFORM = "X_PLATFORM"


@dataclass(frozen=True)
class Deposited:
    """A deposit, and whether it is new."""

    made: BundleImport
    created: bool


class Overtaken(Exception):
    """Somebody else decided of an import while its draft was made: this one makes none."""


def deposit(*, content: BinaryIO, filename: str, by: User) -> Deposited:
    """Keep a bundle and have the worker read it; the same one, still open, is found again.

    content: a binary file that can be read twice. In order: the archive, encrypted; the import;
    job "import"; event "import.deposited". Raises NotAllowed, TooLarge, Invalid for an empty
    file, QuotaSpent past the imports a person may have open.
    """
    require(rules.may_deposit_bundle, by)
    size, digest = releases.measured(content, limit_bytes=settings.BUNDLE_MAX_BYTES)
    if not size:
        raise Invalid(_("Ce fichier est vide."), code="bundle_empty")
    known = BundleImport.objects.live().filter(by=by, sha256=digest).first()
    if known is not None:
        return Deposited(known, False)
    if BundleImport.objects.live().filter(by=by).count() >= settings.BUNDLES_PER_PERSON:
        raise QuotaSpent(
            _("Vous avez déjà %(n)s imports en cours : terminez ou abandonnez-en un.")
            % {"n": settings.BUNDLES_PER_PERSON},
            code="imports_reached",
        )
    kept = releases.keep(content)
    failpoints.hit("deposit.kept")
    try:
        return _deposited(kept, safe_name(filename), size, digest, by)
    except BaseException:  # no row names these bytes: nobody would erase them
        releases.forget(kept.sha256)
        raise


@transaction.atomic
def _deposited(
    kept: releases.Deposit, filename: str, size: int, digest: str, by: User
) -> Deposited:
    now = clock.now()
    made, created = BundleImport.objects.get_or_create(
        by=by,
        sha256=digest,
        state__in=list(LIVE),
        defaults={
            "filename": filename,
            "size": size,
            "state": ImportState.WAITING,
            "sealed": kept.sha256,
            "keys": list(kept.keys),
            "created_at": now,
            "state_since": now,
            "expires_at": now + timedelta(days=settings.BUNDLE_DAYS),
        },
    )
    if not created:  # deposited twice at the same moment
        transaction.on_commit(lambda: releases.forget(kept.sha256))
        return Deposited(made, False)
    jobs.put(kind=JobKind.IMPORT, subject_id=made.pk)
    record("import.deposited", by=by, on=made, sha256=digest, size=size)
    return Deposited(made, True)


@transaction.atomic
def finish_reading(*, job: Job, made: BundleImport, report: Mapping[str, Any]) -> bool:
    """Keep what the worker read, under its lease; a bundle with errors loses its bytes.

    In order: the report; state READ or REFUSED; event "import.read". False when the lease was
    lost or the import is no longer waiting: nothing is written.
    """
    if not jobs.complete(job):
        return False
    fresh = BundleImport.objects.locked(made)
    if not fresh.is_waiting:
        return False
    fresh.report, fresh.format = dict(report), str(report.get("format") or "")[:24]
    _become(fresh, ImportState.REFUSED if fresh.told("errors") else ImportState.READ)
    record(
        "import.read",
        by=jobs.WORKER,
        on=fresh,
        state=fresh.state,
        errors=[one["code"] for one in fresh.told("errors")][:20],
    )
    return True


@transaction.atomic
def accept_report(*, made: BundleImport, answers: Mapping[str, str], by: User) -> BundleImport:
    """Ask for the draft of a bundle that was read without error; the worker makes it.

    answers: by question key. In order: the answers kept; state CREATING; job "import" again; event
    "import.answered". An acceptance of what is being made, or is made, changes nothing: the first
    answers stand. Raises NotAllowed, Conflict unless it was read.
    """
    fresh = BundleImport.objects.locked(made)
    require(rules.may_accept_import, by, fresh)
    if fresh.is_being_created or fresh.state == ImportState.ACCEPTED:
        return fresh
    if not fresh.is_read:
        raise Conflict(
            _("Cet import n’attend pas de décision."), code="import_state", current=fresh.state
        )
    proposed = {each["key"]: each["proposal"] for each in fresh.told("questions")}
    fresh.answers = {
        key: value for key, value in answers.items() if value.strip() and value != proposed.get(key)
    }
    fresh.refusals = []
    _become(fresh, ImportState.CREATING)
    jobs.revive(kind=JobKind.IMPORT, subject_id=fresh.pk)
    record("import.answered", by=by, on=fresh)
    return fresh


def finish_creation(*, job: Job, made: BundleImport, challenge: Challenge, by: User) -> None:
    """Note the challenge, in the transaction that writes it: there is both, or neither.

    In order: the job done; state ACCEPTED with the challenge, the deposit forgotten; event
    "import.accepted". Raises Overtaken, which undoes the import, when the lease was lost.
    """
    if not jobs.complete(job):
        raise Overtaken
    fresh = BundleImport.objects.locked(made)
    if not fresh.is_being_created:
        raise Overtaken
    fresh.challenge = challenge
    _become(fresh, ImportState.ACCEPTED)
    record("import.accepted", by=by, on=fresh, slug=challenge.slug)
    failpoints.hit("creation.before_commit")


@transaction.atomic
def refuse_creation(*, job: Job, made: BundleImport, problems: Sequence[Problem]) -> bool:
    """Say why the answers make no draft, under the worker's lease: they can be given again.

    In order: the job done; the refusals; state READ; event "import.answers_refused". False when
    the lease was lost: nothing is written.
    """
    if not jobs.complete(job):
        return False
    fresh = BundleImport.objects.locked(made)
    if not fresh.is_being_created:
        return False
    fresh.refusals = [one.to_json() for one in problems]
    _become(fresh, ImportState.READ)
    codes = [one.code for one in problems][:20]
    record("import.answers_refused", by=jobs.WORKER, on=fresh, errors=codes)
    return True


@transaction.atomic
def abandon_import(*, made: BundleImport, by: User) -> BundleImport:
    """Give up a bundle: its bytes are removed.

    Raises NotAllowed, Conflict once its draft is made or being made.
    """
    fresh = BundleImport.objects.locked(made)
    require(rules.may_accept_import, by, fresh)
    if fresh.state == ImportState.ACCEPTED:
        raise Conflict(_("Le brouillon est déjà créé."), code="import_state", current=fresh.state)
    if fresh.is_being_created:
        raise Conflict(
            _("Le brouillon est en cours de création : attendez qu’il soit créé ou refusé."),
            code="import_state",
            current=fresh.state,
        )
    _become(fresh, ImportState.EXPIRED)
    record("import.abandoned", by=by, on=fresh)
    return fresh


def end_broken_import(job: Job) -> None:
    """Say that we could not read a bundle, or make its draft: its job is dead, by our fault.

    A bundle that was read is kept, so that its draft can be asked for again.
    """
    for made in BundleImport.objects.live().filter(pk=job.subject_id).order_by("pk"):
        fresh = BundleImport.objects.locked(made)
        if fresh.is_waiting:
            _become(fresh, ImportState.FAILED)
        elif fresh.is_being_created:
            said = _("panne de notre côté, rien n’est créé ; vos réponses sont gardées : réessayez")
            fresh.refusals = [Problem(PLATFORM, said).to_json()]
            _become(fresh, ImportState.READ)


def expire_imports() -> int:
    """Forget the bundles that nobody accepted in time; return how many."""
    idle = BundleImport.objects.live().exclude(state=ImportState.CREATING)
    late = idle.filter(expires_at__lte=clock.now())
    found = list(late.order_by("expires_at", "pk")[: settings.UPLOADS_EXPIRED_AT_ONCE])
    return sum(_expire(made) for made in found)


@transaction.atomic
def _expire(made: BundleImport) -> bool:
    """Forget one bundle; False when it was decided while its row was waited for."""
    fresh = BundleImport.objects.locked(made)
    if fresh.keeps_bytes and not fresh.is_being_created:
        _become(fresh, ImportState.EXPIRED)
        return True
    return False


def _become(made: BundleImport, state: ImportState) -> None:
    """Change the state; the bytes go once they are of no use."""
    made.state, made.state_since = state.value, clock.now()
    if not made.keeps_bytes:
        gone = made.sealed
        made.sealed, made.keys = "", []
        transaction.on_commit(lambda: releases.forget(gone))
    made.save()


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
    then: Then = do_nothing_more,
) -> ForeignImported:
    """Import a zip or a folder, ours or another platform's, or an export of a portal like this.

    unseal: opens the ciphertexts of an export, where the worker's key is. evaluate: gives what
    runs an EvalAI script in isolation, if the host can; asked only for such a script. rehearse:
    adds to a report what the solutions of a bundle score. then: called with the challenge in the
    transaction that writes it: what it raises undoes the import. A bundle with a fault, or with a
    question that needs an answer, changes nothing and is reported; a second import of the same
    bundle changes nothing. Otherwise the side effects and refusals are those of `import_folder`
    for our metrics, those of `program_drafts.create` for a challenge that a program scores; then,
    for an export, those of `imports.apply_settings`.
    """
    order = _Order(by, answers, opens_at, closes_at, then)
    if (path / CHALLENGE_FILE).is_file():  # judged by its own reader, file by file
        return ForeignImported(order.folder(path), None)
    try:
        with foreign_bundle.opened(path) as root:
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
    except ArchiveRefused as refusal:
        report = reading.refused_archive(refusal)
        imported = _nothing(report, report.errors)
    return ForeignImported(imported, report)


def answers_asked(
    report: ForeignReport, root: Path
) -> tuple[ForeignReport, Mapping[int, forms.Proposal]]:
    """Add to a report the questions that only programs raise; give the forms they are about."""
    if report.spec is None or not report.spec.format.is_scored_by_program:
        return report, {}
    proposed = forms.proposals(report.spec, Folder(root))
    more = program_drafts.program_questions(report.spec, proposed)
    return replace(report, questions=(*report.questions, *more)), proposed


def _programs(
    path: Path,
    root: Path,
    report: ForeignReport,
    spec: ForeignSpec,
    order: _Order,
) -> tuple[ForeignReport, Imported]:
    """Create the draft of a challenge that a program scores, with the answers put into it."""
    report, proposed = answers_asked(report, root)
    own = {key: value for key, value in order.answers.items() if key != "slug"}
    spec, faults = translation.settle(spec, report.questions, own)
    report = replace(report, spec=spec)
    bundle = Bundle(spec, root, path, order.answers, proposed)
    faults = (*faults, *program_drafts.problems(bundle))
    if faults:
        return report, _nothing(report, faults)
    return report, _drafted(report, bundle, order)


def _drafted(report: ForeignReport, bundle: Bundle, order: _Order) -> Imported:
    slug = slug_of(bundle.spec, bundle.answers)
    existing = Challenge.objects.filter(slug=slug).first()
    if not may_take_name(existing, order.by):
        return _nothing(report, (slug_taken(slug, order.by),))
    owner = organisation_for(existing, order.by)
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
        settings = found.settings
        for text in found.texts.values():
            render(text)  # kept: none is rendered while the rows of the challenge are locked

        def then(challenge: Challenge) -> None:
            left.extend(
                imports.apply_settings(
                    challenge=challenge,
                    settings=settings,
                    texts=found.texts,
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
        exporting.write_folder(folder, found.document, found.files)
        made = order.folder(folder)
    return replace(made, warnings=(*report.warnings, *made.warnings))
