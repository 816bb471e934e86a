"""Disqualifications, for the three who have a part in them: organiser, team, Region."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from challenges.disqualifications import actions as acts
from challenges.disqualifications import rules
from challenges.disqualifications.forms import DecisionForm, ProposalForm, ReplyForm, WithdrawalForm
from challenges.disqualifications.models import Disqualification, DisqualificationQuerySet
from challenges.organising.views.layout import attempt, find_organised, organiser_context
from challenges.teams.models import Team
from challenges.teams.views.head import challenge_context
from portal.accounts.authorization import Permission, has_permission, require
from portal.accounts.views import person
from portal.lib import clock
from portal.lib.refusals import Hidden
from portal.lib.web.form_pages import sent, tried
from portal.lib.web.requests import get_or_post

PER_PAGE = 25
# Refusals told beside the team, and beside the decision.
PROPOSAL_FAULTS = (
    "team_closed",
    "entry_of_another",
    "disqualification_once",
    "disqualifications_day",
)
FAULTS = ("changed", "disqualification_status", "disqualification_unheard", "team_closed")
WITH = ("challenge__organiser", "team", "entry__enrolment__phase", "proposed_by", "decided_by")


@get_or_post
def proposals(request: HttpRequest, slug: str) -> HttpResponse:
    """List what the organisers of a challenge asked; ask by POST."""
    challenge = find_organised(request, slug)
    form = ProposalForm(sent(request), challenge=challenge)
    asked: list[Disqualification] = []
    status = tried(
        form,
        lambda: asked.append(
            acts.propose(
                team=form.cleaned_data["team"],
                entry=form.cleaned_data["entry"],
                reason=form.cleaned_data["reason"],
                by=person(request),
            )
        ),
        dict.fromkeys(PROPOSAL_FAULTS, "team"),
    )
    if not status:
        messages.success(request, _("Demande envoyée : l’équipe peut répondre."))
        return redirect("challenges:disqualification_proposal", slug, asked[0].public_id)
    several = challenge.disqualifications.select_related(*WITH)
    page = Paginator(several, PER_PAGE).get_page(request.GET.get("page"))
    context = organiser_context(challenge, "disqualification_proposals", form=form, page=page)
    return render(
        request,
        "challenges/disqualifications/organise/disqualifications.html",
        context,
        status=status,
    )


@get_or_post
def proposal(request: HttpRequest, slug: str, found: UUID) -> HttpResponse:
    """Show what became of a proposal to the organisers; take it back by POST."""
    challenge = find_organised(request, slug)
    asked = get_object_or_404(
        challenge.disqualifications.select_related(*WITH, "replied_by"), public_id=found
    )
    form = WithdrawalForm(sent(request))
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        attempt(
            request,
            lambda: acts.withdraw(found=asked, reason=reason, by=person(request)),
            _("Demande retirée : l’équipe en est informée."),
        )
        return redirect("challenges:disqualification_proposal", slug, found)
    context = organiser_context(
        challenge,
        "disqualification_proposals",
        asked=asked,
        form=form if asked.is_undecided else None,
    )
    template = "challenges/disqualifications/organise/disqualification.html"
    return render(request, template, context, status=422 if form.is_bound else 200)


@get_or_post
def reply(request: HttpRequest, slug: str, found: UUID) -> HttpResponse:
    """Show a team what is asked against it and what is decided; reply by POST."""
    asked = (
        Disqualification.objects.select_related(*WITH, "replied_by")
        .filter(
            public_id=found, challenge__slug=slug, team__in=Team.objects.joined_by(person(request))
        )
        .first()
    )
    if asked is None:
        raise Hidden
    form = ReplyForm(sent(request))
    if form.is_valid():
        attempt(
            request,
            lambda: acts.answer(found=asked, text=form.cleaned_data["reply"], by=person(request)),
            _("Réponse envoyée à la Région et à l’organisateur."),
        )
        return redirect("challenges:disqualification_reply", slug, found)
    context = challenge_context(request, slug, "entries") | {
        "asked": asked,
        "form": form if asked.is_undecided and asked.replied_at is None else None,
    }
    template = "challenges/disqualifications/disqualification_reply.html"
    return render(request, template, context, status=422 if form.is_bound else 200)


def _of_region(request: HttpRequest) -> DisqualificationQuerySet:
    by = person(request)
    if not has_permission(by, Permission.CHALLENGE_REVEAL):
        raise Hidden
    return Disqualification.objects.decided_by_region(by).select_related(*WITH)


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """List what was asked, for the Region: what may be decided first, then the latest."""
    found = _of_region(request)
    waiting = found.ripe(clock.now()).order_by("reply_by", "pk")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "challenges",
        "waiting": waiting[:PER_PAGE] if page.number == 1 else [],
        "page": page,
        "crumbs": [(_("Disqualifications"), "")],
    }
    return render(request, "challenges/disqualifications/disqualifications.html", context)


@get_or_post
def item(request: HttpRequest, found: UUID) -> HttpResponse:
    """Show what is asked and what the team replies; decide by POST."""
    asked = get_object_or_404(
        _of_region(request).select_related("replied_by", "lifted_by"), public_id=found
    )
    ripe = asked.is_ripe(clock.now())
    form = DecisionForm(sent(request), found=asked, ripe=ripe)
    if not form.is_bound:
        return _show(request, asked, form)
    require(rules.may_decide_disqualification, person(request), asked)
    if form.is_valid() and form.cleaned_data["version"] != asked.version:
        return _show(request, asked, DecisionForm(found=asked, ripe=ripe), 409, changed=True)
    status = tried(form, lambda: _decide(request, asked, form), dict.fromkeys(FAULTS, "decision"))
    if status:
        return _show(request, asked, form, status)
    messages.success(request, DONE[form.cleaned_data["decision"]])
    return redirect("challenges:disqualification", asked.public_id)


DONE = {
    "dismiss": gettext_lazy("Demande classée sans suite."),
    "pronounce": gettext_lazy("Disqualification prononcée."),
    "lift": gettext_lazy("Disqualification levée."),
}


def _decide(request: HttpRequest, asked: Disqualification, form: DecisionForm) -> None:
    act = {"dismiss": acts.dismiss, "pronounce": acts.pronounce, "lift": acts.lift}
    act[form.cleaned_data["decision"]](
        found=asked,
        reason=form.cleaned_data["reason"],
        by=person(request),
        version=form.cleaned_data["version"],
    )


def _show(
    request: HttpRequest,
    asked: Disqualification,
    form: DecisionForm,
    status: int = 200,
    *,
    changed: bool = False,
) -> HttpResponse:
    offered: Any = form.fields["decision"]
    may_decide = rules.may_decide_disqualification(person(request), asked)
    context = {
        "section": "challenges",
        "asked": asked,
        "form": form if offered.choices and may_decide else None,
        "ripe": asked.is_ripe(clock.now()),
        "changed": changed,
        "crumbs": [
            (_("Disqualifications"), reverse("challenges:disqualifications")),
            (asked.team.name, ""),
        ],
    }
    return render(
        request, "challenges/disqualifications/disqualification.html", context, status=status
    )
