"""No prototype without a free licence and a sheet, asked before each start; nor a measure."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import Error, Tags, register
from django.db import DatabaseError

from catalogue.standards import licences
from portal.demonstrator import invariants
from portal.demonstrator.registry import BY_USE_CASE, CASES
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


@register(Tags.database, deploy=True)
def measured(**options: Any) -> list[Error]:
    """E61: each use case that one may try is measured; asked with `--deploy --database default`.

    It stops no process: one that is not measured shows nothing to try.
    """
    try:
        codes = list(invariants.unmeasured()) if options.get("databases") else []
    except DatabaseError:  # E20 says it, or nothing was migrated yet
        codes = []
    return [
        Error(
            f"Le cas d’usage {BY_USE_CASE[code].sheet.code} est ouvert à l’essai sans mesure : "
            "lancez manage.py build_prototypes.",
            id="portal.E61",
        )
        for code in codes
    ]


def _lacking(sheet: Sheet) -> Iterator[str]:
    yield from (name for name in (*TEXTS, *LISTS) if not getattr(sheet, name))
    if not licences.read_expression(sheet.licence).is_open:
        yield "licence"
