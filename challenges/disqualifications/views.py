"""Disqualifications, for the three who have a part in them: organiser, team, Region."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from challenges import rules
from challenges.disqualifications import actions as acts
from challenges.disqualifications import queries as reads
from challenges.disqualifications.forms import DecisionForm, ProposalForm, ReplyForm, WithdrawalForm
from challenges.disqualifications.models import DisqualificationQuerySet
from challenges.models import Disqualification, Team
from challenges.organising.views.layout import person, room, run_by, scene
from portal.accounts.authorization import Permission, has_permission, require
from portal.lib import clock
from portal.lib.refusals import Conflict, Hidden, QuotaSpent

PER_PAGE = 25
WITH = ("challenge__organiser", "team", "entry__enrolment__phase", "proposed_by", "decided_by")


@require_http_methods(["GET", "HEAD", "POST"])
def proposals(request: HttpRequest, slug: str) -> HttpResponse:
    """List what the organisers of a challenge asked; ask by POST."""
    challenge = run_by(request, slug)
    form = ProposalForm(request.POST or None, challenge=challenge)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                said = form.cleaned_data
                found = acts.propose(
                    team=said["team"],
                    entry=said["entry"],
                    reason=said["reason"],
                    by=person(request),
                )
            except (Conflict, QuotaSpent) as refusal:
                form.add_error("team", str(refusal))
                status = 429 if isinstance(refusal, QuotaSpent) else 409
            else:
                messages.success(request, _("Demande envoyée : l’équipe peut répondre."))
                return redirect("challenges:disqualification_proposal", slug, found.public_id)
    several = challenge.disqualifications.select_related(*WITH)
    page = Paginator(several, PER_PAGE).get_page(request.GET.get("page"))
    context = room(
        challenge,
        "disqualification_proposals",
        form=form,
        page=page,
        rows=reads.rows(page.object_list),
    )
    return render(request, "challenges/organise/disqualifications.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def proposal(request: HttpRequest, slug: str, found: UUID) -> HttpResponse:
    """Show what became of a proposal to the organisers; take it back by POST."""
    challenge = run_by(request, slug)
    asked = get_object_or_404(
        challenge.disqualifications.select_related(*WITH, "replied_by"), public_id=found
    )
    form = WithdrawalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            acts.withdraw(found=asked, reason=form.cleaned_data["reason"], by=person(request))
        except Conflict as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, _("Demande retirée : l’équipe en est informée."))
        return redirect("challenges:disqualification_proposal", slug, found)
    context = room(
        challenge,
        "disqualification_proposals",
        row=reads.row(asked),
        form=form if asked.is_undecided else None,
    )
    template = "challenges/organise/disqualification.html"
    return render(request, template, context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def reply(request: HttpRequest, slug: str, found: UUID) -> HttpResponse:
    """Show a team what is asked against it and what is decided; reply by POST."""
    asked = (
        Disqualification.objects.select_related(*WITH, "replied_by")
        .filter(public_id=found, challenge__slug=slug, team__in=Team.objects.of(person(request)))
        .first()
    )
    if asked is None:
        raise Hidden
    form = ReplyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            acts.answer(found=asked, text=form.cleaned_data["reply"], by=person(request))
        except Conflict as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, _("Réponse envoyée à la Région et à l’organisation."))
        return redirect("challenges:disqualification_reply", slug, found)
    context = scene(request, slug, "entries") | {
        "row": reads.row(asked),
        "form": form if asked.is_undecided and asked.replied_at is None else None,
    }
    template = "challenges/disqualification_reply.html"
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
        "waiting": reads.rows(waiting[:PER_PAGE]) if page.number == 1 else [],
        "page": page,
        "rows": reads.rows(page.object_list),
        "crumbs": [(_("Disqualifications"), "")],
    }
    return render(request, "challenges/disqualifications.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def item(request: HttpRequest, found: UUID) -> HttpResponse:
    """Show what is asked and what the team replies; decide by POST."""
    asked = get_object_or_404(
        _of_region(request).select_related("replied_by", "lifted_by"), public_id=found
    )
    if request.method == "POST":
        return _decide(request, asked)
    return _show(request, asked, _form(asked))


def _form(asked: Disqualification, data: Any = None) -> DecisionForm:
    ripe = asked.is_ripe(clock.now())
    return DecisionForm(data, found=asked, ripe=ripe)


def _decide(request: HttpRequest, asked: Disqualification) -> HttpResponse:
    require(rules.may_decide_disqualification, person(request), asked)
    form = _form(asked, request.POST)
    if not form.is_valid():
        return _show(request, asked, form, status=422)
    said = form.cleaned_data
    if said["version"] != asked.version:
        return _show(request, asked, _form(asked), status=409, changed=True)
    given = {
        "found": asked,
        "reason": said["reason"],
        "by": person(request),
        "version": said["version"],
    }
    try:
        match said["decision"]:
            case "dismiss":
                acts.dismiss(**given)
                messages.success(request, _("Demande classée sans suite."))
            case "pronounce":
                acts.pronounce(**given)
                messages.success(request, _("Disqualification prononcée."))
            case _:
                acts.lift(**given)
                messages.success(request, _("Disqualification levée."))
    except Conflict as refusal:
        form.add_error("decision", str(refusal))
        return _show(request, asked, form, status=409)
    return redirect("challenges:disqualification", asked.public_id)


def _show(
    request: HttpRequest,
    asked: Disqualification,
    form: DecisionForm,
    *,
    status: int = 200,
    changed: bool = False,
) -> HttpResponse:
    offered: Any = form.fields["decision"]
    may_decide = rules.may_decide_disqualification(person(request), asked)
    context = {
        "section": "challenges",
        "row": reads.row(asked),
        "form": form if offered.choices and may_decide else None,
        "ripe": asked.is_ripe(clock.now()),
        "changed": changed,
        "crumbs": [
            (_("Disqualifications"), reverse("challenges:disqualifications")),
            (asked.team.name, ""),
        ],
    }
    return render(request, "challenges/disqualification.html", context, status=status)
