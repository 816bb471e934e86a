"""Bring a file to a draft, whole or in parts, name it in its text, take it out."""

import logging
from collections.abc import Iterable
from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import F, Q, Sum
from django.utils.translation import gettext as _

from catalogue.contributions import rules
from catalogue.contributions.actions import drafts
from catalogue.contributions.enums import OPEN_CONTRIBUTIONS
from catalogue.contributions.models import CardUpload, Contribution
from catalogue.contributions.queries import files as named_files
from catalogue.resources import file_types
from catalogue.resources.actions import files as file_care
from catalogue.resources.enums import UNREAD
from catalogue.resources.models import CardFile, Resource
from catalogue.resources.queries import files as card_files
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.actors import SystemActor
from portal.audit.record import record
from portal.lib import clock
from portal.lib.prose.texts import require_plain_line
from portal.lib.queue import nudge
from portal.lib.refusals import (
    Conflict,
    Hidden,
    Invalid,
    NotAllowed,
    QuotaSpent,
    Refusal,
    TooLarge,
    Unavailable,
)
from portal.lib.storage import objects, parts
from portal.lib.storage.files import safe_name
from portal.lib.storage.folders import Stored

log = logging.getLogger("catalogue.files")
SCHEDULER = SystemActor("scheduler")
ROWS_MOST = 50
# PostgreSQL: lock_not_available, deadlock_detected.
HELD_CODES = frozenset({"55P03", "40P01"})
# A proposal that may still go online, or be taken up again.
COUNTED = tuple(OPEN_CONTRIBUTIONS)
# Of those, the ones that nobody is writing: their files found room when they were sent.


def add(
    *,
    contribution: Contribution,
    name: str,
    content: Iterable[bytes] | Stored,
    by: User,
    size: int = 1,
) -> CardFile:
    """Keep a file for a draft, whose text names it from now on; one of the same name is replaced.

    In order: the bytes, in the private store; then, in one transaction, the row of the file, the
    draft, event "file.added". The same bytes under the same name change nothing, unless nothing
    could examine them: then they are examined again. Nobody is given the file before it was
    examined. size: in bytes, where it is known before. Raises NotAllowed;
    Conflict for a kind that tells no files, a draft that somebody else holds, more than fifty rows;
    Invalid for an empty file or name; TooLarge, QuotaSpent, Unavailable.
    """
    name = clean_name(name)
    announce(contribution=contribution, name=name, size=size, by=by)
    stored = content if isinstance(content, Stored) else _stored(content)
    if not stored.size:
        raise Invalid(_("Ce fichier est vide."), code="file_empty")
    return _add(contribution, name, stored, _kind(stored), by)


def clean_name(name: str) -> str:
    """Give the name under which a file is kept; Invalid for one that is not a line of text."""
    require_plain_line(name)
    return safe_name(name)


def announce(*, contribution: Contribution, name: str, size: int, by: User) -> None:
    """Refuse, before one byte is read, a file that would be refused after it.

    size: in bytes, as announced. Raises NotAllowed; Conflict, also where the files are those of
    releases; TooLarge, QuotaSpent.
    """
    require(rules.may_edit, by, contribution)
    field, rows = _rows(contribution)
    if not field:
        raise Conflict(_("Ce type de fiche n’a pas de fichiers."), code="no_files_of_kind")
    if page := named_files.deposit_page(contribution):
        raise Conflict(
            _("Les fichiers de ce jeu se publient en versions, sur la page %(page)s.")
            % {"page": f"{settings.SITE_URL}{page}"},
            code="files_of_releases",
        )
    if len(rows) >= ROWS_MOST and _former(contribution, name) is None:
        raise _too_many()
    if size > settings.CARD_FILE_MAX_BYTES:
        raise TooLarge(limit_bytes=settings.CARD_FILE_MAX_BYTES)
    file_care.require_room(contribution.organisation, by, size)


@transaction.atomic
def remove(*, contribution: Contribution, file: CardFile, by: User) -> None:
    """Take a file out of a draft; its bytes stay while another text of the card names it.

    In order: the draft; event "file.removed"; a file that was never sent to anybody is forgotten
    at once, event "file.forgotten". Raises NotAllowed, Conflict; Hidden when the draft does not
    name it.
    """
    contribution = Contribution.objects.locked(contribution)
    require(rules.may_edit, by, contribution)
    field, rows = _rows(contribution)
    kept = [row for row in rows if file.public_id not in card_files.ids_named({field: [row]})]
    if len(kept) == len(rows):
        raise Hidden
    drafts.save_draft(contribution=contribution, values={field: kept}, by=by)
    record("file.removed", by=by, on=file, sha256=file.sha256)
    _let_go(contribution, file, by)


