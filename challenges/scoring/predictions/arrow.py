"""Give the cells of an Arrow table, some rows at a time, without a copy of each text."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from challenges.scoring import words
from challenges.scoring.answer import AnswerSpec, Column
from challenges.scoring.predictions.cells import Doubt
from challenges.scoring.words import Words

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
        laid = words.rows(words.padded(data), start - low, length, count)
        if pa.types.is_dictionary(array.type):
            return laid.take(_plain(array.indices).astype(np.int64), axis=1)
        return laid

    def numbers(self, column: Column) -> Array:
        """Return a column of numbers; raises Doubt at an absent one."""
        array = self._array(column.name)
        if pa.types.is_decimal(array.type):
            return np.array([float(value) for value in array.to_pylist()], np.float64)
        if pa.types.is_dictionary(array.type):
            raise Doubt
        return _plain(array).astype(np.float64) + 0.0

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


def _spans(texts: Any) -> tuple[words.Ints, words.Ints]:
    """Return where each text starts in its buffer, and its length, in bytes."""
    kind = {pa.string(): np.int32, pa.large_string(): np.int64}.get(texts.type)
    if kind is None:
        raise Doubt
    offsets = np.frombuffer(texts.buffers()[1], kind)
    offsets = offsets[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    return offsets[:-1], np.diff(offsets)


def _plain(array: Any) -> Array:
    kind = np.dtype(ALIASES.get(str(array.type), str(array.type)))
    found = np.frombuffer(array.buffers()[1], kind)
    return found[array.offset : array.offset + len(array)]
