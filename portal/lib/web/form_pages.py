"""What a page does with a form that was sent: its act, and the status of what it shows."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.lib import clock
from portal.lib.refusals import Closed, Conflict, Invalid, QuotaSpent, Refusal

# What a person can read and mend, or wait for, on the page itself.
REFUSALS = (Invalid, Conflict, QuotaSpent, Closed)


def tried(
    form: forms.Form, act: Callable[[], object], fields: Mapping[str, str] | None = None
) -> int:
    """Do the act of a form that was sent; return 0 if done, else the status of the page.

    200: nothing was sent; 422: the form holds faults; 403, 409, 429: as the refusal. A refusal
    is put beside its field; a quota says when it opens again.
    """
    if not form.is_bound:
        return 200
    if not form.is_valid():
        return 422
    try:
        act()
    except REFUSALS as refusal:
        form.add_error((fields or {}).get(refusal.code), _sentence(refusal))
        return status_of(refusal)
    return 0


def status_of(refusal: Refusal) -> int:
    """Return the status of a page that shows a refusal in its place."""
    match refusal:
        case QuotaSpent():
            return 429
        case Conflict():
            return 409
        case Closed():
            return 403
        case _:
            return 422


def _sentence(refusal: Refusal) -> str:
    opening = refusal.facts.get("next_opening")
    if not isinstance(opening, datetime):
        return str(refusal)
    again = _("De nouveau possible le %(at)s.") % {"at": clock.paris_text(opening)}
    return f"{refusal} {again}"


def sent(request: HttpRequest) -> Any:
    """Return what a form sent, None where the page is only read."""
    return request.POST if request.method == "POST" else None
