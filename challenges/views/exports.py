"""Let an organiser take their challenge away."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_POST

from challenges.actions import exports
from challenges.views.rooms import find_to_run
from challenges.views.teams import person
from portal.lib import files


@require_POST
def export(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send the export of a challenge, as it is made; held-out data are ciphertext."""
    made = exports.export(challenge=find_to_run(request, slug), by=person(request))
    return files.attachment(made.stream(), made.name, media_type="application/zip")
