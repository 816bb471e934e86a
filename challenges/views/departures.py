"""Leave a challenge, and come back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from challenges.actions import departures
from challenges.queries.teams import registration_of
from challenges.views.head import find, person, scene
from portal.lib.refusals import Hidden, NotAllowed


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask, then take part no more."""
    if request.method == "POST":
        departures.leave(challenge=find(request, slug), by=person(request))
        messages.success(request, _("Vous ne participez plus à ce challenge."))
        return redirect("challenges:rules", slug)
    context = scene(request, slug, "rules")
    if registration_of(context["challenge"], request.user) is None:
        raise Hidden
    return render(request, "challenges/unregister.html", context)


@require_POST
def come_back(request: HttpRequest, slug: str) -> HttpResponse:
    """Take part again."""
    try:
        departures.come_back(challenge=find(request, slug), by=person(request))
    except NotAllowed as refusal:
        if refusal.code != "domain_refused":
            raise
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Votre inscription est reprise."))
    return redirect("challenges:rules", slug)
