"""The addresses of the files that the portal keeps: they lead there whatever host they name.

They are written whole in texts, which outlive the address of the portal: of a card's own file, the
host that a text says is never believed, and the one of today is shown.
"""

import re
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.conf import settings

from catalogue.models import CardFile, Resource

PLACE = "/fichiers/"
ADDRESS = re.compile(rf"{PLACE}([0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})/[^/]+\Z")
# Field of the details that holds files, and the column of its rows that leads to the bytes.
COLUMNS = {"files": "url", "distributions": "download_url"}


def address(file: CardFile) -> str:
    """Give the address of a file: the same for ever, in no language."""
    return f"{settings.SITE_URL}{PLACE}{file.public_id}/{quote(file.name)}"


def identified(url: object) -> UUID | None:
    """Read which file an address would lead to if it were ours; None for one of another form."""
    found = ADDRESS.search(str(url or ""))
    return UUID(found[1]) if found else None


def is_own(url: object) -> bool:
    """Say whether an address leads to a file of ours, at the address that the portal has today."""
    return str(url or "").startswith(f"{settings.SITE_URL}{PLACE}") and identified(url) is not None


def current(resource: Resource, details: dict[str, Any]) -> dict[str, Any]:
    """Write the host of today in the addresses of a card's own files."""
    former = {
        public_id
        for field, column in COLUMNS.items()
        for row in details.get(field) or []
        if (public_id := identified(row.get(column))) and not is_own(row.get(column))
    }
    if not former:
        return details
    rows = CardFile.objects.filter(resource=resource, public_id__in=former).defer("preview")
    known = {each.public_id: address(each) for each in rows}
    told = {
        field: [row | _today(known, column, row.get(column)) for row in details[field]]
        for field, column in COLUMNS.items()
        if details.get(field)
    }
    return details | told


def _today(known: dict[UUID, str], column: str, url: object) -> dict[str, str]:
    found = identified(url)
    return {column: known[found]} if found in known else {}
