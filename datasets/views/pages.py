"""The page of a dataset, its releases, its schema and its dictionary."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from catalogue.models import Resource
from catalogue.queries import quality
from datasets import queries, rules
from datasets.enums import Protection
from datasets.models import Dataset
from datasets.standards import dictionary, table_schema
from datasets.views import presenting
from portal.lib.files import csv_safe


@login_not_required
@require_safe
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a dataset; a card without files leads to its page in the catalogue."""
    card = card_or_404(request, slug)
    if not hasattr(card, "dataset") and not rules.may_describe(request.user, card.organisation):
        return redirect(card.get_absolute_url())
    return render(request, "datasets/page.html", _context(request, card, "page"))


@login_not_required
@require_safe
def releases(request: HttpRequest, slug: str) -> HttpResponse:
    """List the files and the releases of a dataset."""
    card = _hosted_or_404(request, slug)
    return render(request, "datasets/releases.html", _context(request, card, "releases"))


@login_not_required
@require_safe
def schema(request: HttpRequest, slug: str) -> HttpResponse:
    """Serve the Table Schema of the current release."""
    card = _hosted_or_404(request, slug)
    table = _table_or_404(card)
    document = table_schema.document(
        table.schema, title=card.title, homepage=request.build_absolute_uri(".")
    )
    return JsonResponse(document, json_dumps_params={"ensure_ascii": False, "indent": 1})


@login_not_required
@require_safe
def columns(request: HttpRequest, slug: str) -> HttpResponse:
    """Serve the dictionary of the current release as CSV."""
    table = _table_or_404(_hosted_or_404(request, slug))
    rows = [{key: csv_safe(value) for key, value in row.items()} for row in table.schema]
    labels = {value: str(label) for value, label in Protection.choices}
    response = HttpResponse(dictionary.write(rows, labels), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}-dictionnaire.csv"'
    return response


def card_or_404(request: HttpRequest, slug: str) -> Resource:
    """Find the card of a dataset that this person may read."""
    card = (
        Resource.objects.visible_to(request.user)
        .select_related("organisation", "dataset")
        .filter(kind="dataset", slug=slug)
        .first()
    )
    if card is None:
        raise Http404
    return card


def _hosted_or_404(request: HttpRequest, slug: str) -> Resource:
    card = card_or_404(request, slug)
    if not hasattr(card, "dataset"):
        raise Http404
    return card


def _table_or_404(card: Resource) -> Any:
    table = queries.page_of(card.dataset).table
    if table is None:
        raise Http404
    return table


def _context(request: HttpRequest, card: Resource, tab: str) -> dict[str, Any]:
    dataset: Dataset | None = getattr(card, "dataset", None)
    shown = queries.page_of(dataset) if dataset else None
    return {
        "section": "donnees",
        "card": card,
        "card_href": presenting.card_address(card),
        "shown": shown,
        "tab_items": presenting.tabs(card, shown),
        "tab_name": presenting.TABS[tab],
        "aside_facts": presenting.facts(card, shown),
        "licences": presenting.licences(card),
        "sign_in": presenting.sign_in_address(),
        "quality": quality.assess(card, card.measurements.all()),
        "details": card.details,
        "may_publish": rules.may_publish_release(request.user, card.organisation),
        "may_read_restricted": rules.may_describe(request.user, card.organisation),
    }
