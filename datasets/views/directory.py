"""The list of the datasets."""

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from datasets import filters, queries
from datasets.views import presenting

PAGE_SIZE = 12


@login_not_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List the published datasets, by words, access, place of the files, scope, producer."""
    query = filters.parse(request.GET)
    found = queries.directory(query, request.user)
    counts = queries.facet_counts(query, request.user)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "section": "donnees",
        "query": query,
        "page": page,
        "rows": [presenting.row(card) for card in page.object_list],
        "facets": filters.facets(query, counts),
        "chips": filters.chips(query),
        "orders": queries.ORDERS.items(),
    }
    return render(request, "datasets/list.html", context)
