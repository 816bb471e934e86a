"""The pages around a card: reuses, feedback; and what waits for the Region, messages included."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from catalogue.community import queries as reads
from catalogue.community import rules
from catalogue.community.actions import reuses
from catalogue.community.forms import (
    FeedbackForm,
    ReuseForm,
)
from catalogue.community.models import FieldFeedback, Reuse
from catalogue.contributions.views.review import head
from catalogue.resources import rules as resource_rules
from catalogue.resources.models import Resource
from catalogue.resources.views import holders, public
from portal.accounts.authorization import require
from portal.accounts.models import Organisation
from portal.accounts.views import person
from portal.discussions import actions as discussions
from portal.discussions.models import Message, attach_subjects
from portal.discussions.queries import held as messages_held
from portal.discussions.queries import may_show
from portal.lib.refusals import Invalid
from portal.lib.visible import find
from portal.lib.web.requests import get_or_post, identifier

T = TypeVar("T")
PER_PAGE = 20
# The field of a form that a refusal of the action is about.
FIELDS = {"already_known": "url", "url": "url", "month": "used_on"}


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


def tried(form: Any, act: Callable[[], T]) -> tuple[T | None, int]:
    """Do an act on a form; give what it made, else the status of the page that shows its errors."""
    if not form.is_valid():
        return None, 422 if form.is_bound else 200
    try:
        return act(), 200
    except Invalid as refusal:
        name = FIELDS.get(refusal.code)
        form.add_error(name if name in form.fields else None, str(refusal))
        return None, 422


def _page_of(request: HttpRequest, rows: Any) -> dict[str, Any]:
    return {"page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))}


@login_not_required
@require_safe
def reuses_listed(request: HttpRequest, slug: str) -> HttpResponse:
    """List what was made with a card."""
    resource = public(slug)
    context = _page_of(request, reads.reuses(resource, request.user))
    context |= frame(resource, _("Réutilisations"))
    return render(request, "catalogue/community/reuses.html", context)


@get_or_post
def declare_reuse(request: HttpRequest, slug: str) -> HttpResponse:
    """Declare what was made with a card."""
    resource, by = public(slug), person(request)
    form = ReuseForm(request.POST if request.method == "POST" else None, holders=holders(by))

    def act() -> Reuse:
        values = dict(form.cleaned_data)
        others, key = values.pop("others"), values.pop("organisation")
        holder = Organisation.objects.get(pk=int(key)) if key else None
        return reuses.declare(resources=[resource, *others], organisation=holder, by=by, **values)

    made, status = tried(form, act)
    if made is not None:
        messages.success(request, _("Merci : la Région relit, puis la réutilisation paraît ici."))
        return redirect("catalogue:reuses", resource.slug)
    context = {"form": form, **frame(resource, _("Réutilisations"))}
    return render(request, "catalogue/community/declare.html", context, status=status)


@login_not_required
@require_safe
def feedback_listed(request: HttpRequest, slug: str) -> HttpResponse:
    """List what was told of the use of a card."""
    resource = public(slug)
    context = _page_of(request, reads.feedback(resource, request.user))
    context |= frame(resource, _("Retours de terrain"))
    return render(request, "catalogue/community/feedback.html", context)


@get_or_post
def tell_feedback(request: HttpRequest, slug: str) -> HttpResponse:
    """Tell what happened where a card was used."""
    resource, by = public(slug), person(request)
    form = FeedbackForm(request.POST if request.method == "POST" else None)
    told, status = tried(
        form, lambda: reuses.tell_feedback(resource=resource, by=by, **form.cleaned_data)
    )
    if told is not None:
        messages.success(request, _("Merci : la Région relit, puis votre retour paraît ici."))
        return redirect("catalogue:feedback", resource.slug)
    context = {"form": form, **frame(resource, _("Retours de terrain"))}
    return render(request, "catalogue/community/tell.html", context, status=status)


@require_POST
def withdraw_brought(request: HttpRequest, slug: str, brought: UUID) -> HttpResponse:
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


SHOWN = 50
MODELS: dict[str, Any] = {"reuse": Reuse, "feedback": FieldFeedback, "message": Message}


@get_or_post
def community_queue(request: HttpRequest) -> HttpResponse:
    """List what waits, the oldest first; accept or refuse one of them by POST."""
    by = person(request)
    require(resource_rules.may_moderate, by)
    fault: dict[str, str] = {}
    if request.method == "POST":
        try:
            _decide(request)
        except Invalid as refusal:
            fault = {"id": request.POST.get("id", ""), "words": str(refusal)}
        else:
            messages.success(request, _("Décision enregistrée."))
            return redirect("catalogue:moderation_community")
    held = list(messages_held(Resource)[:SHOWN])
    attach_subjects(each.discussion for each in held)
    context = {
        "reuses": [
            (row, rules.may_review(by, row, list(row.resources.all())))
            for row in reads.waiting_reuses()[:SHOWN]
        ],
        "feedback": [
            (row, rules.may_review(by, row, [row.resource]))
            for row in reads.waiting_feedback()[:SHOWN]
        ],
        "held": [(row, may_show(by, row)) for row in held],
        "fault": fault,
        **head(current=_("Autour des fiches")),
    }
    status = 422 if fault else 200
    return render(request, "catalogue/community/moderation/community.html", context, status=status)


def _decide(request: HttpRequest) -> None:
    by, said = person(request), request.POST
    name = said.get("kind", "")
    if name not in MODELS or said.get("decision") not in ("accept", "refuse"):
        raise Invalid(_("Choisissez une décision."), code="decision")
    model, words = MODELS[name], said.get("message", "")
    row = find(
        model.objects.all(), among=model.objects.all(), public_id=identifier(said.get("id", ""))
    )
    accepts = said["decision"] == "accept"
    if name == "message":
        if accepts:
            discussions.show(message=row, by=by)
        else:
            discussions.hide(message=row, reason=words, by=by)
    elif accepts:
        reuses.publish(brought=row, by=by)
    else:
        reuses.refuse(brought=row, message=words, by=by)
