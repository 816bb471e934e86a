"""Answer the people who ask to take part: the organisers' page."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from challenges import rules
from challenges.actions import registrations as acts
from challenges.enums import RegistrationState
from challenges.forms.teams import RefusalForm
from challenges.models import Challenge, Registration
from challenges.views.head import person
from challenges.views.rooms import find_to_run, room
from portal.accounts.authorization import require
from portal.lib.refusals import Conflict

PER_PAGE = 25


@require_safe
def listing(request: HttpRequest, slug: str) -> HttpResponse:
    """List who asks, oldest first, then who was answered, page by page, the last to ask first."""
    challenge = find_to_run(request, slug)
    require(rules.may_edit_challenge, person(request), challenge)
    return _show(request, challenge)


@require_POST
def answer(request: HttpRequest, slug: str, registration: int) -> HttpResponse:
    """Accept a person, or refuse them with a reason."""
    challenge = find_to_run(request, slug)
    by = person(request)
    require(rules.may_edit_challenge, by, challenge)
    found = get_object_or_404(challenge.registrations, pk=registration)
    if request.POST.get("decision") == "accept":
        try:
            acts.accept(registration=found, by=by)
        except Conflict as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, _("Inscription acceptée."))
        return redirect("challenges:registrations", slug)
    form = RefusalForm(request.POST, auto_id=f"id_{found.pk}_%s")
    if not form.is_valid():
        return _show(request, challenge, wrong=(found.pk, form), status=422)
    try:
        acts.refuse(registration=found, reason=form.cleaned_data["reason"], by=by)
    except Conflict as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Inscription refusée."))
    return redirect("challenges:registrations", slug)


def _show(
    request: HttpRequest,
    challenge: Challenge,
    *,
    wrong: tuple[int, RefusalForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    asked = challenge.registrations.select_related("user", "decided_by").order_by("at", "pk")
    pending = asked.filter(state=RegistrationState.PENDING)
    page = Paginator(pending, PER_PAGE).get_page(request.GET.get("page"))
    answered = Paginator(asked.exclude(decided_by=None).order_by("-pk"), PER_PAGE)
    context = room(
        challenge,
        "registrations",
        page=page,
        rows=[_row(each, wrong) for each in page],
        wrong=wrong[1] if wrong else None,
        answered=answered.get_page(request.GET.get("answered")),
    )
    return render(request, "challenges/organise/registrations.html", context, status=status)


def _row(asked: Registration, wrong: tuple[int, RefusalForm] | None) -> dict[str, object]:
    """Show the name and the domain of the address, not the address."""
    form = RefusalForm(auto_id=f"id_{asked.pk}_%s")
    return {
        "registration": asked,
        "domain": asked.user.email.rpartition("@")[2],
        "form": wrong[1] if wrong and wrong[0] == asked.pk else form,
    }
