"""Let an organiser take away their challenge, its figures and its kit."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from challenges.actions import exports
from challenges.views.head import person
from challenges.views.rooms import find_to_run, room, run_by
from portal.lib import files


@require_http_methods(["GET", "HEAD", "POST"])
def export(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show what can be taken away; send the export by POST, held-out data as ciphertext."""
    if request.method != "POST":
        lede = _("Un challenge repart comme il est venu, pour ce portail ou pour Codabench.")
        context = room(run_by(request, slug), "organiser_export", lede=lede)
        return render(request, "challenges/organise/export.html", context)
    made = exports.export(challenge=find_to_run(request, slug), by=person(request))
    return files.attachment(made.stream(), made.name, media_type="application/zip")
