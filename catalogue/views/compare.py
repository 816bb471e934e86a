"""Two or three cards of an AI side by side."""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalogue.enums import ResourceKind
from catalogue.filters import pace
from catalogue.models import Resource
from catalogue.queries import cards, comparison
from catalogue.search import engine
from catalogue.search.query import MAX_Q, ResourceQuery

OFFERED = 8


@login_not_required
@require_safe
def shown(request: HttpRequest) -> HttpResponse:
    """Compare the cards named in the address, or help to choose them."""
    pace.keep_search_pace(request)
    compared = comparison.chosen(request.GET.getlist("fiche"))
    q = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:MAX_Q]
    full = len(compared) == comparison.MOST
    compares = len(compared) > 1
    groups = comparison.groups(compared) if compares else []
    context = {
        "section": "ressources",
        "cards": [(card, _address(*_others(compared, card))) for card in compared],
        "lost": len(compared) < len(set(request.GET.getlist("fiche"))),
        "q": q,
        "full": full,
        "offered": []
        if full
        else [(card, _address(*compared, card)) for card in _offered(compared, q)],
        "compares": compares,
        "identity": comparison.identity(compared) if compares else [],
        "questions": comparison.questions(compared) if compares else [],
        "measures": comparison.measures(compared) if compares else [],
        "groups": groups,
        "worst": list(zip(compared, comparison.worst(compared, groups), strict=True)),
    }
    return render(request, "catalogue/compare.html", context)


def _others(cards: Sequence[Resource], out: Resource) -> list[Resource]:
    return [each for each in cards if each.pk != out.pk]


def _address(*cards: Resource) -> str:
    query = urlencode([("fiche", each.slug) for each in cards])
    return f"{reverse('catalogue:compare')}?{query}" if cards else reverse("catalogue:compare")


def _offered(compared: Sequence[Resource], q: str) -> list[Resource]:
    """Propose what to compare with: what the words find, else what does the same task."""
    if q:
        query = ResourceQuery(q=q, kind=tuple(str(kind) for kind in comparison.KINDS))
    elif compared:
        query = ResourceQuery(kind=(compared[0].kind,), task=tuple(compared[0].tasks))
    else:
        query = ResourceQuery(kind=(str(ResourceKind.MODEL),))
    taken = {each.pk for each in compared}
    ids = [pk for pk in engine().search(query).ids if pk not in taken]
    return cards.in_order(ids[:OFFERED])
