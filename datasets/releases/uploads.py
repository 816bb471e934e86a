"""Receive the files of a release in parts, each sealed as it comes; publish them in a task."""

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from datasets.releases import actions as releases
from datasets.releases import rules
from datasets.releases.actions import FILES_MAX, Deposit, NewFile
from datasets.releases.enums import AccessLevel, FileRole, PendingState
from datasets.releases.models import Dataset, PendingRelease, Release, ReleaseUpload
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.actors import SystemActor
from portal.audit.record import record
from portal.lib import clock
from portal.lib.meanwhile import meanwhile
from portal.lib.queue import nudge
from portal.lib.refusals import Conflict, Hidden, Invalid, QuotaSpent, Refusal, TooLarge
from portal.lib.storage import parts
from portal.lib.storage.files import safe_name

log = logging.getLogger("datasets.releases")
TASK = "datasets.publish_release"
PUBLISHER = SystemActor("scheduler")
CLAIM, BEAT_SECONDS, TRIES = timedelta(minutes=10), 60, 3
MOST_BEATS = 120


@transaction.atomic
def begin(*, dataset: Dataset, length: int, name: str, by: User) -> ReleaseUpload:
    """Announce a file of so many bytes for a release: the upload, for a day, "upload.begun".

    Raises NotAllowed, Refusal for a length that is none, TooLarge, and QuotaSpent past the uploads
    that a person has open.
    """
    require(rules.may_publish_release, by, dataset.resource.organisation)
    parts.refuse_length(length)
    if length > settings.CARD_FILE_MAX_BYTES:
        raise TooLarge(limit_bytes=settings.CARD_FILE_MAX_BYTES)
    User.objects.select_for_update(of=("self",)).get(pk=by.pk)
    now = clock.now()
    own = ReleaseUpload.objects.filter(begun_by=by, expires_at__gt=now)
    if own.count() >= settings.CARD_UPLOADS_PER_PERSON:
        raise QuotaSpent(
            _("Vous avez déjà des envois en cours : terminez-les d’abord."), code="limit_reached"
        )
    upload = ReleaseUpload.objects.create(
        dataset=dataset,
        begun_by=by,
        name=safe_name(name),
        length=length,
        begun_at=now,
        expires_at=now + timedelta(hours=settings.UPLOAD_HOURS),
    )
    record("upload.begun", by=by, on=upload, length=length)
    return upload


def append(
    *,
    upload: ReleaseUpload,
    offset: int,
    content: Iterable[bytes],
    checksum: bytes | None,
    by: User,
) -> ReleaseUpload:
    """Seal a part of the file, at the place where the file stops; raises as `parts.append`."""

    def check(own: ReleaseUpload) -> None:
        require(rules.may_publish_release, by, own.dataset.resource.organisation)

    check(upload)
    return parts.append(
        upload,
        offset=offset,
        content=content,
        checksum=checksum,
        check=check,
        keep=_sealed,
        forget=_forget,
    )


class _Arriving:
    """Bytes that come, read as a file: counted, digested, bounded."""

    def __init__(self, content: Iterable[bytes], most: int) -> None:
        self._pieces, self._most, self._left = iter(content), most, memoryview(b"")
        self.size, self.digest = 0, hashlib.sha256()

    def read(self, size: int, /) -> bytes:
        """Read on, so many bytes at most; raises TooLarge past the bound."""
        if not self._left:
            piece = next(self._pieces, b"")
            self.size += len(piece)
            if self.size > self._most:
                raise TooLarge(limit_bytes=self._most)
            self.digest.update(piece)
            self._left = memoryview(piece)
        given, self._left = self._left[:size], self._left[size:]
        return bytes(given)


def _sealed(content: Iterable[bytes], most: int) -> parts.Part:
    arriving = _Arriving(content, most)
    kept = releases.keep(cast(BinaryIO, arriving))
    told = {"sha256": kept.sha256, "keys": kept.keys}
    return parts.Part(told, arriving.digest.hexdigest(), arriving.size)


