"""What a page does with a form that was sent: its act, and the status of what it shows."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.lib import clock
from portal.lib.prose.numbers import file_size
from portal.lib.refusals import Closed, Conflict, Invalid, QuotaSpent, Refusal, TooLarge

T = TypeVar("T")
# What a person can read and mend, or wait for, on the page itself.
REFUSALS = (Invalid, Conflict, QuotaSpent, Closed, TooLarge)


def tried(
    form: forms.Form, act: Callable[[], object], fields: Mapping[str, str] | None = None
) -> int:
    """Do the act of a form that was sent; return 0 if done, else the status of the page.

    200: nothing was sent; 422: the form holds faults; 403, 409, 413, 429: as the refusal. A
    refusal is put beside its field; a quota says when it opens again, a file what it may weigh.
    """
    return attempted(form, act, fields)[1]


def attempted(
    form: forms.Form, act: Callable[[], T], fields: Mapping[str, str] | None = None
) -> tuple[T | None, int]:
    """Do the act of a form as `tried`; return what it made too, None unless it is done."""
    if not form.is_bound:
        return None, 200
    if not form.is_valid():
        return None, 422
    try:
        return act(), 0
    except REFUSALS as refusal:
        name = (fields or {}).get(refusal.code)
        fault = forms.ValidationError(_sentence(refusal), code=refusal.code)
        form.add_error(name if name in form.fields else None, fault)
        return None, status_of(refusal)


def status_of(refusal: Refusal) -> int:
    """Return the status of a page that shows a refusal in its place."""
    match refusal:
        case QuotaSpent():
            return 429
        case Conflict():
            return 409
        case Closed():
            return 403
        case TooLarge():
            return 413
        case _:
            return 422


def _sentence(refusal: Refusal) -> str:
    if "limit_bytes" in refusal.facts:
        size = file_size(refusal.facts["limit_bytes"])
        return f"{refusal} {_('Taille permise : %(size)s.') % {'size': size}}"
    opening = refusal.facts.get("next_opening")
    if not isinstance(opening, datetime):
        return str(refusal)
    again = _("De nouveau possible le %(at)s.") % {"at": clock.paris_text(opening)}
    return f"{refusal} {again}"


def sent(request: HttpRequest) -> Any:
    """Return what a form sent, None where the page is only read."""
    return request.POST if request.method == "POST" else None