def forget_unnamed() -> int:
    """Delete the files that no text has named for thirty days; return how many went.

    Each card in its transaction: its texts are held, the files that one names again are kept, then
    the others go. A text that counts: the card online, a proposal that may still be, for the files
    it brought. A card that somebody writes meanwhile is left for the next time; one that fails
    keeps no other waiting.
    """
    cards = CardFile.objects.order_by("resource_id").values_list("resource_id", flat=True)
    gone = 0
    for pk in list(cards.distinct()):
        try:
            gone += _forget_of(pk)
        except Exception as error:  # the boundary of one card
            if _is_held(error):
                log.info("the files of card %s are left for later: %s", pk, error)
            else:
                log.exception("the files of card %s were not looked at", pk)
    return gone


def _is_held(error: Exception) -> bool:
    """Say whether a card is only held by somebody else; a database that fails is no such thing."""
    if not isinstance(error, OperationalError):
        return False
    code = getattr(error.__cause__, "pgcode", None)
    return code in HELD_CODES if code else "is locked" in str(error)  # SQLite has no codes


@transaction.atomic
def _forget_of(resource_id: int) -> int:
    # Nobody names a file between the read and its end. Nothing is waited for: some acts hold the
    # card before its texts, others after them.
    texts = Contribution.objects.filter(resource=resource_id, status__in=COUNTED).order_by("pk")
    list(texts.select_for_update(of=("self",), nowait=True).values_list("pk"))
    rows = Resource.objects.select_for_update(of=("self",), nowait=True)
    card = rows.filter(pk=resource_id).first()
    if card is None:
        return 0
    files = CardFile.objects.filter(resource=card)
    all_files = list(files.defer("preview"))
    used = _used(card, all_files)
    files.filter(public_id__in=used).exclude(unnamed_at=None).update(unnamed_at=None)
    lost = files.exclude(public_id__in=used)
    lost.filter(unnamed_at=None).update(unnamed_at=clock.now())
    before = clock.now() - timedelta(days=settings.CARD_FILES_UNNAMED_DAYS)
    gone = list(lost.filter(unnamed_at__lte=before))
    for file in gone:
        file_care.forget(file=file, by=SCHEDULER)
    return len(gone)


def _used(card: Resource, files: list[CardFile]) -> set[UUID]:
    """Tell which files of a card a text that counts names."""
    used = card_files.ids_named(card.details if card.live or card.masked_at else {})
    rows = Contribution.objects.filter(resource=card, status__in=COUNTED)
    for each in rows.select_related("revision", "resource"):
        told = card_files.ids_named(each.content.get("details") or {})
        used |= {
            f.public_id for f in files if f.public_id in told and named_files.is_brought(f, each)
        }
    return used


def _let_go(contribution: Contribution, file: CardFile, by: User) -> None:
    """Make room for others once no text names a file; what nobody was ever sent goes at once.

    Of a file that came in another name nothing is decided here.
    """
    card = Resource.objects.get(pk=file.resource_id)
    if not named_files.is_brought(file, contribution) or file.public_id in _used(card, [file]):
        return
    if _was_sent(contribution, file, card):
        CardFile.objects.filter(pk=file.pk, unnamed_at=None).update(unnamed_at=clock.now())
    else:
        file_care.forget(file=file, by=by)


def _was_sent(contribution: Contribution, file: CardFile, card: Resource) -> bool:
    """Say whether a text other than this unsent draft may have told somebody of a file."""
    if contribution.submitted_at or contribution.offered_at:
        return True
    if file.added_at < contribution.created_at:
        return True
    others = card.revisions.exclude(pk=contribution.revision_id)
    return bool(others.filter(content__icontains=str(file.public_id)).exists())


def _stored(content: Iterable[bytes]) -> Stored:
    try:
        return objects.put(content, limit_bytes=settings.CARD_FILE_MAX_BYTES)
    except OSError as error:  # a full disk, a connection that broke: nothing is kept
        raise Unavailable from error


