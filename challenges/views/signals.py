"""Signals between teams: moderators decide, administrators read, nobody else knows of them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from challenges.actions import signals
from challenges.enums import SignalStatus
from challenges.filters import SignalFilter
from challenges.forms.signals import SignalDecisionForm
from challenges.models import Signal, SignalTeam
from challenges.models.signals import SignalQuerySet
from challenges.queries import signals as reads
from challenges.rules import may_decide_signal, may_read_signals
from challenges.views.teams import person
from portal.accounts.authorization import require
from portal.lib.refusals import Conflict, Hidden

PER_PAGE = 25


def _visible(request: HttpRequest) -> SignalQuerySet:
    if not may_read_signals(person(request)):
        raise Hidden
    return (
        Signal.objects.visible_to(person(request))
        .select_related("phase__challenge__organiser", "decided_by")
        .prefetch_related("parties__team", "parties__answered_by")
    )


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """List the signals, the latest first, by challenge, kind and state."""
    visible = _visible(request)
    wanted = SignalFilter(request.GET, queryset=visible)
    page = Paginator(wanted.qs, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "challenges",
        "page": page,
        "rows": reads.rows(page.object_list),
        "filter": wanted,
        "crumbs": [(_("Signaux"), "")],
    }
    return render(request, "challenges/signals.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def item(request: HttpRequest, signal: UUID) -> HttpResponse:
    """Show what was found and what the teams answered; decide by POST."""
    found = get_object_or_404(_visible(request), public_id=signal)
    if request.method == "POST":
        return _decide(request, found)
    return _show(request, found, SignalDecisionForm(signal=found))


def _decide(request: HttpRequest, found: Signal) -> HttpResponse:
    require(may_decide_signal, person(request), found)
    form = SignalDecisionForm(request.POST, signal=found)
    if not form.is_valid():
        return _show(request, found, form, status=422)
    if form.cleaned_data["version"] != found.version:
        return _show(request, found, SignalDecisionForm(signal=found), status=409, changed=True)
    try:
        _act(request, found, form.cleaned_data)
    except Conflict as refusal:
        form.add_error("decision", str(refusal))
        return _show(request, found, form, status=409)
    return redirect("challenges:signal", found.public_id)


def _act(request: HttpRequest, found: Signal, said: dict[str, Any]) -> None:
    by, reason, version = person(request), said["reason"], said["version"]
    match said["decision"]:
        case "ask":
            signals.ask(signal=found, question=reason, by=by, version=version)
            messages.success(request, _("Question envoyée aux équipes."))
        case "dismiss":
            signals.dismiss(signal=found, reason=reason, by=by, version=version)
            messages.success(request, _("Signal classé."))
        case "remind":
            signals.remind(signal=found, teams=said["teams"], reason=reason, by=by, version=version)
            messages.success(request, _("Règlement rappelé."))
        case _:
            signals.set_aside(
                signal=found, teams=said["teams"], reason=reason, by=by, version=version
            )
            messages.success(request, _("Soumissions retirées du classement."))


def _show(
    request: HttpRequest, found: Signal, form: Any, *, status: int = 200, changed: bool = False
) -> HttpResponse:
    parties: list[SignalTeam] = list(found.parties.all())
    names = reads.names_of(parties)
    decides = may_decide_signal(person(request), found)
    context = {
        "section": "challenges",
        "signal": found,
        "row": reads.rows([found])[0],
        "sentences": reads.sentences(found, names),
        "parties": parties,
        "form": form if decides and form.fields["decision"].choices else None,
        "decides": decides,
        "changed": changed,
        "acted": found.status == SignalStatus.ACTED,
        "crumbs": [
            (_("Signaux"), reverse("challenges:signals")),
            (reads.rows([found])[0].kind, ""),
        ],
    }
    return render(request, "challenges/signal.html", context, status=status)
