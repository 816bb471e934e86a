"""Receive files in parts, by the core of the tus protocol, and note when their first byte came."""

import base64
import binascii
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, TypeVar, cast
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler
from django.db import models, transaction
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router, Schema
from ninja.params.functions import Header

from portal.lib import clock
from portal.lib.refusals import (
    Conflict,
    Corrupted,
    Hidden,
    Refusal,
    TooLarge,
    Unavailable,
    Unsupported,
)
from portal.lib.storage import objects
from portal.lib.storage.folders import Stored
from portal.lib.web.endpoints import refused
from portal.lib.web.requests import natural

NOTED = "_first_byte_at"


class DatedUpload(FileUploadHandler):
    """Date the first piece of the first file of a request, and leave the file to the others.

    The rest may take minutes to come: a close that passes meanwhile is judged on this instant.
    Nothing that the client writes goes into it.
    """

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Note the instant once a request."""
        if getattr(self.request, NOTED, None) is None:
            setattr(self.request, NOTED, clock.now())
        return raw_data

    def file_complete(self, file_size: int) -> Any:
        return None


def first_byte_at(request: HttpRequest) -> datetime | None:
    """Return when the first byte of a file of this request came; None without a file."""
    noted: datetime | None = getattr(request, NOTED, None)
    return noted


# Which of these parts the uploads of an app name.
references: list[Callable[[Collection[str]], Iterable[str]]] = []


def put(name: str, chunks: Iterable[bytes], *, limit_bytes: int) -> Stored:
    """Keep a part under a name; raises TooLarge past the limit, and nothing is kept."""
    return objects.store().put_part(name, chunks, limit_bytes=limit_bytes)


def content(names: Sequence[str]) -> Iterator[bytes]:
    """Yield the bytes of some parts in order; raises FileNotFoundError."""
    store = objects.store()
    for name in names:
        with store.open_part(name) as file:
            yield from objects.pieces(file)


def drop(names: Iterable[str]) -> None:
    """Remove parts, those that are there."""
    store = objects.store()
    for name in names:
        store.delete_part(name)


def sweep(*, before: float) -> int:
    """Remove the parts put before an instant that no upload names; return how many.

    A process was killed between a part and the row that names it, or between the row that went and
    its parts. before: in seconds of the epoch, more than a part takes to arrive.
    """
    old = {name for name, at in objects.store().parts() if at <= before}
    lost = old - {one for names in references for one in names(old)}
    drop(sorted(lost))
    return len(lost)


def in_rows(rows: "models.QuerySet[Any]", names: Collection[str]) -> Iterator[str]:
    """Give the parts that uploads name; a part is named `<upload>/<part>`, of rows among these."""
    uploads = {found for name in names if (found := _upload(name))}
    for told in rows.filter(pk__in=uploads).order_by().values_list("parts", flat=True):
        yield from told


def _upload(name: str) -> UUID | None:
    try:
        return UUID(name.partition("/")[0])
    except ValueError:
        return None


class PartedFile(models.Model):
    """A file that comes in parts: how far it is, in which parts, until when it is resumed.

    A subclass says when it is finished, and its manager gives `locked(upload)`: the fresh row,
    kept until the end of the transaction.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(max_length=200)
    length = models.PositiveBigIntegerField()
    offset = models.PositiveBigIntegerField(default=0)
    # Names of the parts kept, in order; emptied when the file is whole in the store, or dropped.
    parts = models.JSONField(default=list, blank=True)
    begun_at = models.DateTimeField()
    first_byte_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(length__gt=0) & Q(offset__lte=F("length")),
                name="%(class)s_within_its_length",
            ),
            models.CheckConstraint(
                condition=Q(offset=0, first_byte_at__isnull=True)
                | Q(offset__gt=0, first_byte_at__isnull=False),
                name="%(class)s_first_byte_dated",
            ),
        ]

    @property
    def is_finished(self) -> bool:
        """Whether the file takes no part any more, not even an empty one."""
        raise NotImplementedError


