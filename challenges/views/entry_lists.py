"""List the entries of a challenge: the organisers' page."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from challenges.organising.views.layout import room, run_by
from challenges.queries import entry_lists
from challenges.views import lives

PER_PAGE = 50


@require_safe
def listing(request: HttpRequest, slug: str) -> HttpResponse:
    """List what teams sent, the last first, and the domains that many teams share."""
    challenge = run_by(request, slug)
    page = Paginator(entry_lists.sent(challenge), PER_PAGE).get_page(request.GET.get("page"))
    context = room(
        challenge,
        "organiser_entries",
        page=page,
        rows=[{"entry": each, "badge": lives.badge(each)} for each in page.object_list],
        domains=entry_lists.shared_domains(challenge),
    )
    return render(request, "challenges/organise/entries.html", context)
