"""Load official open data: read whole or refused whole; what was in service stays until then."""

import gzip
import json
from pathlib import Path
from typing import Any

from django.db import transaction

from catalogue.standards.licences import read_expression
from portal.demonstrator.building import reading
from portal.demonstrator.building.tables import Source, Unreadable
from portal.demonstrator.enums import ReferentialKind
from portal.demonstrator.models import LoadedData
from portal.lib import canonical, clock
from portal.lib.storage import objects
from portal.lib.web import http

TO_CONFIRM = "to_confirm"
MOST_BYTES = 100_000_000  # of an archive that is brought from another site
MOST_READ = 500_000_000  # of what was kept, once decompressed


def load(
    kind: ReferentialKind, place: str, *, licence: str, origin: str, version: str
) -> tuple[LoadedData, bool]:
    """Load the files of a folder, an archive or an https address.

    licence: an SPDX expression, or to_confirm: for private trial, then, and on no page. Writes
    one object and one row; the same content under the same licence writes nothing.
    Returns the row, and whether it is new. Raises Unreadable, and NotFetched from afar.
    """
    spdx = licence if licence == TO_CONFIRM else read_expression(licence).expression
    if not spdx:
        raise Unreadable(
            f"Licence « {licence[:64]} » inconnue : écrivez un identifiant SPDX (etalab-2.0), ou "
            f"{TO_CONFIRM} pour un essai privé."
        )
    source = Source(_brought(place) if "://" in place else Path(place))
    content, rows = reading.read(kind, source)
    named = {*source.versions().values()}
    if version and named and version.removeprefix("v") not in named:
        raise Unreadable(f"Ces fichiers sont de la version {min(named)}, pas {version}.")
    packed = gzip.compress(canonical.dumps(content), mtime=0)
    stored = objects.put(packed)
    with transaction.atomic():
        former = LoadedData.objects.filter(kind=kind).first()
        if former and (former.content_sha256, former.licence) == (stored.sha256, spdx):
            return former, False
        row = LoadedData.objects.create(
            kind=kind,
            origin=origin,
            licence=spdx,
            is_public=spdx != TO_CONFIRM,
            version=version or min(named, default=""),
            rows=rows,
            content_sha256=stored.sha256,
            loaded_at=clock.now(),
        )
    return row, True


def read(row: LoadedData) -> dict[str, Any]:
    """Read again what was loaded."""
    with objects.open(row.content_sha256) as file, gzip.open(file) as plain:
        content: dict[str, Any] = json.loads(plain.read(MOST_READ))
    return content


def _brought(url: str) -> bytes:
    if not url.startswith("https://"):
        raise Unreadable("Une adresse commence par https://.")
    answer = http.fetch(url, limit_bytes=MOST_BYTES)
    if not answer.is_ok:
        raise Unreadable(f"Ce site a répondu {answer.status}.")
    return answer.body
