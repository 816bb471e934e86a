"""Remove a card by two people, on one page: propose, then confirm, refuse or take back."""

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views import View
from portal.accounts.views import person

from catalogue import rules
from catalogue.actions import removals
from catalogue.forms.decisions import RemovalForm
from catalogue.models import Removal, Resource
from portal.accounts.authorization import require
from portal.accounts.enums import Answer
from portal.accounts.models import User


class Remove(View):
    """The removal of one public card."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Ask why, or show the proposal that waits."""
        require(rules.may_see_removals, person(request))
        resource = _online(slug)
        return _page(request, resource, RemovalForm())

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Propose the removal, or answer the proposal that waits."""
        by = person(request)
        require(rules.may_see_removals, by)
        resource = _online(slug)
        waiting = resource.removals.filter(answer="").first()
        if waiting is not None:
            return _answered(request, waiting, by)
        form = RemovalForm(request.POST)
        if not form.is_valid():
            return _page(request, resource, form, status=422)
        removals.propose(resource=resource, by=by, **form.cleaned_data)
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
    return render(request, "catalogue/moderation/remove.html", context, status=status)


def _answered(request: HttpRequest, removal: Removal, by: User) -> HttpResponse:
    match request.POST.get("answer"):
        case Answer.ACCEPTED:
            removals.confirm(removal=removal, by=by)
            messages.success(request, _("La fiche est retirée ; son adresse le dit."))
            return redirect("catalogue:list")
        case Answer.WITHDRAWN:
            removals.withdraw(removal=removal, by=by)
            messages.info(request, _("La proposition est retirée."))
        case Answer.REFUSED:
            removals.refuse(removal=removal, by=by)
            messages.info(request, _("La proposition est refusée : la fiche reste."))
        case _other:
            messages.info(request, _("Le retrait de cette fiche attend déjà une réponse."))
    return redirect("catalogue:remove", removal.slug)
