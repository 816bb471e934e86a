"""Read Parquet after its footer was checked; extension types are refused, never loaded."""

import base64
import binascii
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from challenges.scoring.answer import AnswerSpec, Column, Limits
from challenges.scoring.predictions import footer, hints
from challenges.scoring.predictions.faults import Reporter, listed, neutral
from challenges.scoring.predictions.formats import human_bytes

FOOTER_BYTES = 12
BATCH = 65536
FEW_GROUPS, MOST_GROUPS = 1000, 20_000


def read_table(data: bytes, spec: AnswerSpec, report: Reporter, limits: Limits) -> pa.Table:
    """Check the footer, then read the needed columns, in the order of the specification.

    Texts come dictionary-encoded or plain. Raises Refused.
    """
    _require_whole(data, report)
    _check_claims(data, report, limits)
    try:
        metadata = pq.read_metadata(pa.BufferReader(data))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise report.refuse("E_PARQUET_CORRUPT") from error
    _check_footer(metadata, spec, report, limits)
    texts = [c.name for c in spec.columns if not c.is_number and c.role not in ("id", "query")]
    try:
        file = pq.ParquetFile(
            pa.BufferReader(data), read_dictionary=texts, arrow_extensions_enabled=False
        )
        table = file.read(columns=[c.name for c in spec.columns], use_threads=False)
        table.validate(full=True)
    except (MemoryError, pa.ArrowMemoryError) as error:
        raise _bomb(report, limits) from error
    except (pa.ArrowException, OSError, ValueError) as error:
        raise report.refuse("E_PARQUET_CORRUPT") from error
    for column in spec.columns:
        _check_type(table.schema.field(column.name).type, column, report)
    return table


def rows(table: pa.Table, spec: AnswerSpec) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Yield (row number from 1, cells in the order key, …, answer)."""
    names = [column.name for column in spec.read_columns]
    line = 0
    for batch in table.select(names).to_batches(max_chunksize=BATCH):
        columns = [_cells(batch.column(i)) for i in range(len(names))]
        for cells in zip(*columns, strict=True):
            line += 1
            yield line, cells


def longest_cell(table: pa.Table, column: Column, limit: int) -> int | None:
    """Return the first row, from 1, whose text is over a limit in bytes."""
    at = 0
    for chunk in table.column(column.name).chunks:
        values = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
        lengths = pc.binary_length(values)
        if len(values) and (pc.max(lengths).as_py() or 0) > limit:
            for offset, cell in enumerate(chunk.to_pylist()):
                if cell is not None and len(cell.encode()) > limit:
                    return at + offset + 1
        at += len(chunk)
    return None


def _cells(array: Any) -> list[Any]:
    if pa.types.is_decimal(array.type):
        return [None if v is None else float(v) for v in array.to_pylist()]
    cells: list[Any] = array.to_pylist()
    return cells


def _require_whole(data: bytes, report: Reporter) -> None:
    if data[-4:] == b"PARE":
        raise report.refuse("E_PARQUET_ENCRYPTED")
    footer = int.from_bytes(data[-8:-4], "little")
    if len(data) < FOOTER_BYTES or data[-4:] != b"PAR1" or footer > len(data) - FOOTER_BYTES:
        raise report.refuse("E_PARQUET_CORRUPT")


def _check_claims(data: bytes, report: Reporter, limits: Limits) -> None:
    """Refuse a footer that would take long to build; a row group has a row at least."""
    claims = footer.peek(data, limits.max_columns + 1)
    if (claims.elements or 0) > limits.max_columns + 1:
        raise report.refuse("E_TOO_MANY_COLUMNS", max=limits.max_columns)
    if (claims.groups or 0) > min(MOST_GROUPS, max(FEW_GROUPS, limits.max_rows)):
        raise report.refuse("E_TOO_MANY_ROWS")


def _check_footer(metadata: Any, spec: AnswerSpec, report: Reporter, limits: Limits) -> None:
    if metadata.num_columns > limits.max_columns:
        raise report.refuse("E_TOO_MANY_COLUMNS", max=limits.max_columns)
    schema = [metadata.schema.column(i) for i in range(metadata.num_columns)]
    _refuse_extensions(metadata, spec, report)
    roots = [c.path.split(".")[0] for c in schema]
    _require_columns(roots, spec, report)
    for leaf, root in zip(schema, roots, strict=True):
        if leaf.max_repetition_level or leaf.path != root:
            raise report.refuse("E_PARQUET_NESTED", colonne=neutral(root))
    if metadata.num_rows > limits.max_rows:
        raise report.refuse("E_TOO_MANY_ROWS")
    if metadata.num_rows == 0:
        raise report.refuse("E_NO_ROWS")
    if not _is_even(metadata):
        raise report.refuse("E_PARQUET_CORRUPT")
    if _inflated(metadata) > limits.max_uncompressed_bytes:
        raise _bomb(report, limits)


def _is_even(metadata: Any) -> bool:
    """Tell whether each group has every flat column, with as many values as it has rows."""
    groups = [metadata.row_group(g) for g in range(metadata.num_row_groups)]
    return all(
        group.num_columns == metadata.num_columns
        and all(group.column(c).num_values == group.num_rows for c in range(metadata.num_columns))
        for group in groups
    )


def _inflated(metadata: Any) -> int:
    return sum(
        max(0, metadata.row_group(g).column(c).total_uncompressed_size)
        for g in range(metadata.num_row_groups)
        for c in range(metadata.num_columns)
    )


def _refuse_extensions(metadata: Any, spec: AnswerSpec, report: Reporter) -> None:
    encoded = (metadata.metadata or {}).get(b"ARROW:schema")
    if not encoded:
        return
    try:
        schema = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise report.refuse("E_PARQUET_CORRUPT") from error
    if b"ARROW:extension:" in schema:
        raise report.refuse("E_PARQUET_EXTENSION", colonne=spec.answer.name)


def _require_columns(names: list[str], spec: AnswerSpec, report: Reporter) -> None:
    needed = [c.name for c in spec.columns]
    for name in needed:
        if names.count(name) > 1:
            raise report.refuse("E_COLUMN_DUPLICATE", colonne=neutral(name))
        if name not in names:
            facts = listed(names[:10]) | hints.of_column(name, names)
            raise report.refuse("E_COLUMN_MISSING", colonne=name, **facts)
    extra = [n for n in dict.fromkeys(names) if n not in needed]
    report.warn_extra(extra)


def _check_type(found: Any, column: Column, report: Reporter) -> None:
    value = found.value_type if pa.types.is_dictionary(found) else found
    types = pa.types
    if column.is_number:
        good = types.is_integer(value) or types.is_floating(value) or types.is_decimal(value)
        expected, variant = "nombre", "number"
    else:
        good = types.is_string(value) or types.is_large_string(value) or types.is_string_view(value)
        expected, variant = "texte", "text"
    if good:
        return
    lost = column.role in ("id", "query") and types.is_integer(value)
    hint: dict[str, Any] = {"hint": "H_LEADING_ZEROS"} if lost else {}
    facts: dict[str, Any] = {"colonne": column.name, "trouve": str(value), "attendu": expected}
    raise report.refuse("E_COLUMN_TYPE", variant=variant, **facts, **hint)


def _bomb(report: Reporter, limits: Limits) -> Exception:
    return report.refuse("E_PARQUET_BOMB", **human_bytes(limits.max_uncompressed_bytes))
