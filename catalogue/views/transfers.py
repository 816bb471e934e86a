"""Hand a card over to another organisation, on one page: ask, then answer."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from portal.accounts.views import person

from catalogue import rules
from catalogue.actions import transfers
from catalogue.forms.transfers import TransferForm
from catalogue.models import CardTransfer, Resource
from catalogue.views.moderation import head
from catalogue.views.usage import public
from portal.accounts.authorization import require
from portal.accounts.models import Organisation, User
from portal.lib.refusals import Invalid, NotAllowed

PER_PAGE = 30
ANSWERS = {
    "approve": transfers.approve,
    "accept": transfers.accept,
    "refuse": transfers.refuse,
    "withdraw": transfers.withdraw,
}


@require_http_methods(["GET", "HEAD", "POST"])
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
    places = _places(by) if asks == "claim" else None
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
    return render(request, "catalogue/transfers/page.html", context, status=status)


@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """List the transfers that wait, the oldest first."""
    require(rules.may_moderate, person(request))
    rows = CardTransfer.objects.whole().open()
    context = {
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        **head(current=_("Transferts")),
    }
    return render(request, "catalogue/moderation/transfers.html", context)


def _way(resource: Resource, by: User) -> str:
    """Say in which part this person may ask: owner, claimant, or the Region."""
    if rules.owns(by, resource):
        return "offer"
    if resource.is_referenced and _places(by):
        return "claim"
    return "region" if rules.may_remove(by, resource) else ""


def _places(by: User) -> list[Organisation]:
    found = Organisation.objects.filter(pk__in=list(by.roles_by_organisation)).order_by("name")
    return [each for each in found if rules.edits_for(by, each)]


def _may(transfer: CardTransfer, by: User) -> dict[str, bool]:
    approves = transfer.approved_by_id is None and rules.may_approve_transfer(by, transfer)
    accepts = rules.may_accept_transfer(by, transfer)
    return {
        "approves": approves and not accepts,
        "accepts": accepts,
        "refuses": rules.may_refuse_transfer(by, transfer),
        "withdraws": rules.may_withdraw_transfer(by, transfer),
    }
