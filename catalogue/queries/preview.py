"""What a card that is not online would show, as a result and as its page."""

from dataclasses import replace
from typing import Any

from catalogue.enums import SCORED_KINDS
from catalogue.models import Resource
from catalogue.queries import detail, rows
from catalogue.queries.detail import Part


def card(resource: Resource) -> dict[str, Any]:
    """Read what stands on the page of a resource built from a revision, not fetched.

    Files are shown by their own addresses: nobody is counted, and those of a new card lead nowhere.
    """
    told = detail.card(resource)
    ringed = resource.kind in SCORED_KINDS - rows.RINGLESS
    line = replace(told["row"], quality=told["score"] if ringed else None)
    return told | {"row": line, "parts": [_plain(part) for part in told["parts"]]}


def _plain(part: Part) -> Part:
    if part.shape != "rows":
        return part
    return replace(part, value=[[cell | {"href": ""} for cell in row] for row in part.value])
