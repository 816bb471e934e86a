"""Exports of the public catalogue and of any result list: CSV, JSON, Parquet, DCAT-AP."""

import csv
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import IO, Any

from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from catalogue.filters import pace
from catalogue.models import Resource
from catalogue.queries import published
from catalogue.search import engine
from catalogue.search.engines.embedded import EmbeddedEngine
from catalogue.search.query import MAX_DEPTH, ResourceQuery, Sort
from catalogue.standards import plain
from catalogue.views import documents
from portal.lib.files import csv_safe

BATCH = 200
FILES = frozenset({"csv", "json", "parquet"})
BOM = "\ufeff"
NAME = "open-emploi-ressources"
PARQUET = "application/vnd.apache.parquet"


class _Line:
    """A file that keeps nothing: what is written is handed back."""

    def write(self, text: str) -> str:
        """Give the text back."""
        return text


@login_not_required
@require_safe
def resources(request: HttpRequest, extension: str) -> HttpResponseBase:
    """Export the resources that answer a query, or all of them when nothing is asked."""
    query = ResourceQuery.parse(request.GET)
    if extension in FILES:
        return pace.exporting(request, lambda: _file(_ids(query), extension))
    pace.keep_search_pace(request)
    return _dcat(request, query, extension)


def _file(ids: Sequence[int], extension: str) -> HttpResponseBase:
    match extension:
        case "csv":
            response: HttpResponseBase = StreamingHttpResponse(
                _csv(ids), content_type="text/csv; charset=utf-8"
            )
        case "json":
            response = StreamingHttpResponse(_json(ids), content_type="application/json")
        case _:
            response = FileResponse(_parquet(ids), content_type=PARQUET)
    response["Content-Disposition"] = f'attachment; filename="{NAME}.{extension}"'
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["X-Total-Count"] = str(len(ids))
    return response


def _ids(query: ResourceQuery) -> list[int]:
    """List all that a query finds, in its order; the whole catalogue, oldest first, without one.

    A search server gives MAX_DEPTH results at most; past them the database, which finds the same,
    is asked for every one. A result is a number here: what it says is read by batches.
    """
    if not query.q and not query.is_filtered:
        return list(published.in_order().values_list("pk", flat=True))
    sort = query.sort if query.q else Sort.UPDATED
    asked = replace(query, page=1, size=MAX_DEPTH, sort=sort)
    found = engine().search(asked)
    if found.total > MAX_DEPTH:
        found = EmbeddedEngine(counted=["kind"]).search(replace(asked, size=found.total))
    return list(found.ids)


def _lines(ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Describe resources by batches, so that the memory of one is all it takes."""
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        found = published.public().select_related("indexed").in_bulk(batch)
        rows: list[Resource] = [found[pk] for pk in batch if pk in found]
        for row, shown in zip(rows, published.many(rows), strict=True):
            indexed = getattr(row, "indexed", None)
            yield plain.line(shown, quality=indexed.quality or None if indexed else None)


def _csv(ids: Sequence[int]) -> Iterator[str]:
    writer = csv.writer(_Line(), delimiter=";", lineterminator="\r\n")
    yield BOM + writer.writerow(plain.COLUMNS)
    for line in _lines(ids):
        yield writer.writerow([csv_safe(cell) for cell in plain.cells(line)])


def _json(ids: Sequence[int]) -> Iterator[str]:
    yield f'{{"total": {len(ids)}, "resources": ['
    for place, line in enumerate(_lines(ids)):
        yield (",\n" if place else "\n") + json.dumps(line, ensure_ascii=False)
    yield "\n]}\n"


def _parquet(ids: Sequence[int]) -> IO[bytes]:
    import pyarrow as pa  # noqa: PLC0415  # slow import
    import pyarrow.parquet as pq  # noqa: PLC0415  # slow import

    kinds = {"archived": pa.bool_(), "referenced": pa.bool_(), "quality": pa.int16()}
    schema = pa.schema(
        [
            (name, pa.list_(pa.string()) if name in plain.LISTS else kinds.get(name, pa.string()))
            for name in plain.COLUMNS
        ]
    )
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the response
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        batch: list[dict[str, Any]] = []
        for line in _lines(ids):
            batch.append(line)
            if len(batch) == BATCH:
                writer.write_table(pa.Table.from_pylist(batch, schema=schema))
                batch = []
        writer.write_table(pa.Table.from_pylist(batch, schema=schema))
    file.seek(0)
    return file


def _dcat(request: HttpRequest, query: ResourceQuery, extension: str) -> HttpResponseBase:
    rows = published.in_order().filter(documents.described()).values_list("pk", flat=True)
    asked = request.GET.copy()
    asked.pop("page", None)
    base = f"{published.root()}/exports/ressources.{extension}"
    base += f"?{asked.urlencode()}" if asked else ""
    if not query.q and not query.is_filtered:
        return documents.paged(request, rows, extension, base=base)
    described = set(rows)
    known = [pk for pk in _ids(query) if pk in described]
    return documents.paged(request, known, extension, base=base)
