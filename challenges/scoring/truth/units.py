"""Put the units of a truth (rows, queries, documents) in canonical order."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import words
from challenges.scoring.truth.faults import TruthFault
from challenges.scoring.truth.table import Table
from challenges.scoring.words import Words

Array = NDArray[Any]
BLOCK_BYTES = 64


@dataclass(frozen=True)
class Units:
    """Hold units in canonical order, and the rows of the table each is made of.

    names: words (count, n) of their identifiers. rows: rows of the table, unit by unit, in the
    order of the file within each. offsets: (n + 1,) int64, where the rows of each start.
    """

    names: Words
    rows: Array
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def first(self) -> Array:
        """Return the first row of each unit."""
        return np.asarray(self.rows[self.offsets[:-1]])

    @property
    def of_rows(self) -> Array:
        """Return the unit of each of rows."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    @classmethod
    def of(cls, table: Table, key: str, salt: bytes, *, repeated: bool) -> "Units":
        """Group the rows of a table by a column; raises TruthFault E_IDS.

        repeated: a unit may have several rows.
        """
        known, place = words.distinct(table.words(key))
        if not known.any(0).all():
            raise TruthFault("E_IDS", "identifiant vide")
        sizes = np.bincount(place, minlength=known.shape[1])
        twice = np.flatnonzero(sizes > 1)
        if len(twice) and not repeated:
            raise TruthFault("E_IDS", words.to_texts(known[:, twice[:1]])[0].decode())
        order = digest_order(digests(salt, words.to_texts(known)))
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        rows = np.argsort(rank[place], kind="stable")
        offsets = np.concatenate([[0], np.cumsum(sizes[order])]).astype(np.int64)
        return cls(known[:, order], rows, offsets)


def digests(salt: bytes, texts: Iterable[bytes], prefix: bytes = b"") -> NDArray[np.uint64]:
    """Return HMAC-SHA256(salt, prefix + text) of each text, as (n, 4) big-endian numbers.

    salt: at most 64 bytes.
    """
    padded = salt.ljust(BLOCK_BYTES, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + prefix)
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))
    found = bytearray()
    for text in texts:
        one = inner.copy()
        one.update(text)
        two = outer.copy()
        two.update(one.digest())
        found += two.digest()
    return np.frombuffer(bytes(found), ">u8").astype(np.uint64).reshape(-1, 4)


def digest_order(digest: NDArray[np.uint64]) -> Array:
    """Return the order of digests (n, 4)."""
    order = np.argsort(digest[:, 0], kind="stable")
    ordered = digest[order, 0]
    if (ordered[1:] == ordered[:-1]).any():
        return np.lexsort([*digest.T[::-1]])
    return order
