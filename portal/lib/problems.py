"""Problem details (RFC 9457): how a machine is told no."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _

API = "/api/v1/"
# When to come back to a database that restarts or is too busy.
RETRY_SECONDS = 2
# The one status that HTTP does not name: that of the tus protocol for damaged parts.
OTHER_TITLES = {460: "Checksum Mismatch"}


def wants_json(request: HttpRequest) -> bool:
    """Say whether the caller is a machine."""
    return request.path.startswith(API) or "application/json" in request.headers.get("Accept", "")


def problem(status: int, code: str, detail: str, facts: Mapping[str, Any] = {}) -> JsonResponse:
    """Answer with a problem: the status and its English name, a stable code, a French sentence.

    facts: further members, JSON-able or told by their text.
    """
    document = {
        "type": "about:blank",
        "title": OTHER_TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **{key: _plain(value) for key, value in facts.items()},
    }
    return JsonResponse(document, status=status, content_type="application/problem+json")


def broken(reference: str) -> JsonResponse:
    """Answer for an error of ours. reference: what the log names it by."""
    sentence = _("Le portail a rencontré une erreur. Réessayez.")
    return problem(500, "server_error", sentence, {"reference": reference})


def away() -> JsonResponse:
    """Answer while the database is away or too busy."""
    sentence = _("Le portail ne répond pas pour l’instant. Réessayez dans quelques secondes.")
    return problem(503, "unavailable", sentence)


def _plain(value: Any) -> Any:
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)
