"""Read Parquet after its footer was checked; extension types are refused, never loaded.

The footer is a Thrift struct, compact protocol: three of its facts are read before any library
builds what it claims."""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from challenges.scoring import arrays, verdict
from challenges.scoring.arrays import Words
from challenges.scoring.contract import AnswerSpec, FileColumn, Limits
from challenges.scoring.predictions.fast import Doubt
from challenges.scoring.predictions.files import human_bytes
from challenges.scoring.verdict import Reporter, neutral

SCHEMA, GROUPS = 2, 4  # fields of FileMetaData; 1 and 3 are its version and its rows
TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
NUMBERS = (I16, I32, I64)
MAX_DEPTH = 8


class Unreadable(ValueError):
    """Say that the footer is not what it should be; a library decides what to answer."""


@dataclass(frozen=True)
class Claims:
    """Hold what a footer claims: elements of its schema, row groups; None when not reached."""

    elements: int | None
    groups: int | None


def footer_claims(data: bytes, most_elements: int) -> Claims:
    """Read the claims of a whole Parquet file, and nothing past a schema that is too long.

    data: ends with the length of its footer and its magic bytes. Never raises.
    """
    start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    elements: int | None = None
    try:
        cursor = _Cursor(data, start)
        last = 0
        while (field := cursor.field(last)) is not None:
            last, kind = field
            if last == SCHEMA and kind == LIST:
                of, elements = cursor.list_head()
                if elements > most_elements:
                    return Claims(elements, None)
                cursor.skip_items(of, elements)
            elif last == GROUPS and kind == LIST:
                return Claims(elements, cursor.list_head()[1])
            else:
                cursor.skip(kind)
    except (Unreadable, IndexError):
        pass
    return Claims(elements, None)


class _Cursor:
    """Walk through compact Thrift."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def byte(self) -> int:
        value = self.data[self.at]
        self.at += 1
        return value

    def varint(self) -> int:
        value = shift = 0
        while shift < 70:
            read = self.byte()
            value |= (read & 0x7F) << shift
            if not read & 0x80:
                return value
            shift += 7
        raise Unreadable("a number is too long")

    def field(self, last: int) -> tuple[int, int] | None:
        """Return the number and the kind of the next field, None at the end of the struct."""
        head = self.byte()
        if head == 0:
            return None
        kind, step = head & 0x0F, head >> 4
        if step:
            return last + step, kind
        number = self.varint()
        return (number >> 1) ^ -(number & 1), kind

    def list_head(self) -> tuple[int, int]:
        """Return the kind and the claimed number of the items of a list."""
        head = self.byte()
        size = head >> 4
        return head & 0x0F, self.varint() if size == 15 else size

    def skip(self, kind: int, depth: int = 0) -> None:
        """Step over a value; raises Unreadable, IndexError at the end of the bytes."""
        if depth > MAX_DEPTH:
            raise Unreadable("nested too deep")
        if kind in NUMBERS:
            self.varint()
        elif kind == BYTE:
            self.at += 1
        elif kind == DOUBLE:
            self.at += 8
        elif kind == BINARY:
            size = self.varint()
            self.at += size
        elif kind in (LIST, SET):
            self.skip_items(*self.list_head(), depth)
        elif kind == STRUCT:
            last = 0
            while (found := self.field(last)) is not None:
                last = found[0]
                self.skip(found[1], depth + 1)
        elif kind not in (TRUE, FALSE):
            raise Unreadable("an unknown kind")

    def skip_items(self, kind: int, count: int, depth: int = 0) -> None:
        """Step over the items of a list."""
        if count > len(self.data):
            raise Unreadable("more items than bytes")
        for _ in range(count):
            self.skip(BYTE if kind in (TRUE, FALSE) else kind, depth + 1)
            if self.at > len(self.data):
                raise Unreadable("past the end")


Array = NDArray[Any]
ROWS = 2**15
ALIASES = {"double": "float64", "float": "float32", "halffloat": "float16"}


def pieces(table: pa.Table, spec: AnswerSpec) -> list["ArrowCells"]:
    """Cut the needed columns of a table into pieces of rows, in their order."""
    names = [column.name for column in spec.read_columns]
    batches = table.select(names).to_batches(max_chunksize=ROWS)
    return [ArrowCells(batch) for batch in batches if batch.num_rows]


class ArrowCells:
    """Give the cells of a record batch."""

    def __init__(self, batch: Any) -> None:
        self._batch = batch

    def __len__(self) -> int:
        return int(self._batch.num_rows)

    def bounds(self, column: str) -> tuple[int, int]:
        """Return the least and the greatest length in bytes of the cells of a column of text."""
        length = _spans(self._values(column))[1]
        return int(length.min()), int(length.max())

    def words(self, column: str, count: int) -> Words:
        """Return a column of text as rows of words (count, rows)."""
        array = self._array(column)
        values = self._values(column)
        start, length = _spans(values)
        low, high = int(start[0]), int(start[-1] + length[-1])
        data = np.frombuffer(values.buffers()[2] or b"", np.uint8)[low:high]
        laid = arrays.words_of(arrays.padded(data), start - low, length, count)
        if pa.types.is_dictionary(array.type):
            return laid.take(_buffer_of(array.indices).astype(np.int64), axis=1)
        return laid

    def numbers(self, column: FileColumn) -> Array:
        """Return a column of numbers; raises Doubt at an absent one."""
        array = self._array(column.name)
        if pa.types.is_decimal(array.type):
            return np.array([float(value) for value in array.to_pylist()], np.float64)
        if pa.types.is_dictionary(array.type):
            raise Doubt
        return _buffer_of(array).astype(np.float64) + 0.0

    def _array(self, column: str) -> Any:
        array = self._batch.column(column)
        if array.null_count:
            raise Doubt
        return array

    def _values(self, column: str) -> Any:
        """Return the texts of a column, once each when it has a dictionary."""
        array = self._array(column)
        if not pa.types.is_dictionary(array.type):
            return array
        if array.dictionary.null_count or not len(array.dictionary):
            raise Doubt
        return array.dictionary


def _spans(texts: Any) -> tuple[arrays.Ints, arrays.Ints]:
    """Return where each text starts in its buffer, and its length, in bytes."""
    kind = {pa.string(): np.int32, pa.large_string(): np.int64}.get(texts.type)
    if kind is None:
        raise Doubt
    offsets = np.frombuffer(texts.buffers()[1], kind)
    offsets = offsets[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    return offsets[:-1], np.diff(offsets)


def _buffer_of(array: Any) -> Array:
    kind = np.dtype(ALIASES.get(str(array.type), str(array.type)))
    found = np.frombuffer(array.buffers()[1], kind)
    return found[array.offset : array.offset + len(array)]


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
        columns = [_plain_cells(batch.column(i)) for i in range(len(names))]
        for cells in zip(*columns, strict=True):
            line += 1
            yield line, cells


def longest_cell(table: pa.Table, column: FileColumn, limit: int) -> int | None:
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


def _plain_cells(array: Any) -> list[Any]:
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
    claims = footer_claims(data, limits.max_columns + 1)
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
    missing = [name for name in needed if name not in names]
    if missing:
        raise report.refuse("E_COLUMN_MISSING", **verdict.absent_columns(missing, names))
    extra = [n for n in dict.fromkeys(names) if n not in needed]
    report.warn_extra(extra)


def _check_type(found: Any, column: FileColumn, report: Reporter) -> None:
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
