"""Say what one's team shows of itself."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from challenges.actions import disclosures
from challenges.forms.disclosures import DisclosureForm
from challenges.views.head import find, person
from challenges.views.teams import own_team


@require_POST
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """Record what the team of this captain lets others read and do."""
    own = own_team(request, find(request, slug))
    form = DisclosureForm(request.POST)
    form.is_valid()  # boxes: every answer is one
    disclosures.decide(team=own, by=person(request), **form.cleaned_data)
    messages.success(request, _("C’est enregistré."))
    return redirect("challenges:team", slug)
