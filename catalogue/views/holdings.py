"""The archive of all that an organisation has in the catalogue."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe
from portal.accounts.views import person

from catalogue.actions import holdings
from catalogue.queries import holdings as held
from portal.accounts.models import Organisation
from portal.lib import zipping
from portal.lib.files import attachment


@require_safe
def archive(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send the archive as it is made, to who edits for the organisation."""
    organisation, by = get_object_or_404(Organisation, slug=slug), person(request)
    holdings.take_out(organisation=organisation, by=by)
    content = zipping.streamed(held.members(organisation, by=by), sums="SHA256SUMS")
    return attachment(content, f"fiches-{slug}.zip", media_type="application/zip")