def _forget(told: Iterable[Mapping[str, Any]]) -> None:
    for part in told:
        releases.forget(part["sha256"])


def expire() -> int:
    """Drop the uploads whose day is over, old refusals with what they cite; return how many.

    Those of a release that waits stay.
    """
    now = clock.now()
    old = PendingRelease.objects.filter(asked_at__lte=now - timedelta(days=settings.BUNDLE_DAYS))
    old.filter(state=PendingState.REFUSED).delete()
    waiting = PendingRelease.objects.filter(state=PendingState.PENDING)
    kept = {pk for each in waiting for pk in _cited(each)}
    late = ReleaseUpload.objects.filter(expires_at__lte=now).exclude(pk__in=kept)
    gone = 0
    for upload in late[: settings.UPLOADS_EXPIRED_AT_ONCE]:
        if late.filter(pk=upload.pk).delete()[0]:  # unless it was just asked for
            _forget(upload.parts)
            gone += 1
    return gone


def _cited(pending: PendingRelease) -> list[UUID]:
    return [UUID(each["upload"]) for each in pending.files]


@dataclass(frozen=True)
class AskedFile:
    """A file that came whole, and what is said of it; columns as those of `NewFile`."""

    upload: UUID
    level: AccessLevel
    role: FileRole = FileRole.DATA
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@transaction.atomic
def ask(
    *,
    dataset: Dataset,
    files: Sequence[AskedFile],
    notes: str = "",
    personal_checked: bool = False,
    by: User,
) -> PendingRelease:
    """Have files that came in parts published as the next release, by a task.

    In order: the uploads kept for another day; the row, event "release.asked". Asked again word
    for word, its answer having been lost: the row there is. Raises NotAllowed; Invalid without a
    file, for one twice, or for an upload that is not the person's, of this dataset; Conflict for
    one that is not whole, with its offset, or that is being published otherwise.
    """
    require(rules.may_publish_release, by, dataset.resource.organisation)
    names = {each.upload for each in files}
    if not 0 < len(files) <= FILES_MAX or len(names) != len(files):
        raise Invalid(
            _("Une version compte de 1 à 20 fichiers, de noms différents."), code="release_files"
        )
    own = ReleaseUpload.objects.select_for_update(of=("self",)).filter(
        pk__in=names, dataset=dataset, begun_by=by
    )
    uploads = list(own)
    now = clock.now()
    day = timedelta(hours=settings.UPLOAD_HOURS)
    asked: dict[str, Any] = {
        "files": [vars(each) | {"upload": str(each.upload)} for each in files],
        "notes": notes[:500],
        "personal_checked": personal_checked,
    }
    recent = Q(state=PendingState.PENDING) | Q(state=PendingState.PUBLISHED, asked_at__gt=now - day)
    for former in PendingRelease.objects.visible_to(by).filter(recent, dataset=dataset):
        if all(getattr(former, name) == value for name, value in asked.items()):
            return former
        if former.state == PendingState.PENDING and names.intersection(_cited(former)):
            raise Conflict(
                _("Une version de ces fichiers se publie déjà : attendez de savoir si elle l’est."),
                code="release_pending",
            )
    if len(uploads) != len(files):
        raise Invalid(_("Cet envoi est inconnu, ou a expiré."), code="upload_unknown")
    for upload in uploads:
        if not upload.is_finished:
            raise Conflict(
                _("Ce fichier n’est pas entier : envoyez la suite."),
                code="upload_incomplete",
                offset=upload.offset,
            )
    own.update(expires_at=now + day)
    pending = PendingRelease.objects.create(dataset=dataset, asked_by=by, asked_at=now, **asked)
    record("release.asked", by=by, on=pending, files=[str(each) for each in uploads])
    nudge(TASK, pending_id=pending.pk)
    return pending


def publish_waiting() -> None:
    """Publish the releases asked for that no task did."""
    for pk in list(PendingRelease.objects.due(clock.now()).values_list("pk", flat=True)):
        publish_asked(pk)


