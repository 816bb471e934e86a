"""Uploads: a large file sent in parts, resumed where it stopped, then submitted."""

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from challenges.entries import rules
from challenges.entries.actions import deposits
from challenges.entries.actions.deposits import Accepted
from challenges.entries.enums import UploadState
from challenges.entries.models import Entry, Upload
from challenges.organising.models.challenges import Phase
from challenges.teams.models import Enrolment, Team
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict, QuotaSpent, TooLarge
from portal.lib.storage import objects, parts
from portal.lib.storage.files import safe_name
from portal.lib.storage.folders import Stored

log = logging.getLogger("portal.uploads")


@transaction.atomic
def begin(*, phase: Phase, team: Team, length: int, name: str, by: User) -> Upload:
    """Announce a file of so many bytes; nothing is counted before it is submitted.

    In order: the upload, for a day; event "upload.begun". Raises NotAllowed, Closed, TooLarge,
    Refusal for a length that is none, QuotaSpent past the uploads a team may have open and
    where the file finds no room with those that are coming.
    """
    require(rules.may_enter, by, team)
    now = clock.now()
    deposits.refuse_closed(Phase.objects.select_related("challenge").get(pk=phase.pk), now)
    parts.refuse_length(length)
    if length > phase.max_bytes:
        raise TooLarge(limit_bytes=phase.max_bytes)
    enrolment, _created = Enrolment.objects.get_or_create(phase=phase, team=team)
    enrolment = Enrolment.objects.locked(enrolment)
    require(rules.may_enter, by, Team.objects.get(pk=team.pk))  # who left meanwhile sends nothing
    if enrolment.uploads.live(now).count() >= settings.UPLOADS_PER_TEAM:
        raise QuotaSpent(
            _("Votre équipe a déjà des envois en cours : terminez-les d’abord."),
            code="uploads_reached",
        )
    coming = enrolment.uploads.live(now).aggregate(bytes=Sum("length"))["bytes"] or 0
    deposits.refuse_beyond_storage(enrolment, length, coming=coming)
    upload = Upload.objects.create(
        enrolment=enrolment,
        begun_by=by,
        name=safe_name(name),
        length=length,
        begun_at=now,
        expires_at=now + timedelta(hours=settings.UPLOAD_HOURS),
    )
    record("upload.begun", by=by, on=upload, team=team.slug, length=length)
    return upload


def append(
    *, upload: Upload, offset: int, content: Iterable[bytes], checksum: bytes | None, by: User
) -> Upload:
    """Keep a part of the file, at the place where the file stops.

    With the last part comes the whole file, under its sha256, so that to submit it copies nothing.
    Raises NotAllowed, and what `parts.append` does.
    """

    def check(own: Upload) -> None:
        require(rules.may_enter, by, own.enrolment.team)

    check(upload)
    upload = parts.append(upload, offset=offset, content=content, checksum=checksum, check=check)
    return _assembled(upload) if upload.offset == upload.length else upload


def submit(
    *,
    upload: Upload,
    idempotency_key: str,
    by: User,
    fact_sheet: dict[str, Any] | None = None,
    note: str = "",
    again: bool = False,
) -> Accepted:
    """Submit a whole upload, as a file that was sent at once.

    An upload whose first byte was kept before the close may end within the grace delay. Raises
    what `entries.enter` does; Conflict while bytes are missing (facts: offset), or expired.
    """
    if upload.state == UploadState.OPEN and upload.offset < upload.length:
        raise Conflict(
            _("Il manque la fin du fichier."), code="upload_incomplete", offset=upload.offset
        )
    try:
        accepted = deposits.enter(
            phase=upload.enrolment.phase,
            team=upload.enrolment.team,
            content=_content(upload),
            original_name=upload.name,
            idempotency_key=idempotency_key,
            by=by,
            fact_sheet=fact_sheet,
            note=note,
            first_byte_at=upload.first_byte_at,
            again=again,
        )
    except FileNotFoundError as error:
        raise parts.expired() from error
    if upload.state == UploadState.OPEN:
        _settle(upload, UploadState.STORED, accepted.entry.sha256)
    return accepted


def expire() -> int:
    """Drop the parts of uploads that nobody finished in time; return how many."""
    late = Upload.objects.filter(state=UploadState.OPEN, expires_at__lte=clock.now())
    found = list(late.order_by("expires_at", "pk")[: settings.UPLOADS_EXPIRED_AT_ONCE])
    for upload in found:
        _settle(upload, UploadState.EXPIRED, "")
    return len(found)


def _assembled(upload: Upload) -> Upload:
    """Write the whole file into the store; what fails here is tried again by `submit`."""
    try:
        stored = objects.put(parts.content(upload.parts), limit_bytes=upload.length)
    except OSError as error:  # a full disk, or a submission that came first: the parts are gone
        log.warning("upload %s is not assembled: %s", upload.pk, type(error).__name__)
        return upload
    _settle(upload, UploadState.STORED, stored.sha256)
    return Upload.objects.get(pk=upload.pk)


def _content(upload: Upload) -> Iterable[bytes] | Stored:
    if upload.state == UploadState.EXPIRED:
        raise parts.expired()
    if upload.state == UploadState.OPEN:
        return parts.content(upload.parts)
    own = Entry.objects.filter(enrolment=upload.enrolment, sha256=upload.sha256)
    if upload.expires_at <= clock.now() and not own.exists():
        raise parts.expired()  # nothing names the file any more: a sweep may take it
    return Stored(upload.sha256, upload.length)


@transaction.atomic
def _settle(upload: Upload, state: UploadState, sha256: str) -> None:
    upload = Upload.objects.locked(upload)
    if upload.state != UploadState.OPEN:
        return
    names = list(upload.parts)
    upload.state, upload.sha256, upload.parts = state.value, sha256, []
    upload.save(update_fields=["state", "sha256", "parts"])
    transaction.on_commit(lambda: parts.drop(names))
