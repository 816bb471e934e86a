"""Invitations and requests to join."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts import rules
from portal.accounts.actions import invitations
from portal.accounts.authorization import require
from portal.accounts.enums import Answer, Role
from portal.accounts.forms.organisations import InviteForm, JoinForm
from portal.accounts.models import Invitation, JoinRequest
from portal.accounts.views.asking import (
    administered,
    organisation_of,
    person,
    stay_signed_in,
)
from portal.accounts.views.members import board


@require_POST
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    """Offer a place to an address."""
    organisation = administered(request, slug)
    form = InviteForm(request.POST, organisation=organisation)
    if not form.is_valid():
        return render(request, "accounts/members.html", board(organisation, form, person(request)))
    invitations.send(organisation=organisation, by=person(request), **form.cleaned_data)
    messages.success(request, _("L’invitation est partie."))
    return redirect("organisation_members", slug)


@require_POST
def withdraw(request: HttpRequest, slug: str, invitation: UUID) -> HttpResponse:
    """Take an invitation back."""
    organisation = administered(request, slug)
    offer = get_object_or_404(Invitation, organisation=organisation, public_id=invitation)
    invitations.withdraw(invitation=offer, by=person(request))
    messages.success(request, _("L’invitation est retirée."))
    return redirect("organisation_members", slug)


@login_not_required
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation to who holds its link; take or decline the place."""
    invitation = invitations.by_token(token)
    if request.method != "POST":
        fits = rules.may_accept(request.user, invitation)
        context = {"invitation": invitation, "fits": fits}
        return render(request, "accounts/invitation.html", context)
    if request.POST.get("answer") == Answer.REFUSED:
        invitations.refuse(invitation=invitation, by=person(request))
        messages.info(request, _("Vous avez décliné l’invitation."))
        return redirect("space")
    invitations.accept(invitation=invitation, by=person(request))
    stay_signed_in(request)
    messages.success(request, _("Bienvenue dans l’organisation."))
    return redirect("organisation", invitation.organisation.slug)


@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask to join an organisation."""
    organisation = organisation_of(slug)
    require(rules.may_ask_to_join, person(request), organisation)
    form = JoinForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/join.html", {"organisation": organisation, "form": form})
    invitations.ask(organisation=organisation, by=person(request), **form.cleaned_data)
    messages.success(request, _("Votre demande est envoyée aux référents."))
    return redirect("my_organisations")


@require_POST
def answer_request(request: HttpRequest, slug: str, request_id: UUID) -> HttpResponse:
    """Let a person in, or not."""
    organisation = administered(request, slug)
    wish = get_object_or_404(JoinRequest, organisation=organisation, public_id=request_id)
    if request.POST.get("answer") == Answer.ACCEPTED:
        invitations.accept_request(request=wish, by=person(request), role=Role.CONTRIBUTOR)
        messages.success(request, _("Cette personne est maintenant membre."))
    else:
        invitations.refuse_request(request=wish, by=person(request))
        messages.info(request, _("La demande est déclinée."))
    return redirect("organisation_members", slug)