def _kind(stored: Stored) -> str:
    """Tell what the first bytes are; those alone are asked, while the draft may be held."""
    head = objects.open_span(stored.sha256, first=0, size=file_types.HEAD_BYTES)
    with closing(head) as source:
        # To the end: a connection that broke off is told there alone.
        parts = iter(lambda: source.read(file_types.HEAD_BYTES), b"")
        return file_types.kind_of(b"".join(parts))


@transaction.atomic
def _add(contribution: Contribution, name: str, stored: Stored, kind: str, by: User) -> CardFile:
    contribution = Contribution.objects.locked(contribution)
    require(rules.may_edit, by, contribution)
    field, rows = _rows(contribution)
    former = _former(contribution, name)
    if former is not None and former.sha256 == stored.sha256:
        return _examined_again(former, by)
    file_care.hold_room(contribution.organisation, by, card=contribution.resource_id)
    already = CardFile.objects.held_by(contribution.organisation, by)
    if not already.filter(sha256=stored.sha256).exists():
        file_care.require_room(contribution.organisation, by, stored.size)
    file = CardFile.objects.create(
        resource=contribution.resource,
        organisation=contribution.organisation,
        added_by=by,
        name=name,
        sha256=stored.sha256,
        size=stored.size,
        kind=kind,
        media_type=file_types.media_type(name),
        added_at=clock.now(),
    )
    kept = [*rows]
    place = next((at for at, row in enumerate(kept) if former and _names(field, row, former)), None)
    if place is None:
        if len(kept) >= ROWS_MOST:
            raise _too_many()
        kept.append(_described(field, {"title": name}, file))
    else:
        kept[place] = _described(field, kept[place], file)
    drafts.save_draft(contribution=contribution, values={field: kept}, by=by)
    record("file.added", by=by, on=file, sha256=file.sha256, size=file.size)
    if former is not None:
        _let_go(contribution, former, by)
    return file


def _former(contribution: Contribution, name: str) -> CardFile | None:
    own = named_files.files_of_draft(contribution)
    return next((each for each in own if each.name == name), None)


def _examined_again(file: CardFile, by: User) -> CardFile:
    """Let a file wait again that nothing could examine: the antivirus may answer now."""
    if UNREAD.isdisjoint(file.signs):
        return file
    file.wait_again()
    record("file.added", by=by, on=file, sha256=file.sha256, size=file.size)
    return file


def _too_many() -> Conflict:
    return Conflict(_("Une fiche a cinquante fichiers au plus."), code="limit_reached")


def _rows(contribution: Contribution) -> tuple[str, list[dict[str, Any]]]:
    field = card_files.field_of(contribution.resource.kind)
    return field, list((contribution.content.get("details") or {}).get(field) or [])


def _names(field: str, row: dict[str, Any], file: CardFile) -> bool:
    return file.public_id in card_files.ids_named({field: [row]})


def _described(field: str, row: dict[str, Any], file: CardFile) -> dict[str, Any]:
    """Fill a row with what is known of a file; the words of its author stay."""
    told = {
        card_files.COLUMNS[field]: card_files.file_address(file),
        "format": row.get("format") or file_types.extension(file.name).upper(),
        "bytes": file.size,
        "sha256": file.sha256,
    }
    if field == "distributions":
        told["media_type"] = file.media_type
    return row | told


ASSEMBLY_TASK = "catalogue.assemble_file"
RETRY_MINUTES, RETRY_MOST_MINUTES = 5, 240
# More than five gigabytes take to be put together.
ASSEMBLY_MINUTES = 60


@transaction.atomic
def begin_upload(*, contribution: Contribution, length: int, name: str, by: User) -> CardUpload:
    """Announce a file of so many bytes for a draft.

    In order: the upload, for a day; event "upload.begun". Raises what `announce`
    does, Refusal for a length that is none, QuotaSpent past the uploads that a person has open.
    """
    name = clean_name(name)
    parts.refuse_length(length)
    # Before the room, as who adds a file: the upload refers to the draft, and would wait for it.
    contribution = Contribution.objects.locked(contribution)
    announce(contribution=contribution, name=name, size=length, by=by)
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


