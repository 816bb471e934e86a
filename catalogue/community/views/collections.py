"""Collections (« dossiers »): the public pages, and those of who makes them."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from catalogue.community import queries as reads
from catalogue.community.actions import collections
from catalogue.community.actions.collections import Place
from catalogue.community.forms import CollectionForm, NewCollectionForm
from catalogue.community.models import Collection
from catalogue.resources import rules
from catalogue.resources.queries import lists
from catalogue.resources.views import edited, public
from portal.accounts.authorization import require
from portal.accounts.models import Organisation, User
from portal.accounts.views import person
from portal.lib.refusals import Invalid
from portal.lib.visible import find
from portal.lib.web.form_pages import attempted, sent, tried
from portal.lib.web.requests import get_or_post, natural

PER_PAGE = 24
COMMENT_CHARACTERS = 300


@login_not_required
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """List the collections that everybody reads; first, those that wait of one's organisations."""
    user = request.user
    page = Paginator(reads.public_collections(), PER_PAGE).get_page(request.GET.get("page"))
    drafts = list(reads.collections_waiting(user)) if user.is_authenticated else []
    context = {
        "section": "ressources",
        "page": page,
        "drafts": drafts,
        "may_make": bool(user.is_authenticated and edited(person(request))),
    }
    return render(request, "catalogue/community/collections/list.html", context)


@login_not_required
@require_safe
def shown(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one collection."""
    found = _find(request, slug)
    places = [(lists.row(item.resource), item.comment) for item in reads.collection_items(found)]
    context = {
        "section": "ressources",
        "collection": found,
        "places": places,
        "may_edit": rules.edits_for(request.user, found.organisation),
    }
    return render(request, "catalogue/community/collections/page.html", context)


@get_or_post
def make(request: HttpRequest) -> HttpResponse:
    """Make a collection; from a card, with that card in it."""
    by, card = person(request), request.GET.get("fiche", "")
    first = public(card) if card and card.isprintable() else None
    holders = [(str(each.pk), each.name) for each in edited(by)]
    form = NewCollectionForm(sent(request), holders=holders)

    def act() -> Collection:
        values = dict(form.cleaned_data)
        holder = Organisation.objects.get(pk=int(values.pop("organisation")))
        return collections.make(organisation=holder, by=by, **values)

    made, status = attempted(form, act)
    if made is not None:
        if first is not None:
            collections.add(collection=made, resource=first, by=by)
        messages.success(request, _("Le dossier est créé : ajoutez-y des ressources."))
        return redirect("catalogue:collection_edit", made.slug)
    context = {"section": "ressources", "form": form, "holders": holders}
    return render(request, "catalogue/community/collections/make.html", context, status=status)


@get_or_post
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Describe, order, publish or delete a collection."""
    by, found = person(request), _find(request, slug)
    require(rules.edits_for, by, found.organisation)
    act = request.POST.get("act", "")
    if act in ACTS:
        done, sentence = ACTS[act]
        try:
            done(collection=found, by=by)
        except Invalid as refusal:
            messages.error(request, str(refusal))
            return redirect("catalogue:collection_edit", found.slug)
        messages.success(request, sentence)
        return redirect(*(("catalogue:collections",) if act == "remove" else (found,)))
    initial = {"title": found.title, "summary": found.summary}
    form = CollectionForm(sent(request), initial=initial)
    status = tried(form, lambda: _arrange(request, found, form, by))
    if not status:
        messages.success(request, _("Le dossier est enregistré."))
        return redirect("catalogue:collection_edit", found.slug)
    context = {
        "section": "ressources",
        "collection": found,
        "form": form,
        "items": list(reads.collection_items(found)),
    }
    return render(request, "catalogue/community/collections/edit.html", context, status=status)


@require_POST
def add(request: HttpRequest, slug: str) -> HttpResponse:
    """Put a card into one of one's collections."""
    by, resource = person(request), public(slug)
    wanted = request.POST.get("collection", "")
    found = (
        reads.editable_collections(by).filter(slug=wanted if wanted.isprintable() else "").first()
    )
    if found is None:
        raise Invalid(_("Choisissez un de vos dossiers."), code="collection")
    collections.add(collection=found, resource=resource, by=by)
    said = _("La fiche est dans le dossier « %(title)s ».") % {"title": found.title}
    messages.success(request, said)
    return redirect(resource)


def _arrange(request: HttpRequest, found: Collection, form: CollectionForm, by: User) -> Collection:
    """Read the rows of the page: a place, a word, or a box to take the row out."""
    said = request.POST
    places: list[tuple[int, int, Place]] = []
    for number, item in enumerate(reads.collection_items(found)):
        key = str(item.pk)
        if said.get(f"out-{key}"):
            continue
        comment = said.get(f"comment-{key}", item.comment)[:COMMENT_CHARACTERS]
        place = natural(said.get(f"place-{key}", "")) or item.position
        places.append((place, number, Place(item.resource, comment)))
    ordered = [place for _position, _number, place in sorted(places, key=lambda each: each[:2])]
    return collections.arrange(
        collection=found,
        title=form.cleaned_data["title"],
        summary=form.cleaned_data["summary"],
        places=ordered,
        by=by,
    )


ACTS: dict[str, Any] = {
    "publish": (collections.publish, gettext_lazy("Le dossier est en ligne.")),
    "take_back": (collections.take_back, gettext_lazy("Le dossier n’est plus en ligne.")),
    "remove": (collections.remove, gettext_lazy("Le dossier est supprimé.")),
}


def _find(request: HttpRequest, slug: str) -> Collection:
    rows = Collection.objects.visible_to(request.user).select_related("organisation")
    return find(rows, among=Collection.objects.all(), slug=slug)
