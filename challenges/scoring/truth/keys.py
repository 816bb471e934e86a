"""Hold the identifiers of a truth in canonical order: public, without a label."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import blob
from challenges.scoring.truth.faults import TruthFault


@dataclass(frozen=True)
class Keys:
    """Hold the identifiers (or queries) in canonical order, as lines of one text.

    listed: the candidates of each query, as lines in the order of the queries, and how many
    each has; None where the candidates are free.
    """

    text: str
    count: int
    listed: tuple[str, tuple[int, ...]] | None = None

    def __len__(self) -> int:
        return self.count

    @cached_property
    def ids(self) -> list[str]:
        """Return the identifiers."""
        return self.text.split("\n")

    @cached_property
    def candidates(self) -> list[list[str]]:
        """Return the candidates of each query, none where they are free."""
        if self.listed is None:
            return []
        lines, sizes = iter(self.listed[0].split("\n")), self.listed[1]
        return [list(itertools.islice(lines, size)) for size in sizes]

    @cached_property
    def positions(self) -> dict[str, int]:
        """Return the position of each identifier."""
        return {name: i for i, name in enumerate(self.ids)}


def keys_of(ids: Sequence[str], candidates: Sequence[Sequence[str]] | None = None) -> bytes:
    """Write identifiers, in their canonical order, as keys.

    candidates: those of each identifier, when each of them must have a score.
    """
    arrays = {"text": _lines(ids)}
    if candidates is not None:
        arrays["candidates"] = _lines([name for row in candidates for name in row])
        arrays["sizes"] = np.array([len(row) for row in candidates], np.int32)
    return blob.pack({"kind": "keys", "count": len(ids)}, arrays)


def _lines(names: Sequence[str]) -> NDArray[Any]:
    text = "\n".join(names)
    if text.count("\n") != max(len(names) - 1, 0):
        raise TruthFault("E_IDS", "un identifiant contient une fin de ligne")
    return np.frombuffer(text.encode(), np.uint8)


def load_keys(data: bytes) -> Keys:
    """Read the keys of a compiled truth."""
    meta, arrays = blob.unpack(data)
    if meta.get("kind") != "keys":
        raise blob.BlobFault("not keys")
    listed = None
    if "candidates" in arrays:
        listed = (arrays["candidates"].tobytes().decode(), tuple(arrays["sizes"].tolist()))
    return Keys(arrays["text"].tobytes().decode(), int(meta["count"]), listed)
