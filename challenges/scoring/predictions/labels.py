"""Give labels their codes: those of the nomenclature, or a new one to each new text."""

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import words
from challenges.scoring.answer import Column
from challenges.scoring.lookup import Lookup
from challenges.scoring.predictions.cells import Cells, Doubt

Array = NDArray[Any]
SEED_TEXTS = 4096


class Codes:
    """Hold the texts met so far and their codes; blocks may ask from several threads."""

    def __init__(self, column: Column) -> None:
        self._column = column
        self._lock = threading.Lock()
        self._code: dict[bytes, int] = {}
        for text in column.domain or ():
            self._code.setdefault(text.encode(), len(self._code))
        if len(self._code) != len(column.domain or ()):
            raise Doubt
        self._lookup: Lookup | None = None
        if column.domain is not None:
            self._learn()

    def of(self, cells: Cells) -> Array:
        """Return the code of each label, (rows,) int32; raises Doubt at one that is unusual."""
        shortest, longest = cells.bounds(self._column.name)
        if not shortest:
            raise Doubt
        laid = cells.words(self._column.name, words.count_of(longest))
        found = np.full(len(cells), -1, np.int32) if self._lookup is None else self._find(laid)
        missed = np.flatnonzero(found < 0)
        if len(missed):
            found[missed] = self._new(laid[:, missed])
        return found

    def sorted(self) -> tuple[list[str], Array | None]:
        """Return the texts in an order of their own, and the place of each code in it."""
        if self._column.domain is not None:
            return list(self._column.domain), None
        texts = [text.decode() for text in self._code]
        order = sorted(range(len(texts)), key=texts.__getitem__)
        place = np.empty(len(texts), np.int32)
        place[order] = np.arange(len(texts), dtype=np.int32)
        return [texts[i] for i in order], place

    def _find(self, laid: words.Words) -> Array:
        assert self._lookup is not None  # noqa: S101 (asked only then)
        return self._lookup.find(laid)

    def _new(self, laid: words.Words) -> Array:
        if self._column.domain is not None:
            raise Doubt
        texts = np.ascontiguousarray(laid.T).view(f"S{8 * len(laid)}").ravel()
        if len(laid) == 1:
            values, inverse = np.unique(laid[0], return_inverse=True)
            values = values.view("S8")
        else:
            values, inverse = np.unique(texts, return_inverse=True)
        with self._lock:
            codes = [self._code.setdefault(text, len(self._code)) for text in values.tolist()]
            if self._lookup is None and len(self._code) <= SEED_TEXTS:
                self._learn()
        return np.array(codes, np.int32)[inverse]

    def _learn(self) -> None:
        self._lookup = Lookup.of(words.of_texts(list(self._code)))