Upload = TypeVar("Upload", bound=PartedFile)


class UploadOut(Schema):
    """A file on its way: how many bytes are kept, of how many, until when it may be resumed."""

    id: UUID
    offset: int
    length: int
    expires_at: datetime


@dataclass(frozen=True)
class Part:
    """A part that is kept: what `parts` says of it; sha256 and size of the bytes that came."""

    told: Any
    sha256: str
    size: int


def append(
    upload: Upload,
    *,
    offset: int,
    content: Iterable[bytes],
    checksum: bytes | None,
    check: Callable[[Upload], None],
    keep: Callable[[Iterable[bytes], int], Part] | None = None,
    forget: Callable[[list[Any]], None] = drop,
) -> Upload:
    """Keep a part of a file at the place where the file stops.

    In order: the part, synchronised; then, in one transaction, its name and the new offset. A part
    that is refused leaves nothing behind. checksum: sha256 of the part, 32 bytes. check: what is
    required again of the fresh row, under its lock. Raises Conflict for another offset (facts:
    offset) or a file that is whole or expired; TooLarge, Corrupted, Unavailable; Hidden when the
    upload went meanwhile. keep: how a part is kept, so many bytes at most, where it is not as it
    came, under a name of its own; forget: how such parts go.
    """
    refuse_out_of_place(upload, offset)
    dated, most = _Dated(content), upload.length - offset
    try:
        part = keep(dated, most) if keep else _part(upload, dated, most)
    except OSError as error:  # a full disk, a connection that broke: nothing was kept
        raise Unavailable from error
    try:
        if checksum is not None and bytes.fromhex(part.sha256) != checksum:
            raise Corrupted(offset=offset)
        kept = _kept(upload, offset, part, dated.first_at, check)
    except BaseException:
        forget([part.told])
        raise
    if not part.size:
        forget([part.told])
    return kept


def _part(upload: PartedFile, content: Iterable[bytes], most: int) -> Part:
    name = f"{upload.pk}/{secrets.token_hex(8)}"
    stored = put(name, content, limit_bytes=most)
    return Part(name, stored.sha256, stored.size)


class _Dated:
    """Bytes that arrive, and when the first of them did."""

    def __init__(self, content: Iterable[bytes]) -> None:
        self._content = content
        self.first_at: datetime | None = None

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._content:
            self.first_at = self.first_at or clock.now()
            yield chunk


@transaction.atomic
def _kept(
    upload: Upload,
    offset: int,
    part: Part,
    first_at: datetime | None,
    check: Callable[[Upload], None],
) -> Upload:
    fresh = locked(upload)
    check(fresh)
    refuse_out_of_place(fresh, offset)
    if not part.size:
        return fresh
    fresh.parts = [*fresh.parts, part.told]
    fresh.offset += part.size
    fresh.first_byte_at = fresh.first_byte_at or first_at
    fresh.save(update_fields=["parts", "offset", "first_byte_at"])
    return fresh


def locked(upload: Upload) -> Upload:
    """Return the fresh row under its lock; raises Hidden when its day ended meanwhile."""
    model: Any = type(upload)
    try:
        return cast(Upload, model.objects.locked(upload))
    except model.DoesNotExist:
        raise Hidden from None


def refuse_out_of_place(upload: PartedFile, offset: int) -> None:
    """Take a part of a file that is open, where it stops alone; raises Conflict."""
    if upload.expires_at <= clock.now():
        raise expired()
    kept = upload.offset
    if upload.is_finished:
        raise Conflict(_("Ce fichier est déjà entier."), code="upload_complete", offset=kept)
    if offset != kept:
        raise Conflict(
            _("Le fichier s’arrête à un autre octet : reprenez là."),
            code="upload_offset",
            offset=kept,
        )
    if kept < upload.length and len(upload.parts) >= settings.UPLOAD_MAX_PARTS:
        raise Conflict(
            _("Ce fichier a été envoyé en trop de morceaux : recommencez avec de plus grands."),
            code="upload_parts",
            offset=kept,
        )


