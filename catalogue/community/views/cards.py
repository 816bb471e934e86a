"""The pages around a card: its reuses; and what waits for the Region, messages included."""

from typing import Any
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
from catalogue.community.forms import ReuseForm
from catalogue.community.models import Reuse
from catalogue.contributions.views.review import head
from catalogue.resources import rules as resource_rules
from catalogue.resources.models import Resource
from catalogue.resources.queries import files as card_files
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
from portal.lib.web.form_pages import sent, tried
from portal.lib.web.requests import get_or_post, identifier

PER_PAGE = 20
# The field of a form that a refusal of the action is about.
FIELDS = {"already_known": "url", "url": "url", "month": "used_on"}


def tabs(
    resource: Resource, counts: reads.Counts, *, current: str = ""
) -> list[tuple[str, str, Any]]:
    """List the pages of a card that hold something, with how much, and the one that is read.

    A card whose files are held here has its presentation and its files on a page of their own.
    """
    files = card_files.files_page(resource)
    if files:
        own = [(_("Présentation"), files, ""), (_("Fichiers et versions"), f"{files}versions/", "")]
    else:
        own = [(_("Fiche"), resource.get_absolute_url(), "")]
    versions = counts.versions if counts.versions > 1 else 0
    around = [
        (_("Réutilisations"), _page("reuses", resource), counts.reuses),
        (_("Discussions"), _page("discussions", resource), counts.discussions),
        (_("Historique"), _page("versions", resource), versions),
    ]
    shown = [
        (label, address, count or "")
        for label, address, count in around
        if count or label == current
    ]
    return [*own, *shown]


def frame(resource: Resource, current: str) -> dict[str, Any]:
    """Give what every page around a card shows above its content."""
    files = card_files.files_page(resource)
    return {
        "section": "donnees" if files else "ressources",
        "page_href": files or resource.get_absolute_url(),
        "resource": resource,
        "tab_items": tabs(resource, reads.counts(resource), current=current),
        "current_tab": current,
    }


@login_not_required
@require_safe
def reuses_listed(request: HttpRequest, slug: str) -> HttpResponse:
    """List what was made with a card."""
    resource = public(slug)
    pages = Paginator(reads.reuses(resource, request.user), PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    context = {"page": page, **frame(resource, _("Réutilisations"))}
    return render(request, "catalogue/community/reuses.html", context)


@get_or_post
def declare_reuse(request: HttpRequest, slug: str) -> HttpResponse:
    """Declare what was made with a card."""
    resource, by = public(slug), person(request)
    form = ReuseForm(sent(request), holders=holders(by))

    def act() -> Reuse:
        values = dict(form.cleaned_data)
        others, key = values.pop("others"), values.pop("organisation")
        holder = Organisation.objects.get(pk=int(key)) if key else None
        return reuses.declare(resources=[resource, *others], organisation=holder, by=by, **values)

    status = tried(form, act, FIELDS)
    if not status:
        messages.success(request, _("Merci : la Région relit, puis la réutilisation paraît ici."))
        return redirect("catalogue:reuses", resource.slug)
    context = {"form": form, **frame(resource, _("Réutilisations"))}
    return render(request, "catalogue/community/declare.html", context, status=status)


@require_POST
def withdraw_brought(request: HttpRequest, slug: str, brought: UUID) -> HttpResponse:
    """Take back a reuse of one's own."""
    resource, by = public(slug), person(request)
    found = find(Reuse.objects.filter(by=by), among=Reuse.objects.all(), public_id=brought)
    reuses.withdraw(brought=found, by=by)
    messages.success(request, _("C’est retiré."))
    return redirect("catalogue:reuses", resource.slug)


def _page(name: str, resource: Resource) -> str:
    return reverse(f"catalogue:{name}", args=(resource.slug,))


SHOWN = 50
MODELS: dict[str, Any] = {"reuse": Reuse, "message": Message}


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
        "held": [(row, may_show(by, row)) for row in held],
        "fault": fault,
        **head(current=_("Réutilisations et messages")),
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
