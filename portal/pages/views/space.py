"""Mon espace: what there is to do, one's contributions, teams and organisations."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.accounts import space
from portal.accounts.models import Membership
from portal.accounts.views.asking import person


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show a person's space, from what the apps registered."""
    user = person(request)
    places = (
        Membership.objects.live()
        .filter(user=user)
        .select_related("organisation")
        .order_by("organisation__name")
    )
    context = {section: space.items(section, user) for section in space.SECTIONS}
    return render(
        request,
        "accounts/space.html",
        {**context, "places": places, "figures": space.figures(user)},
    )
