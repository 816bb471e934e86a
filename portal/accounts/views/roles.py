"""Roles given by two: who holds the Region's, what is proposed, the second answer."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts import rules
from portal.accounts.actions import appointments
from portal.accounts.authorization import require
from portal.accounts.enums import Answer
from portal.accounts.forms.organisations import ProposalForm
from portal.accounts.models import RegionAppointment, RoleProposal
from portal.accounts.stepup import step_up_required
from portal.accounts.views.asking import person


@require_http_methods(["GET", "POST"])
@step_up_required
def index(request: HttpRequest) -> HttpResponse:
    """List roles and proposals; propose a change."""
    require(rules.may_give_roles, person(request))
    form = ProposalForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/roles.html", _board(request, form))
    asked = form.cleaned_data
    appointments.propose(
        kind=asked["kind"],
        user=asked["person"],
        role=asked["role"],
        reason=asked["reason"],
        organisation=asked["organisation"],
        by=person(request),
    )
    messages.success(request, _("La proposition attend la réponse d’une deuxième personne."))
    return redirect("region_roles")


def _board(request: HttpRequest, form: ProposalForm) -> dict[str, Any]:
    viewer = person(request)
    waiting = RoleProposal.objects.filter(answer="").select_related(
        "user", "proposed_by", "organisation"
    )
    return {
        "form": form,
        "appointments": RegionAppointment.objects.filter(ended_at=None)
        .select_related("user")
        .order_by("role", "given_at", "pk"),
        "proposals": [
            {
                "proposal": proposal,
                "answerable": rules.may_answer_proposal(viewer, proposal),
                "own": rules.may_withdraw_proposal(viewer, proposal),
            }
            for proposal in waiting
        ],
    }


@require_POST
@step_up_required
def answer(request: HttpRequest, proposal: UUID) -> HttpResponse:
    """Confirm, refuse or take back a proposal."""
    require(rules.may_give_roles, person(request))
    found = get_object_or_404(RoleProposal, public_id=proposal)
    match request.POST.get("answer"):
        case Answer.ACCEPTED:
            appointments.confirm(proposal=found, by=person(request))
            messages.success(request, _("Le changement est fait."))
        case Answer.WITHDRAWN:
            appointments.withdraw(proposal=found, by=person(request))
            messages.info(request, _("La proposition est retirée."))
        case _refused:
            appointments.refuse(proposal=found, by=person(request))
            messages.info(request, _("La proposition est refusée."))
    return redirect("region_roles")
