"""Send a large file to a draft in parts, resumed where it stopped."""

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, Sum
from django.utils.translation import gettext as _

from catalogue import rules
from catalogue.contributions.actions import files as draft_files
from catalogue.models import CardUpload, Contribution
from catalogue.resources.actions import files as file_care
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import clock, objects, parts
from portal.lib.objects import Stored
from portal.lib.queue import nudge
from portal.lib.refusals import (
    Hidden,
    NotAllowed,
    QuotaSpent,
    Refusal,
    Unavailable,
)

log = logging.getLogger("catalogue.files")
TASK = "catalogue.assemble_file"
RETRY_MINUTES, RETRY_MOST_MINUTES = 5, 240
# More than five gigabytes take to be put together.
ASSEMBLY_MINUTES = 60


@transaction.atomic
def begin(*, contribution: Contribution, length: int, name: str, by: User) -> CardUpload:
    """Announce a file of so many bytes for a draft.

    In order: the upload, for a day; event "upload.begun". Raises what `stored_files.announce`
    does, Refusal for a length that is none, QuotaSpent past the uploads that a person has open.
    """
    name = draft_files.clean_name(name)
    parts.refuse_length(length)
    # Before the room, as who adds a file: the upload refers to the draft, and would wait for it.
    contribution = Contribution.objects.locked(contribution)
    draft_files.announce(contribution=contribution, name=name, size=length, by=by)
    file_care.hold_room(contribution.organisation, by)
    now = clock.now()
    all_coming = CardUpload.objects.coming(now)
    if all_coming.filter(begun_by=by).count() >= settings.CARD_UPLOADS_PER_PERSON:
        raise QuotaSpent(
            _("Vous avez déjà des envois en cours : terminez-les d’abord."), code="limit_reached"
        )
    coming = all_coming.held_by(contribution.organisation, by)
    weight = coming.aggregate(bytes=Sum("length"))["bytes"] or 0
    file_care.require_room(contribution.organisation, by, length + weight)
    upload = CardUpload.objects.create(
        contribution=contribution,
        begun_by=by,
        name=name,
        length=length,
        begun_at=now,
        expires_at=now + timedelta(hours=settings.UPLOAD_HOURS),
    )
    record("upload.begun", by=by, on=upload, length=length)
    return upload


def append(
    *, upload: CardUpload, offset: int, content: Iterable[bytes], checksum: bytes | None, by: User
) -> CardUpload:
    """Keep a part of the file, at the place where the file stops; with the last one, the file.

    A small file is brought to its draft at once (`stored_files.add`), a large one by a task. An
    empty part at the end of a whole file tries again what was refused then. checksum: sha256 of
    the part, 32 bytes; a part that is refused leaves nothing behind. Raises NotAllowed; Conflict
    for another offset (facts: offset); TooLarge past the announced length; Corrupted, Unavailable;
    of the last part, what `stored_files.add` does.
    """
    if upload.contribution is None:
        raise Hidden
    require(rules.may_edit, by, upload.contribution)
    parts.refuse_out_of_place(upload, offset)
    if upload.offset < upload.length:
        upload = parts.append(
            upload, offset=offset, content=content, checksum=checksum, check=lambda _own: None
        )
    if upload.offset < upload.length:
        return upload
    if upload.length > settings.CARD_FILE_EXAMINED_AT_ONCE_BYTES:
        nudge(TASK, upload_id=str(upload.pk))
        return upload
    return finish(upload)


