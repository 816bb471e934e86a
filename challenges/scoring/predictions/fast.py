"""Read large files with polars; at the least doubt give up, and the exact reader decides.

Everything read here is valid: None means that a row, a cell or an identifier is unusual, and
never that the file is refused.
"""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from challenges.scoring.answer import AnswerSpec, Column, ColumnType, Limits
from challenges.scoring.predictions.align import Answer
from challenges.scoring.predictions.text import Header
from challenges.scoring.truth import Keys

FLOAT = r"^ *[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)? *$"
INTEGER = r"^ *[+-]?[0-9]+(\.0*)? *$"
Array = NDArray[Any]


def read_csv(
    data: bytes, header: Header, spec: AnswerSpec, keys: Keys, limits: Limits
) -> Answer | None:
    """Read CSV bytes whose encoding and header were checked; None when in doubt."""
    if b'"' in data or header.line > 1:
        return None
    data = data.replace(b"\r\n", b"\n")
    if b"\n\n" in data:
        return None
    names = [f"c{i}" for i in range(len(header.names))]
    try:
        frame = pl.read_csv(
            data,
            has_header=False,
            separator=header.delimiter,
            quote_char=None,
            skip_lines=header.line,
            schema=dict.fromkeys(names, pl.String),
            empty_string_is_null=False,
        )
    except pl.exceptions.PolarsError:
        return None
    if not _is_regular(frame, data, header, limits):
        return None
    at = {c.role: names[header.position(c.name)] for c in spec.columns}
    return _answer(frame.select(**{role: pl.col(name) for role, name in at.items()}), spec, keys)


def read_table(table: Any, spec: AnswerSpec, keys: Keys) -> Answer | None:
    """Read an Arrow table whose types were checked; None when in doubt."""
    roles = {c.name: c.role for c in spec.columns}
    frame = pl.from_arrow(table)
    if not isinstance(frame, pl.DataFrame):
        return None
    texts = [c.name for c in spec.columns if not c.is_number]
    frame = frame.with_columns(pl.col(texts).cast(pl.String))
    if sum(frame.null_count().row(0)):
        return None
    return _answer(frame.rename(roles), spec, keys)


def _is_regular(frame: pl.DataFrame, data: bytes, header: Header, limits: Limits) -> bool:
    """Tell whether each row has every field and no cell is over its limit."""
    if not 0 < frame.height <= limits.max_rows:
        return False
    delimiters = data.count(header.delimiter.encode(), data.index(b"\n"))
    if delimiters != frame.height * (frame.width - 1):
        return False
    lengths = frame.select(pl.all().str.len_bytes().max()).row(0)
    return max(int(length or 0) for length in lengths) <= limits.max_cell_bytes


def _answer(frame: pl.DataFrame, spec: AnswerSpec, keys: Keys) -> Answer | None:
    if spec.answer.type is ColumnType.LABEL_SET or spec.answer.pattern:
        return None
    key = "query" if spec.is_ranked else "id"
    position = _positions(frame[key], keys)
    if position is None:
        return None
    found = _values(frame["item" if spec.is_ranked else "target"], spec.answer)
    if found is None:
        return None
    values, texts = found
    if spec.is_ranked:
        return _lists(frame["rank"], position, values, texts, spec, len(keys))
    if len(position) != len(keys) or len(np.unique(position)) != len(keys):
        return None
    if spec.answer.max_distinct and len(np.unique(values)) > spec.answer.max_distinct:
        return None
    laid = np.empty_like(values)
    laid[position] = values
    return Answer(laid, texts)


def _positions(ids: pl.Series, keys: Keys) -> Array | None:
    known = pl.Series("key", [keys.text]).str.split("\n").explode()
    if len(ids) == len(known) and bool((ids == known).all()):
        return np.arange(len(known))
    index = pl.DataFrame({"key": known}).with_row_index("at")
    found = ids.rename("key").to_frame().join(index, on="key", how="left", maintain_order="left")
    at = found["at"]
    return None if at.null_count() else at.to_numpy().astype(np.int64)


def _values(cells: pl.Series, column: Column) -> tuple[Array, list[str]] | None:
    if column.is_number:
        numbers = _numbers(cells, column)
        return None if numbers is None else (numbers, [])
    texts = sorted(cells.unique().to_list()) if column.domain is None else list(column.domain)
    codes = cells.cast(pl.Enum(texts), strict=False)
    if codes.null_count() or "" in texts:
        return None
    return codes.to_physical().to_numpy().astype(np.int32), texts


def _numbers(cells: pl.Series, column: Column) -> Array | None:
    if cells.dtype == pl.String:
        grammar = INTEGER if column.type is ColumnType.INTEGER else FLOAT
        if not bool(cells.str.contains(grammar).all()):
            return None
        cells = cells.str.strip_chars(" ").str.strip_prefix("+").cast(pl.Float64, strict=False)
    numbers = cells.cast(pl.Float64, strict=False)
    if numbers.null_count():
        return None
    found = numbers.to_numpy() + 0.0
    if not np.isfinite(found).all() or not _within(found, column):
        return None
    if column.type is ColumnType.INTEGER and (found != np.floor(found)).any():
        return None
    return found


def _within(numbers: Array, column: Column) -> bool:
    low = -np.inf if column.min is None else column.min
    high = np.inf if column.max is None else column.max
    return bool((numbers >= low).all() and (numbers <= high).all())


def _lists(
    ranks: pl.Series, query: Array, items: Array, texts: list[str], spec: AnswerSpec, n: int
) -> Answer | None:
    column = spec.column("rank")
    bounded = Column(
        column.name, "rank", ColumnType.INTEGER, max(1, column.min or 1), spec.list_length
    )
    rank = _numbers(ranks, bounded)
    if rank is None:
        return None
    rank = rank.astype(np.int64)
    count = len(query)
    if len(np.unique(query * (spec.list_length + 1) + rank)) != count:
        return None
    if len(np.unique(query * max(len(texts), 1) + items)) != count:
        return None
    if spec.all_queries_required and len(np.unique(query)) != n:
        return None
    order = np.lexsort((rank, query))
    sizes = np.bincount(query, minlength=n)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return Answer(items[order], texts, offsets, rank[order].astype(np.int32))
