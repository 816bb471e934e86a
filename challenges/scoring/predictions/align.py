"""Lay an answer along the canonical order of the identifiers, as arrays."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.answer import AnswerSpec, ColumnType
from challenges.scoring.arrays import blob

Array = NDArray[Any]


@dataclass(frozen=True)
class Answer:
    """Hold an accepted answer in canonical order.

    p: (n,) float64 numbers or int32 codes into texts, (n, m) float64 for several numbers of
    one row; for lists, codes laid end to end with
    offsets (n + 1) int64 and, for ranked lists, ranks int32 in increasing order per query; for
    candidates, in order of code per query, scores float64.
    """

    p: Array
    texts: list[str]
    offsets: Array | None = None
    ranks: Array | None = None
    scores: Array | None = None

    def pieces(self) -> list[blob.Data]:
        """Return what to_bytes joins, without a copy of the arrays."""
        named = {"p": self.p}
        if self.offsets is not None:
            named["offsets"] = self.offsets
        if self.ranks is not None:
            named["ranks"] = self.ranks
        if self.scores is not None:
            named["scores"] = self.scores
        return blob.pieces({"kind": "answer", "texts": self.texts}, named)

    def to_bytes(self) -> bytes:
        """Write the answer as one byte string."""
        return b"".join(self.pieces())

    @classmethod
    def from_bytes(cls, data: blob.Data) -> "Answer":
        """Read what to_bytes wrote; raises BlobFault."""
        meta, named = blob.unpack(data)
        if meta.get("kind") != "answer" or "p" not in named:
            raise blob.BlobFault("not an answer")
        more = (named.get(name) for name in ("offsets", "ranks", "scores"))
        return cls(named["p"], meta["texts"], *more)

    @property
    def digest(self) -> str:
        """Return the sha256 of the aligned answer: copies in any form or order share it."""
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()

    @property
    def is_constant(self) -> bool:
        """Tell whether every identifier has the same answer, or every candidate one score."""
        if self.scores is not None:
            return len(self.scores) > 1 and bool((self.scores == self.scores[0]).all())
        if self.offsets is None:
            return len(self.p) > 1 and bool((self.p == self.p[0]).all())
        sizes = np.diff(self.offsets)
        if len(sizes) < 2 or not (sizes == sizes[0]).all():
            return False
        rows = self.p.reshape(len(sizes), -1)
        return bool((rows == rows[0]).all())


def from_values(spec: AnswerSpec, values: Mapping[int, Any], texts: Mapping[str, int]) -> Answer:
    """Lay checked values along positions 0 to n − 1, all present."""
    column = spec.answer
    ordered = [values[i] for i in range(len(values))]
    if column.type is ColumnType.LABEL_SET:
        lists = [_flat(ordered)]
        names, order = sorted_texts(spec, texts)
        flat = order[np.array(lists[0], np.int64)] if lists[0] else np.zeros(0, np.int32)
        offsets = _offsets([len(v) for v in ordered])
        return Answer(_sort_within(flat.astype(np.int32), offsets), names, offsets)
    if column.is_number:
        return Answer(np.array(ordered, np.float64), [])
    names, order = sorted_texts(spec, texts)
    return Answer(order[np.array(ordered, np.int64)].astype(np.int32), names)


def from_numbers(spec: AnswerSpec, values: Mapping[int, Sequence[float]]) -> Answer:
    """Lay checked rows of several numbers along positions 0 to n − 1, all present."""
    ordered = [values[i] for i in range(len(values))]
    return Answer(np.array(ordered, np.float64).reshape(-1, len(spec.answers)), [])


def from_lists(
    spec: AnswerSpec, lists: Mapping[int, Mapping[int, int]], n: int, texts: Mapping[str, int]
) -> Answer:
    """Lay checked ranked lists along the n queries, an absent one being empty."""
    names, order = sorted_texts(spec, texts)
    rows = [sorted(lists.get(i, {}).items()) for i in range(n)]
    codes = np.array([code for row in rows for _, code in row], np.int64)
    flat = order[codes] if len(codes) else np.zeros(0, np.int32)
    ranks = np.array([rank for row in rows for rank, _ in row], np.int32)
    return Answer(flat.astype(np.int32), names, _offsets([len(r) for r in rows]), ranks)


def sorted_texts(spec: AnswerSpec, texts: Mapping[str, int]) -> tuple[list[str], Array]:
    """Return the labels in an order that does not depend on the file, and old code → new."""
    domain = spec.labelled.domain
    if domain is not None:
        return list(domain), np.arange(len(domain), dtype=np.int32)
    names = sorted(texts)
    order = np.zeros(len(names), np.int32)
    for new, name in enumerate(names):
        order[texts[name]] = new
    return names, order


def _flat(lists: Sequence[list[int]]) -> list[int]:
    return [code for codes in lists for code in codes]


def _offsets(sizes: Sequence[int]) -> Array:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _sort_within(flat: Array, offsets: Array) -> Array:
    unit = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    return np.asarray(flat[np.lexsort((flat, unit))], np.int32)
