"""Send a large file to a draft in parts, resumed where it stopped."""

import logging
import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from catalogue import rules
from catalogue.actions import file_examinations, stored_files
from catalogue.models import CardUpload, Contribution
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record
from portal.lib import clock, objects, parts
from portal.lib.queue import nudge
from portal.lib.refusals import (
    Conflict,
    Corrupted,
    Hidden,
    QuotaSpent,
    Refusal,
    TooLarge,
    Unavailable,
)

log = logging.getLogger("catalogue.files")
TASK = "catalogue.assemble_file"


@transaction.atomic
def begin(*, contribution: Contribution, length: int, name: str, by: User) -> CardUpload:
    """Announce a file of so many bytes for a draft.

    In order: the upload, for a day; event "upload.begun". Raises what `stored_files.announce`
    does, Refusal for a length that is none, QuotaSpent past the uploads that a person has open.
    """
    name = stored_files.clean_name(name)
    if length < 1:
        raise Refusal(_("Un fichier a au moins un octet."), code="upload_length")
    stored_files.announce(contribution=contribution, size=length, by=by)
    now = clock.now()
    coming = CardUpload.objects.coming(now).filter(begun_by=by)
    if coming.count() >= settings.CARD_UPLOADS_PER_PERSON:
        raise QuotaSpent(
            _("Vous avez déjà des envois en cours : terminez-les d’abord."), code="uploads_reached"
        )
    weight = coming.aggregate(bytes=Sum("length"))["bytes"] or 0
    stored_files.require_room(contribution.organisation, by, length + weight)
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

    In order: the part, synchronised; then, in one transaction, its name and the new offset. A
    small file is brought to its draft at once (`stored_files.add`), a large one by a task. An
    empty part at the end of a whole file tries again what was refused then. checksum: sha256 of
    the part, 32 bytes; a part that is refused leaves nothing behind. Raises NotAllowed; Conflict
    for another offset (facts: offset); TooLarge past the announced length; Corrupted, Unavailable;
    of the last part, what `stored_files.add` does.
    """
    if upload.contribution is None:
        raise Hidden
    require(rules.may_edit, by, upload.contribution)
    _refuse_out_of_place(upload, offset)
    if upload.offset < upload.length:
        upload = _part(upload, offset, content, checksum)
    if upload.offset < upload.length:
        return upload
    if upload.length > settings.CARD_FILE_EXAMINED_AT_ONCE_BYTES:
        nudge(TASK, upload_id=str(upload.pk))
        return upload
    return finish(upload)


def finish(upload: CardUpload) -> CardUpload:
    """Bring a whole upload to its draft, in the name of who sent it; raises as `append`."""
    sender, contribution = upload.begun_by, upload.contribution
    if upload.file_id is not None or upload.offset < upload.length:
        return upload
    if sender is None or contribution is None:
        return upload
    try:
        stored = objects.put(parts.content(upload.parts), limit_bytes=upload.length)
    except OSError as error:  # a full disk, or another process that came first
        raise Unavailable from error
    fresh = Contribution.objects.get(pk=contribution.pk)
    file = stored_files.add(contribution=fresh, name=upload.name, content=stored, by=sender)
    upload = _settle(upload, file.pk)
    file_examinations.begin(file)
    return upload


def finish_waiting() -> int:
    """Try again the whole uploads that are no file yet; return how many became one."""
    done = 0
    waiting = CardUpload.objects.whole().filter(expires_at__gt=clock.now())
    for upload in list(waiting.select_related("begun_by")[: settings.UPLOADS_EXPIRED_AT_ONCE]):
        try:
            done += finish(upload).file_id is not None
        except Refusal as refusal:
            log.info("upload %s is not a file yet: %s", upload.pk, refusal.code)
    return done


def expire() -> int:
    """Drop the uploads whose day is over, or whose draft is gone, with their parts."""
    over = Q(expires_at__lte=clock.now()) | Q(contribution=None)
    late = CardUpload.objects.filter(over).order_by("expires_at", "pk")
    found = list(late[: settings.UPLOADS_EXPIRED_AT_ONCE])
    for upload in found:
        parts.drop(upload.parts)
        CardUpload.objects.filter(pk=upload.pk).delete()
    return len(found)


def _part(
    upload: CardUpload, offset: int, content: Iterable[bytes], checksum: bytes | None
) -> CardUpload:
    name = f"{upload.pk}/{secrets.token_hex(8)}"
    try:
        stored = parts.put(name, content, limit_bytes=upload.length - offset)
    except OSError as error:  # a full disk, a connection that broke: nothing was kept
        raise Unavailable from error
    try:
        if checksum is not None and bytes.fromhex(stored.sha256) != checksum:
            raise Corrupted(offset=offset)
        return _kept(upload, offset, name, stored.size)
    except BaseException:
        parts.drop([name])
        raise


@transaction.atomic
def _kept(upload: CardUpload, offset: int, name: str, size: int) -> CardUpload:
    upload = CardUpload.objects.locked(upload)
    _refuse_out_of_place(upload, offset)
    if not size:
        parts.drop([name])
        return upload
    upload.parts = [*upload.parts, name]
    upload.offset += size
    upload.save(update_fields=["parts", "offset"])
    return upload


def _refuse_out_of_place(upload: CardUpload, offset: int) -> None:
    if upload.expires_at <= clock.now():
        raise Conflict(_("Cet envoi a expiré : recommencez-le."), code="upload_expired")
    if upload.file_id is not None:
        raise Conflict(
            _("Ce fichier est déjà entier."), code="upload_complete", offset=upload.offset
        )
    if offset != upload.offset:
        raise Conflict(
            _("Le fichier s’arrête à un autre octet : reprenez là."),
            code="upload_offset",
            offset=upload.offset,
        )
    if len(upload.parts) >= settings.UPLOAD_MAX_PARTS and upload.offset < upload.length:
        raise Conflict(
            _("Ce fichier a été envoyé en trop de morceaux : recommencez avec de plus grands."),
            code="upload_parts",
            offset=upload.offset,
        )


@transaction.atomic
def _settle(upload: CardUpload, file_id: int) -> CardUpload:
    upload = CardUpload.objects.locked(upload)
    names = list(upload.parts)
    upload.file_id, upload.parts = file_id, []
    upload.save(update_fields=["file", "parts"])
    transaction.on_commit(lambda: parts.drop(names))
    return upload


def refuse_announced(upload: CardUpload, size: int) -> None:
    """Refuse a part that says it is too long, before one byte of it is read."""
    if size > upload.length - upload.offset:
        raise TooLarge(limit_bytes=upload.length - upload.offset)
