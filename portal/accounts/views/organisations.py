"""Organisations: the public list and pages, creation, description, attestation."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts import rules, space
from portal.accounts.actions import organisations
from portal.accounts.enums import OrganisationKind
from portal.accounts.forms.organisations import AttestForm, OrganisationForm
from portal.accounts.models import FormerAddress, Membership, Organisation
from portal.accounts.views.asking import (
    administered,
    organisation_of,
    person,
    stay_signed_in,
)

PAGE_SIZE = 24


@login_not_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List the organisations, by words and kind."""
    words, kind = request.GET.get("q", "")[:100], request.GET.get("nature", "")
    found = Organisation.objects.counted().matching(words).order_by("name", "pk")
    if kind in OrganisationKind.values:
        found = found.filter(kind=kind)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "words": words, "kind": kind, "kinds": OrganisationKind.choices}
    return render(request, "accounts/organisations.html", context)


@login_not_required
@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what everybody may know of an organisation; a former address leads to the new one."""
    organisation = Organisation.objects.counted().filter(slug=slug).first()
    if organisation is None:
        former = get_object_or_404(FormerAddress.objects.select_related("organisation"), slug=slug)
        return redirect("organisation", former.organisation.slug, permanent=True)
    return render(request, "accounts/organisation.html", _shown(request, organisation))


def _shown(request: HttpRequest, organisation: Any) -> dict[str, Any]:
    viewer = request.user
    signed_in = viewer.is_authenticated
    offered = (
        organisation.transfers.filter(answer="", receiver=viewer).select_related("giver").first()
        if signed_in
        else None
    )
    return {
        "organisation": organisation,
        "parts": space.organisation_parts(organisation, viewer),
        "panels": space.organisation_panels(organisation, viewer),
        "may_administer": rules.may_administer(viewer, organisation),
        "may_see_members": rules.may_see_members(viewer, organisation),
        "may_verify": rules.may_verify(viewer, organisation),
        "may_ask": rules.may_ask_to_join(viewer, organisation) or not signed_in,
        "is_member": signed_in and rules.may_leave(viewer, organisation),
        "transfer": offered,
        "attest_form": AttestForm(initial={"badges": organisation.badges}),
    }


@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Create an organisation and become its referent."""
    form = OrganisationForm(request.POST or None)
    made = None
    if form.is_valid():
        try:
            made = organisations.create(**form.cleaned_data, by=person(request))
        except organisations.NameTaken as refusal:
            form.add_error("name", str(refusal))
    if made is None:
        return render(request, "accounts/organisation_form.html", {"form": form})
    stay_signed_in(request)
    messages.success(request, _("L’organisation est créée ; vous en êtes la personne référente."))
    return redirect("organisation_members", made.slug)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change what an organisation says of itself."""
    organisation = administered(request, slug)
    initial = {field: getattr(organisation, field) for field in organisations.FIELDS}
    form = OrganisationForm(request.POST or None, initial=initial, organisation=organisation)
    changed = None
    if form.is_valid():
        try:
            changed = organisations.describe(
                organisation=organisation, by=person(request), **form.cleaned_data
            )
        except organisations.NameTaken as refusal:
            form.add_error("name", str(refusal))
    if changed is None:
        context = {"form": form, "organisation": organisation}
        return render(request, "accounts/organisation_form.html", context)
    messages.success(request, _("La présentation est enregistrée."))
    return redirect("organisation", changed.slug)


@require_POST
def attest(request: HttpRequest, slug: str) -> HttpResponse:
    """Give or take the Region's badges."""
    organisation = organisation_of(slug)
    form = AttestForm(request.POST)
    badges = form.cleaned_data["badges"] if form.is_valid() else []
    organisations.attest(organisation=organisation, badges=badges, by=person(request))
    messages.success(request, _("L’attestation est enregistrée."))
    return redirect("organisation", organisation.slug)


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """List the person's organisations, requests and invitations."""
    user = person(request)
    places = (
        Membership.objects.live()
        .filter(user=user)
        .select_related("organisation")
        .order_by("organisation__name")
    )
    waiting = user.join_requests.filter(answer="").select_related("organisation")
    context = {"places": places, "waiting": waiting}
    return render(request, "accounts/my_organisations.html", context)
