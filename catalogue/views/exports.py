"""Exports of the public catalogue and of any result list: CSV, JSON, Parquet, DCAT-AP."""

import csv
import io
import json
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import IO, Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalogue.filters import pace
from catalogue.queries import lines, published
from catalogue.search import engine
from catalogue.search.engines.database import DatabaseEngine
from catalogue.search.query import MAX_DEPTH, ResourceQuery, Sort
from catalogue.standards import plain
from catalogue.views import documents
from portal.lib.files import csv_safe
from portal.lib.refusals import TooLarge

BATCH = 1_000
IN_MEMORY_BYTES = 1_000_000  # larger files are on the disk
BLOCK_BYTES = 65_536
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
}
BOM = "\ufeff"
NAME = "open-emploi-ressources"


@login_not_required
@require_safe
def resources(request: HttpRequest, extension: str) -> HttpResponseBase:
    """Export the resources that answer a query, or all of them when nothing is asked."""
    query = ResourceQuery.parse(request.GET)
    if extension in MEDIA_TYPES:
        if query.q or query.is_filtered:
            return pace.exporting(request, lambda: _found(query, extension))
        return pace.exporting(request, lambda: _whole(request, extension))
    pace.keep_search_pace(request)
    return _dcat(request, query, extension)


def _whole(request: HttpRequest, extension: str) -> StreamingHttpResponse:
    """Send the whole catalogue as it is written, each lot from what is public at that moment.

    The first lot is written before anything is sent: who may not have it now is told.
    """
    total = published.in_order().count()
    outlet = Outlet()
    pieces = (outlet.taken() for _rows in WRITERS[extension](outlet, lines.batches(BATCH)))
    content = chain([next(pieces)], pieces) if request.method == "GET" else iter(())
    return _named(StreamingHttpResponse(content), extension, total)


def _found(query: ResourceQuery, extension: str) -> StreamingHttpResponse:
    """Write all that a query finds before its first byte leaves."""
    # Closed with the response.
    file: Any = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115
    total = 0
    try:
        for rows in WRITERS[extension](file, _batches(query)):
            total += rows
            _keep_size(file)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    response = FileResponse(file)
    response.block_size = BLOCK_BYTES
    return _named(response, extension, total)


def _named(response: StreamingHttpResponse, extension: str, total: int) -> StreamingHttpResponse:
    response["Content-Type"] = MEDIA_TYPES[extension]
    response["Content-Disposition"] = f'attachment; filename="{NAME}.{extension}"'
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["X-Total-Count"] = str(total)
    return response


def _batches(query: ResourceQuery) -> Iterator[list[dict[str, Any]]]:
    """Describe all that a query finds, by batches: for each result, eight bytes and no more."""
    ids = _ids(query)
    for start in range(0, len(ids), BATCH):
        yield lines.of(lines.named(ids[start : start + BATCH]))


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


class Outlet(io.RawIOBase):
    """A file that is taken away as it is written."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        """Say that it is written."""
        return True

    def write(self, content: Any) -> int:
        """Add some bytes; what is written is not read again."""
        self._pieces.append(bytes(content))
        self._size += len(self._pieces[-1])
        return len(self._pieces[-1])

    def tell(self) -> int:
        """Count what was written, taken away or not."""
        return self._size

    def taken(self) -> bytes:
        """Take away what was written since the last time."""
        found, self._pieces = b"".join(self._pieces), []
        return found


# Each writes lots into a file, and gives the number of their lines as soon as they are there.
Batches = Iterable[list[dict[str, Any]]]


def _csv(file: Any, batches: Batches) -> Iterator[int]:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    text.write(BOM)
    writer.writerow(plain.COLUMNS)
    for rows in batches:
        writer.writerows([csv_safe(cell) for cell in plain.cells(line)] for line in rows)
        yield len(rows)
    text.detach()
    yield 0


def _json(file: Any, batches: Batches) -> Iterator[int]:
    total = 0
    file.write(b'{"resources": [')
    for rows in batches:
        told = [json.dumps(line, ensure_ascii=False) for line in rows]
        file.write(((",\n" if total else "\n") + ",\n".join(told)).encode())
        total += len(rows)
        yield len(rows)
    file.write(f'\n], "total": {total}}}\n'.encode())
    yield 0


def _parquet(file: Any, batches: Batches) -> Iterator[int]:
    import pyarrow as pa  # noqa: PLC0415  # slow import
    import pyarrow.parquet as pq  # noqa: PLC0415  # slow import

    kinds = {"archived": pa.bool_(), "referenced": pa.bool_(), "quality": pa.int16()}
    schema = pa.schema(
        [
            (name, pa.list_(pa.string()) if name in plain.LISTS else kinds.get(name, pa.string()))
            for name in plain.COLUMNS
        ]
    )
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for rows in batches:
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
            yield len(rows)
    yield 0


def _keep_size(file: IO[bytes]) -> None:
    most = settings.EXPORT_MOST_BYTES
    if file.tell() > most:
        raise TooLarge(
            _("Cet export est trop gros pour être préparé : affinez la recherche."),
            limit_bytes=most,
        )


WRITERS = {"csv": _csv, "json": _json, "parquet": _parquet}


def _dcat(request: HttpRequest, query: ResourceQuery, extension: str) -> HttpResponseBase:
    asked = request.GET.copy()
    asked.pop("page", None)
    base = f"{published.root()}/exports/ressources.{extension}"
    base += f"?{asked.urlencode()}" if asked else ""
    if not query.q and not query.is_filtered:
        return documents.paged(request, documents.whole(), extension, base=base)
    known = documents.listed(_described(_ids(query)))
    return documents.paged(request, known, extension, base=base)


def _described(ids: "array[int]") -> list[int]:
    """Keep what DCAT-AP has a word for, in its order."""
    rows = published.in_order().filter(documents.described())
    known = set(rows.values_list("pk", flat=True))
    return [pk for pk in ids if pk in known]