def expired() -> Conflict:
    """Refuse what comes after the last day of a file."""
    return Conflict(_("Cet envoi a expiré : recommencez-le."), code="upload_expired")


def refuse_length(length: int) -> None:
    """Refuse a file without a byte."""
    if length < 1:
        raise Refusal(_("Un fichier a au moins un octet."), code="upload_length")


MEDIA_TYPE = "application/offset+octet-stream"
SHA256_BYTES = 32


def require_part(request: HttpRequest) -> None:
    """Take a body that is said to be a part alone; raises Unsupported."""
    if request.content_type != MEDIA_TYPE:
        raise Unsupported(_("Un morceau est un « application/offset+octet-stream »."))


def body(request: HttpRequest, upload: PartedFile, offset: int) -> Iterator[bytes]:
    """Give the bytes of a part; raises TooLarge before one is read when it says it is too long.

    offset: where the part says it begins. `append` says what else is wrong with its place.
    """
    left = upload.length - offset
    announced = natural(request.headers.get("Content-Length") or "")
    if offset == upload.offset and not upload.is_finished and announced > left:
        raise TooLarge(limit_bytes=left)
    return objects.pieces(cast(IO[bytes], request))


def digest(header: str) -> bytes | None:
    """Read the sha256 that Upload-Checksum tells, 32 bytes; None without one; raises Refusal."""
    if not header:
        return None
    name, _space, text = header.partition(" ")
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if name != "sha256" or len(found) != SHA256_BYTES:
        raise Refusal(
            _("Upload-Checksum est « sha256 » puis une empreinte en base64."),
            code="upload_checksum",
        )
    return found


def begun(upload: PartedFile, folder: str) -> HttpResponse:
    """Answer with an upload that begins, and where its parts are sent."""
    shown = UploadOut(id=upload.pk, offset=0, length=upload.length, expires_at=upload.expires_at)
    response = placed(upload, status=201)
    response.content = shown.model_dump_json()
    response["Content-Type"] = "application/json"
    response["Location"] = f"{folder}/{upload.pk}"
    return response


def placed(upload: PartedFile, *, status: int) -> HttpResponse:
    """Answer with how many bytes are kept of how many announced."""
    response = HttpResponse(status=status)
    response["Upload-Offset"] = str(upload.offset)
    response["Upload-Length"] = str(upload.length)
    response["Cache-Control"] = "no-store"
    return response


def routes(
    router: Router,
    address: str,
    *,
    name: str,
    summaries: tuple[str, str],
    about: str,
    find: Callable[[HttpRequest, UUID], Upload],
    append: Callable[..., Upload],
) -> None:
    """Declare how far an upload is (HEAD) and how a part of it is sent (PATCH).

    address: with {uuid:upload}. name: as in the operations. summaries: of both; about: the second
    in a sentence. find: the upload that the caller may see; raises Hidden. append: called with
    request, upload, offset, content, checksum.
    """

    @router.api_operation(
        ["HEAD"],
        address,
        response={200: None, **refused(401, 403, 404, 429)},
        operation_id=f"{name}_offset",
        summary=summaries[0],
    )
    def upload_offset(request: HttpRequest, upload: UUID) -> HttpResponse:
        """Upload-Offset : le nombre d’octets gardés ; Upload-Length : la taille annoncée."""
        return placed(find(request, upload), status=200)

    @router.patch(
        address,
        response={204: None, **refused(400, 401, 403, 404, 409, 413, 415, 422, 429, 460, 503)},
        operation_id=f"append_{name}",
        summary=summaries[1],
        description=about,
    )
    def append_upload(
        request: HttpRequest,
        upload: UUID,
        offset: int = Header(..., alias="Upload-Offset", ge=0),
        checksum: str = Header("", alias="Upload-Checksum", max_length=80),
    ) -> HttpResponse:
        require_part(request)
        own = find(request, upload)
        kept = append(
            request=request,
            upload=own,
            offset=offset,
            content=body(request, own, offset),
            checksum=digest(checksum),
        )
        return placed(kept, status=204)
