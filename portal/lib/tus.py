"""What every receiver of files in parts shares: the core of the tus protocol.

Source: tus 1.0.0, core protocol and checksum extension. https://tus.io/protocols/resumable-upload
"""

import base64
import binascii

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from portal.lib.refusals import Conflict, Refusal, Unsupported

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
