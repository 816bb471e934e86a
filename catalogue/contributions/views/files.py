"""The files that the portal keeps for cards, handed out."""

import logging
from contextlib import ExitStack
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from catalogue.resources.actions import files as file_care
from catalogue.resources.enums import Access
from catalogue.resources.models import CardFile
from catalogue.resources.queries import files as reads
from catalogue.resources.views import count
from portal.accounts.views import person
from portal.lib.refusals import Hidden, Unavailable
from portal.lib.storage import folders, objects
from portal.lib.storage.files import attachment
from portal.lib.visible import find
from portal.lib.web import responses

log = logging.getLogger("catalogue.files")


@login_not_required
@require_safe
def download(request: HttpRequest, file: UUID, name: str) -> HttpResponseBase:
    """Hand out a file, or the part asked, to who may have it: never shown in the page of a browser.

    What the card online gives is counted, from its first byte: a download that goes on was. What
    it does not give is told to the ledger, with who had it. Who reads no more is cut, and
    holds no thread for ever. Unavailable while its bytes are not in the store.
    """
    rows = CardFile.objects.select_related("resource__organisation").defer("preview")
    found = find(rows, among=CardFile.objects.all(), public_id=file)
    is_public = reads.is_public(found)
    if _asks_account(request, found):
        return redirect_to_login(request.get_full_path())
    if not reads.may_have(found, request.user):
        raise Hidden(denied=found)
    etag = quote_etag(found.sha256)
    if (known := get_conditional_response(request, etag=etag)) is not None:
        return _told(known, request, found)
    part = responses.asked_range(request, size=found.size, etag=etag)
    with ExitStack() as opened:
        content: folders.Readable | tuple[()] = ()
        if request.method != "HEAD":
            content = _opened(found, part)
            opened.callback(content.close)
            if not is_public:
                file_care.note_reading(file=found, by=person(request))
        if is_public and part.first == 0:
            count(request, found.resource, "downloads")
        answer = attachment(content, found.name, media_type=found.media_type, size=part.size)
        responses.cut_slow_readers(answer, request, piece_seconds=settings.PIECE_SECONDS)
        if part.size > settings.PROXY_READS_AHEAD_BYTES:
            # nginx would take that much, then nothing until its reader had it: it would be cut.
            answer["X-Accel-Buffering"] = "no"
        told = _told(part.told(answer), request, found)
        opened.pop_all()  # from here on the answer closes it
    return told


def _opened(file: CardFile, part: responses.Span) -> folders.Readable:
    try:
        return objects.open_span(file.sha256, first=part.first, size=part.size)
    except FileNotFoundError as error:
        log.error("file %s has no bytes in the store", file.pk)
        raise Unavailable from error


@login_not_required
@require_safe
def preview(request: HttpRequest, file: UUID) -> HttpResponse:
    """Show the first rows of a table, with the types of its columns."""
    rows = CardFile.objects.select_related("resource__organisation")
    found = find(rows, among=CardFile.objects.all(), public_id=file)
    if _asks_account(request, found):
        return redirect_to_login(request.get_full_path())
    if not reads.may_preview(found, request.user):
        raise Hidden(denied=found)
    card, is_public = found.resource, reads.is_public(found)
    if not is_public and request.method != "HEAD":
        file_care.note_reading(file=found, by=person(request))
    context = {
        "file": found,
        "href": reads.file_address(found),
        "card": card,
        "card_href": card.get_absolute_url() if is_public else "",
        "preview": found.preview,
    }
    return render(request, "catalogue/pages/file_preview.html", context)


def _asks_account(request: HttpRequest, file: CardFile) -> bool:
    """Say whether a visitor would have, with an account, what the card online gives."""
    registered = file.resource.access == Access.REGISTERED
    return registered and not request.user.is_authenticated and reads.is_public(file)


def _told(answer: HttpResponseBase, request: HttpRequest, file: CardFile) -> HttpResponseBase:
    is_open = file.resource.access == Access.OPEN and reads.is_public(file)
    is_shared = is_open and not request.user.is_authenticated
    answer["ETag"] = quote_etag(file.sha256)
    answer["X-Robots-Tag"] = "noindex"
    answer["Cache-Control"] = "no-cache" if is_shared else "no-store, private"
    if is_open:
        answer["Access-Control-Allow-Origin"] = "*"
        answer["Access-Control-Expose-Headers"] = "Accept-Ranges, Content-Range, ETag"
        answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer
