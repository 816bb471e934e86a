"""Show the head and the columns of a public file, and give all of them at once."""

import io
from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from challenges.organising.models.challenges import PublicFile
from challenges.organising.views.layout import find_challenge
from datasets.standards import profile
from portal.lib.prose.numbers import number
from portal.lib.storage import files, objects

# Of a larger file the head alone is read, and the page says so.
READ_BYTES = 4 << 20
KEPT_SECONDS = 86_400
TYPES = {
    "boolean": gettext_lazy("oui ou non"),
    "integer": gettext_lazy("nombre entier"),
    "number": gettext_lazy("nombre"),
    "date": gettext_lazy("date"),
    "string": gettext_lazy("texte"),
}


def preview_of(file: PublicFile) -> dict[str, Any] | None:
    """Read the first rows and the columns of a table; None for what is no table of ours.

    whole: its rows are all counted; else those of its first bytes.
    """
    if not file.name.endswith(".csv"):
        return None
    key = f"challenges.columns:{file.sha256}"
    found: dict[str, Any] | None = cache.get(key)
    if found is None:
        found = _read(file)
        cache.set(key, found, KEPT_SECONDS)
    columns = [
        each
        | {"type": TYPES[each["type"]]}
        | {"bounds": [_short(each["bounds"].get(name)) for name in ("low", "mean", "high")]}
        for each in found.get("columns", ())
    ]
    return found | {"columns": columns, "file": file} if columns else None


def _read(file: PublicFile) -> dict[str, Any]:
    with objects.open(file.sha256) as stream:
        head = stream.read(READ_BYTES)
    whole = file.size <= len(head)
    if not whole:
        head = head[: head.rfind(b"\n") + 1]
    try:
        table = profile.profile(io.BytesIO(head))
    except profile.TableFault:
        return {}
    return {
        "rows": table.rows,
        "whole": whole,
        "columns": [
            said | {"bounds": column.bounds}
            for said, column in zip(table.schema(), table.columns, strict=True)
        ],
        "preview": table.preview(),
    }


def _short(figure: float | None) -> str:
    """Write what one reads of a number: four digits, or all of those before the point."""
    read = Decimal(0 if figure is None else f"{figure:.4g}").as_tuple().exponent
    return number(figure, max(0, -int(read)))


@login_not_required
@require_safe
def all_files(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send every public file of a challenge in one archive."""
    public = find_challenge(request, slug).files.all()
    members = [files.Member(each.name, partial(objects.open, each.sha256)) for each in public]
    return files.attachment(
        files.streamed_zip(members), f"{slug}-donnees.zip", media_type="application/zip"
    )