def publish_asked(pk: int) -> None:
    """Publish one release that was asked for, unless another process does.

    Outside any transaction: its uploads opened into files without a name, then what
    `releases.publish` does, in the name of who asked; with the release, its state, and its uploads
    gone. What refuses it is kept as its faults, its uploads until their day ends; while no
    antivirus answers it waits. One whose process was killed thrice is refused.
    """
    now = clock.now()
    mine = PendingRelease.objects.due(now).filter(pk=pk)
    if not mine.update(claimed_until=now + CLAIM, attempts=F("attempts") + 1):
        return
    pending = PendingRelease.objects.select_related("dataset__resource__organisation").get(pk=pk)
    try:
        if pending.attempts > TRIES:
            raise _interrupted()
        # For two hours at most: a process that hangs loses its claim too.
        with meanwhile(lambda: _beat(pk), every=BEAT_SECONDS, most=MOST_BEATS):
            _publish(pending)
    except Invalid as refusal:
        if refusal.code == "scanner_away":
            PendingRelease.objects.filter(pk=pk).update(claimed_until=None, attempts=0)
            return
        _refuse(pending, refusal.faults or [_fault(refusal)])
    except Refusal as refusal:
        _refuse(pending, [_fault(refusal)])
    except Exception:  # the boundary of one release: it is tried again
        log.exception("release %s was not published", pending.public_id)
        if pending.attempts >= TRIES:
            _refuse(pending, [_fault(_interrupted())])


def _beat(pk: int) -> None:
    waiting = PendingRelease.objects.filter(pk=pk, state=PendingState.PENDING)
    waiting.update(claimed_until=clock.now() + CLAIM)


def _interrupted() -> Refusal:
    told = _("La publication s’est interrompue : demandez-la de nouveau.")
    return Refusal(told, code="interrupted")


def _fault(refusal: Refusal) -> dict[str, Any]:
    return {"file": "", "code": refusal.code, "line": 0, "message": str(refusal)}


def _publish(pending: PendingRelease) -> None:
    if pending.asked_by is None:
        raise Hidden
    named = _cited(pending)
    uploads = ReleaseUpload.objects.in_bulk(named)
    if len(uploads) != len(named):
        raise parts.expired()

    def settle(release: Release) -> None:
        there = ReleaseUpload.objects.select_for_update(of=("self",)).filter(pk__in=named)
        waiting = PendingRelease.objects.filter(pk=pending.pk, state=PendingState.PENDING)
        is_whole = len(list(there)) == len(named)
        if not is_whole or not waiting.update(
            state=PendingState.PUBLISHED, release=release, faults=[], claimed_until=None
        ):
            raise parts.expired()  # another process was faster
        there.delete()
        told = [part for upload in uploads.values() for part in upload.parts]
        transaction.on_commit(lambda: _forget(told))

    with ExitStack() as opened:
        files = []
        for each in pending.files:
            upload = uploads[UUID(each["upload"])]
            content = opened.enter_context(releases.joined(Deposit(**one) for one in upload.parts))
            level, role = AccessLevel(each["level"]), FileRole(each["role"])
            files.append(NewFile(upload.name, content, level, role, each["columns"]))
        releases.publish(
            dataset=pending.dataset,
            files=files,
            notes=pending.notes,
            personal_checked=pending.personal_checked,
            then=settle,
            by=pending.asked_by,
        )


@transaction.atomic
def _refuse(pending: PendingRelease, faults: Sequence[Mapping[str, Any]]) -> None:
    waiting = PendingRelease.objects.filter(pk=pending.pk, state=PendingState.PENDING)
    end = clock.now() + timedelta(hours=settings.UPLOAD_HOURS)
    ReleaseUpload.objects.filter(pk__in=_cited(pending)).update(expires_at=end)
    if waiting.update(state=PendingState.REFUSED, faults=list(faults), claimed_until=None):
        codes = sorted({str(each["code"]) for each in faults})
        record("release.refused", by=PUBLISHER, on=pending, codes=codes)
