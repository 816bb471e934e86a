"""The views of a card are counted here, and the way out to its files."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from catalogue.actions import usage
from catalogue.models import Resource
from catalogue.queries import file_addresses
from catalogue.queries.files import FILE_COLUMNS, readable
from catalogue.validators.addresses import is_robot, is_web
from catalogue.views.contribute import public
from portal.lib.refusals import Hidden


def count(request: HttpRequest, resource: Resource, figure: usage.Figure) -> None:
    """Count a request of a person; what programs ask, or browsers ahead of time, is left out."""
    headers = request.headers
    purpose = headers.get("Sec-Purpose", "") or headers.get("Purpose", "")
    if request.method == "GET" and not is_robot(headers.get("User-Agent", ""), purpose):
        usage.count(resource_id=resource.pk, figure=figure)


@login_not_required
@require_safe
def leave(request: HttpRequest, slug: str, field: str, number: int, column: str) -> HttpResponse:
    """Lead to a file that a card describes, and count it; to no other address."""
    resource = public(slug)
    rows = readable(resource).get(field, []) if column in FILE_COLUMNS.get(field, ()) else []
    address = str(rows[number].get(column) or "") if number < len(rows) else ""
    if not is_web(address):
        raise Hidden
    if not file_addresses.is_own(address):  # ours is counted where it is handed out
        count(request, resource, "downloads")
    answer = HttpResponseRedirect(address)
    answer["X-Robots-Tag"] = "noindex"
    answer["Cache-Control"] = "no-store"
    return answer
