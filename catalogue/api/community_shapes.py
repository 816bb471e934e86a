"""Turn what people keep and bring to cards into the values that endpoints send."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from catalogue.actions import alert_links
from catalogue.models import SavedSearch

Json = dict[str, Any]


def search_json(request: HttpRequest, search: SavedSearch) -> Json:
    """Describe a saved search to its owner."""
    listed = request.build_absolute_uri(reverse("catalogue:list"))
    return {
        "id": search.public_id,
        "title": search.title,
        "query": search.query,
        "frequency": search.frequency,
        "paused": search.paused_at is not None,
        "created_at": search.created_at,
        "found": getattr(search, "found", 0),
        "results": f"{listed}?{search.query}" if search.query else listed,
        "page": alert_links.manage(search),
        "feed": alert_links.feed(search) or None,
    }
