"""No prototype without a free licence, a sheet and a measure: asked before each start."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import Error, register

from catalogue.standards import licences
from portal.demonstrator.registry import CASES
from portal.demonstrator.sheets import Sheet

TEXTS = ("title", "promise", "audience", "annex_iii", "decides", "act")
LISTS = ("refuses", "steps", "limits", "engines")


@register("portal")
def whole_sheets(**_options: Any) -> list[Error]:
    """E60: each use case says all that its page owes."""
    return [
        Error(f"Le cas d’usage {case.sheet.code} ne dit pas : {lacking}.", id="portal.E60")
        for case in CASES
        for lacking in _lacking(case.sheet)
    ]


def _lacking(sheet: Sheet) -> Iterator[str]:
    yield from (name for name in (*TEXTS, *LISTS) if not getattr(sheet, name))
    if not licences.read_expression(sheet.licence).is_open:
        yield "licence"
