"""Deposit a bundle, keep its report, make a draft of it once its questions are answered."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from challenges import rules
from challenges.bundles.report import Problem
from challenges.enums import ImportState, JobKind
from challenges.models import BundleImport, Challenge, Job
from challenges.models.imports import LIVE
from challenges.queue import actions as jobs
from datasets.actions import releases
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import clock, failpoints, objects
from portal.lib.files import safe_name
from portal.lib.refusals import Conflict, Invalid, QuotaSpent, TooLarge

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
    size, digest = _measured(content)
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
    jobs.put(kind=JobKind.IMPORT, subject_id=made.pk, dedup_key=str(made.pk))
    record("import.deposited", by=by, on=made, sha256=digest, size=size)
    return Deposited(made, True)


def _measured(content: BinaryIO) -> tuple[int, str]:
    """Count and digest a file within the bound, then go back to its start."""
    size, digest = 0, hashlib.sha256()
    for chunk in objects.pieces(content):
        size += len(chunk)
        if size > settings.BUNDLE_MAX_BYTES:
            raise TooLarge(limit_bytes=settings.BUNDLE_MAX_BYTES)
        digest.update(chunk)
    if size == 0:
        raise Invalid(_("Ce fichier est vide."), code="bundle_empty")
    content.seek(0)
    return size, digest.hexdigest()


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
def accept(*, made: BundleImport, answers: Mapping[str, str], by: User) -> BundleImport:
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
    jobs.revive(kind=JobKind.IMPORT, subject_id=fresh.pk, dedup_key=str(fresh.pk))
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
def abandon(*, made: BundleImport, by: User) -> BundleImport:
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


def bury(job: Job) -> None:
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


def expire() -> int:
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
