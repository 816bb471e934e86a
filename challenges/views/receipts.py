"""Send the signed receipts of scores, and verify any receipt."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from challenges.views.entries import own_entry
from portal.lib.refusals import Hidden


@require_safe
def score_receipt(
    request: HttpRequest, slug: str, entry: UUID, serial: int | None = None
) -> HttpResponse:
    """Send a signed receipt of a score: the one in force, or a former one by its serial.

    ?epreuve=N names the task of the phase, the first one by default.
    """
    own = own_entry(request, slug, entry)
    found = own.score_receipts.order_by("task", "-serial")
    if request.GET.get("epreuve", "").isdecimal():
        found = found.filter(task=int(request.GET["epreuve"]))
    sent = (found if serial is None else found.filter(serial=serial)).first()
    if sent is None:
        raise Hidden
    response = HttpResponse(sent.text, content_type="application/json")
    name = f"{slug}-{own.number}-score-{sent.serial}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
