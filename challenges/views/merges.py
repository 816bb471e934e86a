"""Merge two teams: ask the other one, then its captain accepts or refuses."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from challenges import rules
from challenges.actions import merges as acts
from challenges.enums import MergeState
from challenges.forms.teams import MergeForm
from challenges.models import MergeRequest, TeamMember
from challenges.queries.merges import last_day, may_merge, usage, waiting_of
from challenges.views.head import find, scene
from challenges.views.teams import own_team, person
from challenges.views.trying import REFUSALS, status_of, tried
from portal.accounts.authorization import require
from portal.lib import visible
from portal.lib.refusals import Invalid


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the requests of one's team; ask another team by POST."""
    own = own_team(request, find(request, slug))
    if request.method == "POST":
        require(rules.may_run_team, person(request), own)
    form = MergeForm(request.POST if request.method == "POST" else None)
    status = tried(
        form,
        lambda: acts.ask(team=own, name=form.cleaned_data["name"], by=person(request)),
        {"merge_unknown_team": "name"},
    )
    if not status:
        messages.success(request, _("Demande envoyée à l’autre équipe."))
        return redirect("challenges:team_merge", slug)
    context = scene(request, slug, "entries")
    context |= {
        "form": form,
        "captain": own.has_captain(request.user),
        "until": last_day(context["challenge"], context["now"]),
        "merging": may_merge(context["challenge"], context["now"]),
        "requests": waiting_of(own),
    }
    return render(request, "challenges/merge.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, slug: str, merge: UUID) -> HttpResponse:
    """Say what a merge changes; accept, refuse or take it back by POST."""
    found: MergeRequest = visible.find(
        MergeRequest.objects.of(request.user).select_related("from_team", "into_team"),
        among=MergeRequest.objects.all(),
        public_id=merge,
        from_team__challenge__slug=slug,
    )
    status = 200
    if request.method == "POST":
        try:
            _answer(request, found)
        except REFUSALS as refusal:
            messages.warning(request, str(refusal))
            found.refresh_from_db()
            status = status_of(refusal)
        else:
            return redirect("challenges:team", slug)
    context = scene(request, slug, "entries") | {"merge": found}
    context |= _changes(request, found, context)
    return render(request, "challenges/merge_answer.html", context, status=status)


def _answer(request: HttpRequest, merge: MergeRequest) -> None:
    by = person(request)
    match request.POST.get("answer"):
        case "accept":
            acts.accept(merge=merge, by=by)
            messages.success(request, _("Les deux équipes n’en font plus qu’une."))
        case "refuse":
            acts.refuse(merge=merge, by=by)
            messages.success(request, _("Demande refusée."))
        case "withdraw":
            acts.withdraw(merge=merge, by=by)
            messages.success(request, _("Demande retirée."))
        case _:
            raise Invalid(_("Acceptez, refusez ou retirez la demande."), code="merge_answer")


def _changes(request: HttpRequest, merge: MergeRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Tell the captain who answers what the two teams are together; nobody else."""
    answers = merge.into_team.has_captain(request.user)
    shown: dict[str, Any] = {
        "answers": answers,
        "asks": merge.from_team.has_captain(request.user),
        "waits": merge.state == MergeState.ASKED,
        "until": last_day(context["challenge"], context["now"]),
        "people": 0,
        "usage": [],
    }
    if answers and shown["waits"]:
        both = (merge.from_team, merge.into_team)
        live = TeamMember.objects.filter(team__in=both, left_at__isnull=True)
        shown |= {"people": live.count(), "usage": usage(*both, context["now"])}
    return shown
