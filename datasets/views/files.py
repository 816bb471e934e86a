"""The downloads, through the gate."""

from collections.abc import Iterable
from typing import IO
from uuid import UUID

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from catalogue.views.usage import count
from datasets import gate, queries
from datasets.enums import AccessLevel
from datasets.models import DataFile
from portal.accounts.stepup import recent_authentication
from portal.lib.files import attachment
from portal.lib.refusals import Hidden, Invalid


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def download(request: HttpRequest, slug: str, file: UUID) -> StreamingHttpResponse | HttpResponse:
    """Hand out a file; one that asks for an account is posted with the licence accepted.

    Who may have a restricted one proves first who they are, whatever the session.
    """
    found = queries.readable_file(file, slug, request.user)
    if found is None:
        raise Hidden(denied=queries.file_of(file, slug))
    _keep_proven(request, found)
    licences = ""
    if found.level == AccessLevel.REGISTERED:
        if not request.user.is_authenticated:
            return redirect_to_login(reverse("datasets:dataset", args=(slug,)))
        if request.method != "POST":
            return redirect("datasets:dataset", slug)
        if not request.POST.get("accept"):
            raise Invalid(_("Acceptez la licence pour recevoir ce fichier."), code="licence")
        licences = ", ".join(found.release.dataset.resource.licences)
    content: IO[bytes] | Iterable[bytes] = ()
    if request.method == "HEAD":  # the headers of a download, which does not take place
        gate.announce_file(data_file=found, by=request.user)
    else:
        count(request, found.release.dataset.resource, "downloads")
        content = gate.open_file(data_file=found, by=request.user, licences=licences)
    return attachment(content, found.name, media_type=found.media_type, size=found.size)


def _keep_proven(request: HttpRequest, found: DataFile) -> None:
    """Ask for the proof who may have a restricted file; the gate refuses the others as ever."""
    if not found.level_enum.is_restricted:
        return
    gate.announce_file(data_file=found, by=request.user)
    if not recent_authentication(request):
        raise ReauthenticationRequired
