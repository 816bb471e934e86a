"""Describe the method of an entry, until the close of its phase."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from challenges.actions import choices
from challenges.forms.entries import DescriptionForm
from challenges.organising.views.layout import person, scene
from challenges.views.entries import own_entry


@require_http_methods(["GET", "HEAD", "POST"])
def describe(request: HttpRequest, slug: str, entry: UUID) -> HttpResponse:
    """Show the fact sheet and the note of an entry of one's team; rewrite them by POST."""
    own = own_entry(request, slug, entry)
    form = DescriptionForm(
        request.POST if request.method == "POST" else None,
        questions=own.enrolment.phase.challenge.fact_sheet,
        answers=own.fact_sheet,
        note=own.note,
    )
    if request.method == "POST" and form.is_valid():
        choices.describe(
            entry=own,
            fact_sheet=form.fact_sheet,
            note=form.cleaned_data["note"],
            by=person(request),
        )
        messages.success(request, _("La fiche de la soumission est à jour."))
        return redirect("challenges:entry", slug, own.pk)
    context = scene(request, slug, "entries") | {"entry": own, "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "challenges/describe.html", context, status=status)
