"""Exports of the public catalogue and of any result list: CSV, JSON, DCAT-AP."""

import csv
import io
import json
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from catalogue.pages.views import documents
from catalogue.resources.queries import lists, published
from catalogue.search import engine, filters
from catalogue.search.engines.database import DatabaseEngine
from catalogue.search.query import MAX_DEPTH, ResourceQuery, Sort
from catalogue.standards.writers import plain
from catalogue.standards.writers.dcat import PAGE_SIZE
from portal.lib.storage.files import csv_safe

BATCH = 1_000
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
BOM = "\ufeff"
NAME = "open-emploi-ressources"


@login_not_required
@require_safe
def resources(request: HttpRequest, extension: str) -> HttpResponseBase:
    """Export the resources that answer a query, or all of them when nothing is asked."""
    query = ResourceQuery.parse(request.GET)
    if extension in MEDIA_TYPES:
        return filters.exporting(request, lambda: _export(request, query, extension))
    filters.keep_search_pace(request)
    return _dcat(request, query, extension)


def _export(request: HttpRequest, query: ResourceQuery, extension: str) -> StreamingHttpResponse:
    """Send what a query finds, or the whole catalogue, as it is written.

    Each lot tells what is public when it is written. The first one is written before anything is
    sent: who may not have it now is told.
    """
    if query.q or query.is_filtered:
        ids = _ids(query)
        total, batches = len(ids), _batches(ids)
    else:
        total, batches = published.in_order().count(), lists.export_batches(BATCH)
    pieces = WRITERS[extension](batches)
    content = chain([next(pieces)], pieces) if request.method == "GET" else iter(())
    response = StreamingHttpResponse(content, content_type=MEDIA_TYPES[extension])
    response["Content-Disposition"] = f'attachment; filename="{NAME}.{extension}"'
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["X-Total-Count"] = str(total)
    return response


def _batches(ids: "array[int]") -> Iterator[list[dict[str, Any]]]:
    """Describe the results of a search by batches: for each, eight bytes and no more."""
    for start in range(0, len(ids), BATCH):
        yield lists.export_lines(lists.export_rows(ids[start : start + BATCH]))


def _ids(query: ResourceQuery) -> "array[int]":
    """List all that a search finds, in its order.

    A search server gives MAX_DEPTH results at most; past them the database, which finds the same,
    is asked for every one. A result is a number here: what it says is read by batches.
    """
    sort = query.sort if query.q else Sort.UPDATED
    asked = replace(query, page=1, size=MAX_DEPTH, sort=sort)
    found = engine().search(asked)
    if found.total > MAX_DEPTH:
        found = DatabaseEngine(counted=["kind"]).search(replace(asked, size=found.total))
    return array("q", found.ids)


Batches = Iterable[list[dict[str, Any]]]


def _csv(batches: Batches) -> Iterator[bytes]:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    text.write(BOM)
    writer.writerow(plain.COLUMNS)
    for rows in batches:
        writer.writerows([csv_safe(cell) for cell in plain.cells(line)] for line in rows)
        yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    """Take away what was written since the last time."""
    piece = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return piece


def _json(batches: Batches) -> Iterator[bytes]:
    pieces, total = ['{"resources": ['], 0
    for rows in batches:
        for line in rows:
            pieces.append((",\n" if total else "\n") + json.dumps(line, ensure_ascii=False))
            total += 1
        yield "".join(pieces).encode()
        pieces = []
    yield f'{"".join(pieces)}\n], "total": {total}}}\n'.encode()


WRITERS = {"csv": _csv, "json": _json}


def _dcat(request: HttpRequest, query: ResourceQuery, extension: str) -> HttpResponseBase:
    asked = request.GET.copy()
    asked.pop("page", None)
    base = f"{published.root()}/exports/ressources.{extension}"
    base += f"?{asked.urlencode()}" if asked else ""
    if not query.q and not query.is_filtered:
        return documents.paged(request, documents.whole(), extension, base=base)
    known = Paginator(_described(_ids(query)), PAGE_SIZE)
    return documents.paged(request, known, extension, base=base)


def _described(ids: "array[int]") -> list[int]:
    """Keep what DCAT-AP has a word for, in its order."""
    rows = published.in_order().filter(documents.described())
    known = set(rows.values_list("pk", flat=True))
    return [pk for pk in ids if pk in known]
