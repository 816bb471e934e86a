"""The pages around a card: its reuses, what was told of its use, its discussions."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from portal.accounts.views import person

from catalogue import rules
from catalogue.actions import reuses
from catalogue.forms.community import FeedbackForm, ReuseForm
from catalogue.models import FieldFeedback, Resource, Reuse
from catalogue.queries import around as reads
from catalogue.views.usage import holders, public
from portal.accounts.models import Organisation
from portal.lib.refusals import Invalid
from portal.lib.visible import find

PER_PAGE = 20
# The field of a form that a refusal of the action is about.
FIELDS = {"already_known": "url", "url": "url", "month": "used_on", "markdown": "body_md"}


def tabs(resource: Resource, counts: reads.Counts) -> list[tuple[str, str, Any]]:
    """List the pages of a card, with what each holds."""
    return [
        (_("Fiche"), resource.get_absolute_url(), ""),
        (_("Réutilisations"), _page("reuses", resource), counts.reuses or ""),
        (_("Retours de terrain"), _page("feedback", resource), counts.feedback or ""),
        (_("Discussions"), _page("discussions", resource), counts.discussions or ""),
    ]


def frame(resource: Resource, current: str) -> dict[str, Any]:
    """Give what every page around a card shows above its content."""
    return {
        "section": "ressources",
        "resource": resource,
        "tab_items": tabs(resource, reads.counts(resource)),
        "current_tab": current,
    }


def tried(form: Any, act: Callable[[], Any]) -> int:
    """Do an act on a form; return 0, or the status of the page that shows its errors."""
    if not form.is_valid():
        return 422 if form.is_bound else 200
    try:
        act()
    except Invalid as refusal:
        name = FIELDS.get(refusal.code)
        form.add_error(name if name in form.fields else None, str(refusal))
        return 422
    return 0


@login_not_required
@require_safe
def reused(request: HttpRequest, slug: str) -> HttpResponse:
    """List what was made with a card."""
    resource = public(slug)
    rows = Paginator(reads.reuses(resource, request.user), PER_PAGE)
    page = rows.get_page(request.GET.get("page"))
    context = {"page": page, **frame(resource, _("Réutilisations"))}
    return render(request, "catalogue/community/reuses.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def declare(request: HttpRequest, slug: str) -> HttpResponse:
    """Declare what was made with a card."""
    resource, by = public(slug), person(request)
    form = ReuseForm(request.POST if request.method == "POST" else None, holders=holders(by))

    def act() -> None:
        values = dict(form.cleaned_data)
        others, key = values.pop("others"), values.pop("organisation")
        holder = Organisation.objects.get(pk=int(key)) if key else None
        reuses.declare(resources=[resource, *others], organisation=holder, by=by, **values)

    status = tried(form, act)
    if not status:
        messages.success(request, _("Merci : la Région relit, puis la réutilisation paraît ici."))
        return redirect("catalogue:reuses", resource.slug)
    context = {"form": form, **frame(resource, _("Réutilisations"))}
    return render(request, "catalogue/community/declare.html", context, status=status)


@login_not_required
@require_safe
def used(request: HttpRequest, slug: str) -> HttpResponse:
    """List what was told of the use of a card."""
    resource = public(slug)
    rows = Paginator(reads.feedback(resource, request.user), PER_PAGE)
    page = rows.get_page(request.GET.get("page"))
    context = {"page": page, **frame(resource, _("Retours de terrain"))}
    return render(request, "catalogue/community/feedback.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def tell(request: HttpRequest, slug: str) -> HttpResponse:
    """Tell what happened where a card was used."""
    resource, by = public(slug), person(request)
    form = FeedbackForm(request.POST if request.method == "POST" else None)
    status = tried(form, lambda: reuses.tell(resource=resource, by=by, **form.cleaned_data))
    if not status:
        messages.success(request, _("Merci : la Région relit, puis votre retour paraît ici."))
        return redirect("catalogue:feedback", resource.slug)
    context = {"form": form, **frame(resource, _("Retours de terrain"))}
    return render(request, "catalogue/community/tell.html", context, status=status)


@require_POST
def withdraw(request: HttpRequest, slug: str, brought: UUID) -> HttpResponse:
    """Take back a reuse or a feedback of one's own."""
    resource, by = public(slug), person(request)
    model: Any = Reuse if Reuse.objects.filter(public_id=brought).exists() else FieldFeedback
    found = find(model.objects.filter(by=by), among=model.objects.all(), public_id=brought)
    reuses.withdraw(brought=found, by=by)
    messages.success(request, _("C’est retiré."))
    route = "catalogue:reuses" if model is Reuse else "catalogue:feedback"
    return redirect(route, resource.slug)


def may_act(request: HttpRequest, resource: Resource) -> bool:
    """Say whether the reader may bring something to a card."""
    user = request.user
    return user.is_authenticated and rules.may_bring(user, resource)


def _page(name: str, resource: Resource) -> str:
    return reverse(f"catalogue:{name}", args=(resource.slug,))
