"""What a team is asked about its entries, and its one answer: its members only."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from challenges.actions import signals
from challenges.enums import SignalStatus
from challenges.forms.signals import SignalAnswerForm
from challenges.models import SignalTeam
from challenges.queries import signals as reads
from challenges.views.head import scene
from challenges.views.teams import person
from portal.lib.refusals import Conflict, Hidden


@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, slug: str, question: UUID) -> HttpResponse:
    """Show what is observed and asked; answer by POST."""
    found = (
        SignalTeam.objects.asked_of(person(request))
        .select_related("team", "signal__phase__challenge", "answered_by")
        .filter(public_id=question, signal__phase__challenge__slug=slug)
        .first()
    )
    if found is None:
        raise Hidden
    if request.method == "POST":
        return _answer(request, slug, found)
    return _show(request, slug, found, SignalAnswerForm())


def _answer(request: HttpRequest, slug: str, found: SignalTeam) -> HttpResponse:
    form = SignalAnswerForm(request.POST)
    if not form.is_valid():
        return _show(request, slug, found, form, status=422)
    try:
        signals.answer(party=found, text=form.cleaned_data["answer"], by=person(request))
    except Conflict as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Réponse envoyée à la Région."))
    return redirect("challenges:question", slug, found.public_id)


def _show(
    request: HttpRequest, slug: str, found: SignalTeam, form: Any, *, status: int = 200
) -> HttpResponse:
    signal = found.signal
    context = scene(request, slug, "entries") | {
        "party": found,
        "signal": signal,
        "observed": reads.observed(found),
        "form": form if signal.status == SignalStatus.ASKED and not found.answered_at else None,
        "decided": not signal.is_undecided,
    }
    return render(request, "challenges/question.html", context, status=status)
