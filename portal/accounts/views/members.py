"""Members of an organisation: list, roles, departures, handing over."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts import rules
from portal.accounts.actions import memberships
from portal.accounts.authorization import belongs_to, require
from portal.accounts.enums import Answer
from portal.accounts.forms.organisations import InviteForm, RoleForm
from portal.accounts.models import Invitation, Membership, Organisation, Transfer, User
from portal.accounts.views.asking import administered, organisation_of, person, stay_signed_in
from portal.lib.refusals import Hidden


@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the members; to referents, their addresses, the requests and the invitations."""
    organisation = organisation_of(slug)
    viewer = _asking(request)
    if not rules.may_see_members(viewer, organisation):
        raise Hidden(denied=organisation)
    form = InviteForm(organisation=organisation)
    return render(request, "accounts/members.html", board(organisation, form, viewer))


def board(organisation: Organisation, form: InviteForm, viewer: User) -> dict[str, Any]:
    """Gather what the page of members shows."""
    return {
        "organisation": organisation,
        "may_administer": rules.may_administer(viewer, organisation),
        "may_read_addresses": rules.may_read_addresses(viewer, organisation),
        "form": form,
        "members": Membership.objects.live()
        .filter(organisation=organisation)
        .select_related("user")
        .order_by("joined_at", "pk"),
        "requests": organisation.join_requests.filter(answer="").select_related("user"),
        "invitations": Invitation.objects.open(Now()).filter(organisation=organisation),
        "transfer": organisation.transfers.filter(answer="").select_related("receiver").first(),
    }


@require_http_methods(["GET", "POST"])
def change_role(request: HttpRequest, slug: str, person: UUID) -> HttpResponse:
    """Change a member's role."""
    membership = _place(request, slug, person)
    form = RoleForm(request.POST or None, initial={"role": membership.role})
    if not form.is_valid():
        return render(request, "accounts/member_role.html", {"form": form, "place": membership})
    memberships.change_role(
        membership=membership, role=form.cleaned_data["role"], by=_asking(request)
    )
    messages.success(request, _("Le rôle est changé."))
    return redirect("organisation_members", slug)


@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest, slug: str, person: UUID) -> HttpResponse:
    """End a member's place, after a page that asks."""
    membership = _place(request, slug, person)
    if request.method != "POST":
        return render(request, "accounts/member_remove.html", {"place": membership})
    memberships.remove(membership=membership, by=_asking(request))
    messages.success(request, _("Cette personne n’est plus membre."))
    return redirect("organisation_members", slug)


@require_POST
def transfer(request: HttpRequest, slug: str, person: UUID) -> HttpResponse:
    """Offer the care of the organisation to a member."""
    membership = _place(request, slug, person)
    memberships.offer_transfer(
        organisation=membership.organisation, receiver=membership.user, by=_asking(request)
    )
    messages.success(request, _("La proposition est envoyée ; votre rôle change à sa réponse."))
    return redirect("organisation_members", slug)


@require_POST
def answer_transfer(request: HttpRequest, slug: str, transfer: UUID) -> HttpResponse:
    """Take the care of an organisation, or decline."""
    offer = get_object_or_404(
        Transfer.objects.select_related("organisation"),
        organisation__slug=slug,
        public_id=transfer,
        receiver=_asking(request),
    )
    if request.POST.get("answer") == Answer.ACCEPTED:
        memberships.accept_transfer(transfer=offer, by=_asking(request))
        stay_signed_in(request)
        messages.success(request, _("Vous êtes maintenant la personne référente."))
    else:
        memberships.refuse_transfer(transfer=offer, by=_asking(request))
        messages.info(request, _("Vous avez décliné la proposition."))
    return redirect("organisation", slug)


@require_http_methods(["GET", "POST"])
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Leave an organisation, after a page that asks."""
    organisation = organisation_of(slug)
    require(belongs_to, person(request), organisation)
    if request.method != "POST":
        return render(request, "accounts/leave.html", {"organisation": organisation})
    memberships.leave(organisation=organisation, by=_asking(request))
    stay_signed_in(request)
    messages.success(request, _("Vous avez quitté l’organisation."))
    return redirect("my_organisations")


def _place(request: HttpRequest, slug: str, public_id: UUID) -> Membership:
    organisation = administered(request, slug)
    place: Membership = get_object_or_404(
        Membership.objects.live().select_related("organisation", "user"),
        organisation=organisation,
        user__public_id=public_id,
    )
    return place


def _asking(request: HttpRequest) -> Any:
    return person(request)
