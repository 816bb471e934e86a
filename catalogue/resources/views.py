"""What is asked of one public card: counted, left for a file, archived, removed, handed over."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.http import require_safe

from catalogue.resources import rules
from catalogue.resources.actions import cards as card_changes
from catalogue.resources.actions import transfers
from catalogue.resources.addresses import is_robot, is_web
from catalogue.resources.forms import ReasonForm, RemovalForm, TransferForm
from catalogue.resources.models import CardTransfer, Removal, Resource, editable_organisations
from catalogue.resources.queries import files as card_files
from catalogue.resources.queries.files import FILE_COLUMNS, readable_details
from portal.accounts.authorization import require
from portal.accounts.models import Organisation, User
from portal.accounts.views import person
from portal.lib.decisions import Answer
from portal.lib.refusals import Hidden, NotAllowed
from portal.lib.web.form_pages import sent, tried
from portal.lib.web.requests import get_or_post


def count(request: HttpRequest, resource: Resource, figure: card_changes.Figure) -> None:
    """Count a request of a person; what programs ask, or browsers ahead of time, is left out."""
    headers = request.headers
    purpose = headers.get("Sec-Purpose", "") or headers.get("Purpose", "")
    if request.method == "GET" and not is_robot(headers.get("User-Agent", ""), purpose):
        card_changes.count_use(resource_id=resource.pk, figure=figure)


@login_not_required
@require_safe
def leave(request: HttpRequest, slug: str, field: str, number: int, column: str) -> HttpResponse:
    """Lead to a file that a card describes, and count it; to no other address."""
    resource = public(slug)
    rows = (
        readable_details(resource).get(field, []) if column in FILE_COLUMNS.get(field, ()) else []
    )
    address = str(rows[number].get(column) or "") if number < len(rows) else ""
    if not is_web(address):
        raise Hidden
    if not card_files.is_own(address):  # ours is counted where it is handed out
        count(request, resource, "downloads")
    answer = HttpResponseRedirect(address)
    answer["X-Robots-Tag"] = "noindex"
    answer["Cache-Control"] = "no-store"
    return answer


def holders(user: User) -> list[tuple[str, str]]:
    """List the organisations where a person writes, as choices."""
    rows = Organisation.objects.filter(pk__in=user.roles_by_organisation).order_by("name")
    return [(str(pk), name) for pk, name in rows.values_list("pk", "name")]


def edited(user: User) -> list[Organisation]:
    """List the organisations in whose name a person publishes."""
    rows = Organisation.objects.filter(pk__in=editable_organisations(user))
    return list(rows.order_by("name", "pk"))


class Archive(View):
    """Archive a published card or bring it back."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Ask why, or for a confirmation."""
        resource = public(slug)
        require(rules.may_archive, person(request), resource)
        context = {"resource": resource, "form": ReasonForm()}
        return render(request, "catalogue/resources/archive.html", context)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Archive with a reason, or restore what was archived."""
        resource, form = public(slug), ReasonForm(request.POST)
        require(rules.may_archive, person(request), resource)
        if resource.archived_at is not None:
            card_changes.restore(resource=resource, by=person(request))
        elif form.is_valid():
            reason = form.cleaned_data["reason"]
            card_changes.archive(resource=resource, reason=reason, by=person(request))
        else:
            context = {"resource": resource, "form": form}
            return render(request, "catalogue/resources/archive.html", context, status=422)
        return redirect("catalogue:resource", resource.slug)


def public(slug: str) -> Resource:
    return get_object_or_404(Resource.objects.public().with_organisation(), slug=slug)


@get_or_post
def remove(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask why a card would be removed, or show the proposal that waits; propose, or answer it."""
    by = person(request)
    require(rules.may_see_removals, by)
    resource = _online(slug)
    waiting = resource.removals.filter(answer="").first()
    if waiting is not None and request.method == "POST":
        return _answered_removal(request, waiting, by)
    form = RemovalForm(sent(request))
    if not form.is_valid():
        return _removal_page(request, resource, form, status=422 if form.is_bound else 200)
    transfers.propose_removal(resource=resource, by=by, **form.cleaned_data)
    messages.success(request, _("La proposition attend la réponse d’une deuxième personne."))
    return redirect("catalogue:remove", slug)


def _online(slug: str) -> Resource:
    """Find a card that is public, or hidden by the Region."""
    shown = Q(live=True) | Q(masked_at__isnull=False)
    return get_object_or_404(Resource.objects.with_organisation().filter(shown), slug=slug)


def _removal_page(
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
    return render(request, "catalogue/resources/remove.html", context, status=status)


def _answered_removal(request: HttpRequest, removal: Removal, by: User) -> HttpResponse:
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


ANSWERS = {
    "approve": transfers.approve,
    "accept": transfers.accept,
    "refuse": transfers.refuse,
    "withdraw": transfers.withdraw,
}


# By the part of who asks.
ASKS: dict[str, Any] = {
    "offer": transfers.offer,
    "claim": transfers.claim,
    "region": transfers.propose,
}


@get_or_post
def transfer(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask that a card change hands, or answer the transfer that waits."""
    resource, by = public(slug), person(request)
    open_ = CardTransfer.objects.whole().open().filter(resource=resource).first()
    act = request.POST.get("act", "") if request.method == "POST" else ""
    if act and open_ is not None:
        if act not in ANSWERS:
            raise NotAllowed
        ANSWERS[act](transfer=open_, by=by)
        messages.success(request, _("Enregistré."))
        return redirect("catalogue:transfer", resource.slug)
    asks = _way(resource, by)
    places = edited(by) if asks == "claim" else None
    form = TransferForm(sent(request), places=places)
    if request.method == "POST" and not asks:
        raise NotAllowed
    status = tried(form, lambda: ASKS[asks](resource=resource, by=by, **form.cleaned_data))
    if not status:
        messages.success(request, _("La demande attend une réponse."))
        return redirect("catalogue:transfer", resource.slug)
    context = {"resource": resource, "form": form, "asks": asks, "transfer": open_}
    context |= _may(open_, by) if open_ is not None else {}
    return render(request, "catalogue/resources/transfer.html", context, status=status)


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