def append_part(
    *, upload: CardUpload, offset: int, content: Iterable[bytes], checksum: bytes | None, by: User
) -> CardUpload:
    """Keep a part of the file, at the place where the file stops; with the last one, the file.

    A small file is brought to its draft at once (`add`), a large one by a task. An
    empty part at the end of a whole file tries again what was refused then. checksum: sha256 of
    the part, 32 bytes; a part that is refused leaves nothing behind. Raises NotAllowed; Conflict
    for another offset (facts: offset); TooLarge past the announced length; Corrupted, Unavailable;
    of the last part, what `add` does.
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
        nudge(ASSEMBLY_TASK, upload_id=str(upload.pk))
        return upload
    return finish_upload(upload)


def finish_upload(upload: CardUpload) -> CardUpload:
    """Bring a whole upload to its draft, in the name of who sent it; raises as `append_part`.

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
        return _finish_upload(upload, upload.begun_by, upload.contribution)
    except NotAllowed:
        # Who writes the draft may write it again, once it comes back.
        writes = rules.writes(upload.begun_by, upload.contribution)
        (_put_upload_off if writes else _drop_upload)(upload)
        raise
    except Refusal:
        _put_upload_off(upload)
        raise
    finally:
        mine.filter(assembling_until=until).update(assembling_until=None)


def finish_waiting_uploads() -> int:
    """Try again the whole uploads that are no file yet; return how many became one."""
    done = 0
    waiting = CardUpload.objects.due(clock.now()).select_related("begun_by", "contribution")
    for upload in list(waiting[: settings.UPLOADS_EXPIRED_AT_ONCE]):
        try:
            done += finish_upload(upload).file_id is not None
        except Refusal as refusal:
            log.info("upload %s is not a file yet: %s", upload.pk, refusal.code)
        except Exception:  # one upload that fails keeps no other waiting
            log.exception("upload %s is not a file yet", upload.pk)
            _put_upload_off(upload)
    return done


def expire_uploads() -> int:
    """Drop the uploads whose day is over, or whose draft is gone, with their parts.

    One that is being put together is left until it is a file, or is not: each is claimed as
    `finish_upload` does before its parts go.
    """
    now = clock.now()
    until = now + timedelta(minutes=ASSEMBLY_MINUTES)
    over = Q(expires_at__lte=now) | Q(contribution=None)
    late = CardUpload.objects.free(now).filter(over).order_by("expires_at", "pk")
    gone = 0
    for upload in list(late[: settings.UPLOADS_EXPIRED_AT_ONCE]):
        mine = CardUpload.objects.filter(pk=upload.pk)
        if mine.free(now).update(assembling_until=until):
            _drop_upload(upload)
            gone += 1
    return gone


def _drop_upload(upload: CardUpload) -> None:
    parts.drop(upload.parts)
    CardUpload.objects.filter(pk=upload.pk).delete()


def _put_upload_off(upload: CardUpload) -> None:
    """Leave a refused upload alone for a while, twice as long each time."""
    wait = min(RETRY_MINUTES << min(upload.attempts, 6), RETRY_MOST_MINUTES)
    CardUpload.objects.filter(pk=upload.pk, file=None).update(
        attempts=F("attempts") + 1, retry_at=clock.now() + timedelta(minutes=wait)
    )


def _finish_upload(upload: CardUpload, sender: User, contribution: Contribution) -> CardUpload:
    fresh = Contribution.objects.filter(pk=contribution.pk).first()
    if fresh is None:
        raise Hidden
    announce(contribution=fresh, name=upload.name, size=upload.length, by=sender)
    try:
        stored = objects.put(parts.content(upload.parts), limit_bytes=upload.length)
    except OSError as error:  # a full disk, or another process that came first
        raise Unavailable from error
    upload = _settle_upload(upload, stored, sender)
    if upload.file is not None:
        file_care.begin_examination(upload.file)
    return upload


@transaction.atomic
def _settle_upload(upload: CardUpload, stored: Stored, sender: User) -> CardUpload:
    """Make a file of what was put together, unless another process did."""
    rows = Contribution.objects.select_for_update(of=("self",))
    contribution = rows.filter(pk=upload.contribution_id or 0).first()
    upload = parts.locked(upload)
    if upload.file_id is not None or contribution is None:
        return upload
    names = list(upload.parts)
    upload.file = add(contribution=contribution, name=upload.name, content=stored, by=sender)
    upload.parts = []
    upload.save(update_fields=["file", "parts"])
    transaction.on_commit(lambda: parts.drop(names))
    return upload
