"""Remove a card by two people, or hand it over to another organisation, each on one page."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalogue.contributions.forms.decisions import RemovalForm, TransferForm
from catalogue.contributions.views.review import head
from catalogue.resources import rules
from catalogue.resources.actions import transfers
from catalogue.resources.models import CardTransfer, Removal, Resource
from catalogue.resources.views import edited, public
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.accounts.views import person
from portal.lib.decisions import Answer
from portal.lib.refusals import Invalid, NotAllowed
from portal.lib.web.form_pages import sent
from portal.lib.web.requests import get_or_post


@get_or_post
def remove(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask why a card would be removed, or show the proposal that waits; propose, or answer it."""
    by = person(request)
    require(rules.may_see_removals, by)
    resource = _online(slug)
    waiting = resource.removals.filter(answer="").first()
    if waiting is not None and request.method == "POST":
        return _answered(request, waiting, by)
    form = RemovalForm(sent(request))
    if not form.is_valid():
        return _page(request, resource, form, status=422 if form.is_bound else 200)
    transfers.propose_removal(resource=resource, by=by, **form.cleaned_data)
    messages.success(request, _("La proposition attend la réponse d’une deuxième personne."))
    return redirect("catalogue:remove", slug)


def _online(slug: str) -> Resource:
    """Find a card that is public, or hidden by the Region."""
    shown = Q(live=True) | Q(masked_at__isnull=False)
    return get_object_or_404(Resource.objects.with_organisation().filter(shown), slug=slug)


def _page(
    request: HttpRequest, resource: Resource, form: RemovalForm, status: int = 200
) -> HttpResponse:
    viewer = person(request)
    waiting = resource.removals.filter(answer="").select_related("proposed_by").first()
    context: dict[str, Any] = {
        "resource": resource,
        "form": form,
        "removal": waiting,
        "may_propose": rules.may_remove(viewer, resource),
    }
    if waiting is not None:
        context["answerable"] = rules.may_answer_removal(viewer, waiting, resource)
        context["own"] = rules.may_withdraw_removal(viewer, waiting)
    return render(request, "catalogue/contributions/review/remove.html", context, status=status)


def _answered(request: HttpRequest, removal: Removal, by: User) -> HttpResponse:
    match request.POST.get("answer"):
        case Answer.ACCEPTED:
            transfers.confirm_removal(removal=removal, by=by)
            messages.success(request, _("La fiche est retirée ; son adresse le dit."))
            return redirect("catalogue:list")
        case Answer.WITHDRAWN:
            transfers.withdraw_removal(removal=removal, by=by)
            messages.info(request, _("La proposition est retirée."))
        case Answer.REFUSED:
            transfers.refuse_removal(removal=removal, by=by)
            messages.info(request, _("La proposition est refusée : la fiche reste."))
        case _other:
            messages.info(request, _("Le retrait de cette fiche attend déjà une réponse."))
    return redirect("catalogue:remove", removal.slug)


PER_PAGE = 30
ANSWERS = {
    "approve": transfers.approve,
    "accept": transfers.accept,
    "refuse": transfers.refuse,
    "withdraw": transfers.withdraw,
}


@get_or_post
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask that a card change hands, or answer the transfer that waits."""
    resource, by = public(slug), person(request)
    open_ = CardTransfer.objects.whole().open().filter(resource=resource).first()
    act = request.POST.get("act", "") if request.method == "POST" else ""
    if act and open_ is not None:
        if act not in ANSWERS:
            raise NotAllowed
        ANSWERS[act](transfer=open_, by=by)
        messages.success(request, _("C’est enregistré."))
        return redirect("catalogue:transfer", resource.slug)
    asks = _way(resource, by)
    places = edited(by) if asks == "claim" else None
    form = TransferForm(request.POST if request.method == "POST" else None, places=places)
    if request.method == "POST" and not asks:
        raise NotAllowed
    if form.is_valid():
        verb: Any = {
            "offer": transfers.offer,
            "claim": transfers.claim,
            "region": transfers.propose,
        }[asks]
        try:
            verb(resource=resource, by=by, **form.cleaned_data)
        except Invalid as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("La demande attend une réponse."))
            return redirect("catalogue:transfer", resource.slug)
    status = 422 if form.is_bound else 200
    context = {"resource": resource, "form": form, "asks": asks, "transfer": open_}
    context |= _may(open_, by) if open_ is not None else {}
    return render(request, "catalogue/contributions/transfer.html", context, status=status)


@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """List the transfers that wait, the oldest first."""
    require(rules.may_moderate, person(request))
    rows = CardTransfer.objects.whole().open()
    context = {
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        **head(current=_("Transferts")),
    }
    return render(request, "catalogue/contributions/review/transfers.html", context)


def _way(resource: Resource, by: User) -> str:
    """Say in which part this person may ask: owner, claimant, or the Region."""
    if rules.owns(by, resource):
        return "offer"
    if resource.is_referenced and edited(by):
        return "claim"
    return "region" if rules.may_remove(by, resource) else ""


def _may(transfer: CardTransfer, by: User) -> dict[str, bool]:
    approves = transfer.approved_by_id is None and rules.may_approve_transfer(by, transfer)
    accepts = rules.may_accept_transfer(by, transfer)
    return {
        "approves": approves and not accepts,
        "accepts": accepts,
        "refuses": rules.may_refuse_transfer(by, transfer),
        "withdraws": rules.may_withdraw_transfer(by, transfer),
    }
