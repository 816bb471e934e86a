"""Receive files in parts, by the core of the tus protocol, and note when their first byte came."""

import base64
import binascii
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.files.uploadhandler import FileUploadHandler
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from portal.lib import clock, objects
from portal.lib.objects import Stored
from portal.lib.refusals import Conflict, Refusal, Unsupported

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
        """Keep nothing."""
        return None


def first_byte_at(request: HttpRequest) -> datetime | None:
    """Return when the first byte of a file of this request came; None without a file."""
    noted: datetime | None = getattr(request, NOTED, None)
    return noted


# Which of these parts a row names.
Names = Callable[[Collection[str]], Iterable[str]]
_registered: list[Names] = []


def register(names: Names) -> None:
    """Register what tells the parts that the uploads of an app name."""
    if names not in _registered:
        _registered.append(names)


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
    lost = old - {one for names in _registered for one in names(old)}
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


MEDIA_TYPE = "application/offset+octet-stream"
SHA256_BYTES = 32


def require_part(request: HttpRequest) -> None:
    """Take a body that is said to be a part alone; raises Unsupported."""
    if request.content_type != MEDIA_TYPE:
        raise Unsupported(_("Un morceau est un « application/offset+octet-stream »."))


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


def placed(response: HttpResponse, *, offset: int, length: int) -> HttpResponse:
    """Tell how many bytes are kept of how many announced."""
    response["Upload-Offset"] = str(offset)
    response["Upload-Length"] = str(length)
    response["Cache-Control"] = "no-store"
    return response


def whole(kept: int) -> Conflict:
    """Refuse a part of a file that has all of its own."""
    return Conflict(_("Ce fichier est déjà entier."), code="upload_complete", offset=kept)


def expired() -> Conflict:
    """Refuse what comes after the last day of a file."""
    return Conflict(_("Cet envoi a expiré : recommencez-le."), code="upload_expired")


def refuse_elsewhere(offset: int, kept: int) -> None:
    """Take a part where the file stops alone; raises Conflict, which says where (offset)."""
    if offset != kept:
        raise Conflict(
            _("Le fichier s’arrête à un autre octet : reprenez là."),
            code="upload_offset",
            offset=kept,
        )


def refuse_crumbs(parts: int, most: int, kept: int) -> None:
    """Take no more parts of one file than allowed; raises Conflict."""
    if parts >= most:
        raise Conflict(
            _("Ce fichier a été envoyé en trop de morceaux : recommencez avec de plus grands."),
            code="upload_parts",
            offset=kept,
        )
