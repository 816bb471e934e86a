"""The form by which a producer publishes a release."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from catalogue.models import Resource
from datasets import rules
from datasets.actions import datasets, releases
from datasets.forms import ReleaseForm
from datasets.views.pages import card_or_404
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.lib.refusals import Invalid


@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest, slug: str) -> HttpResponse:
    """Publish files for the dataset of one's organisation."""
    card = card_or_404(request, slug)
    require(rules.may_publish_release, request.user, card.organisation)
    form = ReleaseForm(
        request.POST or None, request.FILES or None, dataset=getattr(card, "dataset", None)
    )
    if request.method == "POST" and form.is_valid() and _published(form, card, request):
        return redirect("datasets:dataset", slug)
    context = {"section": "donnees", "card": card, "form": form}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "datasets/release_form.html", context, status=status)


def _published(form: ReleaseForm, card: Resource, request: HttpRequest) -> bool:
    """Write the dataset and its release; False once the faults stand in the form."""
    by = cast(User, request.user)
    try:
        dataset = datasets.describe(resource=card, description=form.description(), by=by)
        release = releases.publish(
            dataset=dataset,
            files=form.new_files(),
            notes=form.cleaned_data["notes"],
            personal_checked=form.cleaned_data["personal_checked"],
            by=by,
        )
    except Invalid as refusal:
        if refusal.faults:
            form.refuse(refusal.faults)
        else:
            form.add_error("in_directory", str(refusal))
        return False
    messages.success(request, _("Version %(number)s publiée.") % {"number": release.number})
    return True