def finish(upload: CardUpload) -> CardUpload:
    """Bring a whole upload to its draft, in the name of who sent it; raises as `append`.

    What would be refused is refused before the bytes are put together, and waits longer each time;
    of who may not write the draft any more, nothing is kept. One process at a time: another finds
    the upload as it is.
    """
    if upload.file_id is not None or upload.offset < upload.length:
        return upload
    if upload.begun_by is None or upload.contribution is None:
        return upload
    now = clock.now()
    until = now + timedelta(minutes=ASSEMBLY_MINUTES)
    mine = CardUpload.objects.filter(pk=upload.pk)
    if not mine.filter(file=None).free(now).update(assembling_until=until):
        return upload
    try:
        return _finish(upload, upload.begun_by, upload.contribution)
    except NotAllowed:
        # Who writes the draft may write it again, once it comes back.
        writes = rules.writes(upload.begun_by, upload.contribution)
        (_put_off if writes else _drop)(upload)
        raise
    except Refusal:
        _put_off(upload)
        raise
    finally:
        mine.filter(assembling_until=until).update(assembling_until=None)


def finish_waiting() -> int:
    """Try again the whole uploads that are no file yet; return how many became one."""
    done = 0
    waiting = CardUpload.objects.due(clock.now()).select_related("begun_by", "contribution")
    for upload in list(waiting[: settings.UPLOADS_EXPIRED_AT_ONCE]):
        try:
            done += finish(upload).file_id is not None
        except Refusal as refusal:
            log.info("upload %s is not a file yet: %s", upload.pk, refusal.code)
        except Exception:  # one upload that fails keeps no other waiting
            log.exception("upload %s is not a file yet", upload.pk)
            _put_off(upload)
    return done


def expire() -> int:
    """Drop the uploads whose day is over, or whose draft is gone, with their parts.

    One that is being put together is left until it is a file, or is not: each is claimed as
    `finish` does before its parts go.
    """
    now = clock.now()
    until = now + timedelta(minutes=ASSEMBLY_MINUTES)
    over = Q(expires_at__lte=now) | Q(contribution=None)
    late = CardUpload.objects.free(now).filter(over).order_by("expires_at", "pk")
    gone = 0
    for upload in list(late[: settings.UPLOADS_EXPIRED_AT_ONCE]):
        mine = CardUpload.objects.filter(pk=upload.pk)
        if mine.free(now).update(assembling_until=until):
            _drop(upload)
            gone += 1
    return gone


def _drop(upload: CardUpload) -> None:
    parts.drop(upload.parts)
    CardUpload.objects.filter(pk=upload.pk).delete()


def _put_off(upload: CardUpload) -> None:
    """Leave a refused upload alone for a while, twice as long each time."""
    wait = min(RETRY_MINUTES << min(upload.attempts, 6), RETRY_MOST_MINUTES)
    CardUpload.objects.filter(pk=upload.pk, file=None).update(
        attempts=F("attempts") + 1, retry_at=clock.now() + timedelta(minutes=wait)
    )


def _finish(upload: CardUpload, sender: User, contribution: Contribution) -> CardUpload:
    fresh = Contribution.objects.filter(pk=contribution.pk).first()
    if fresh is None:
        raise Hidden
    draft_files.announce(contribution=fresh, name=upload.name, size=upload.length, by=sender)
    try:
        stored = objects.put(parts.content(upload.parts), limit_bytes=upload.length)
    except OSError as error:  # a full disk, or another process that came first
        raise Unavailable from error
    upload = _settle(upload, stored, sender)
    if upload.file is not None:
        file_care.begin_examination(upload.file)
    return upload


@transaction.atomic
def _settle(upload: CardUpload, stored: Stored, sender: User) -> CardUpload:
    """Make a file of what was put together, unless another process did."""
    rows = Contribution.objects.select_for_update(of=("self",))
    contribution = rows.filter(pk=upload.contribution_id or 0).first()
    upload = parts.locked(upload)
    if upload.file_id is not None or contribution is None:
        return upload
    names = list(upload.parts)
    upload.file = draft_files.add(
        contribution=contribution, name=upload.name, content=stored, by=sender
    )
    upload.parts = []
    upload.save(update_fields=["file", "parts"])
    transaction.on_commit(lambda: parts.drop(names))
    return upload
