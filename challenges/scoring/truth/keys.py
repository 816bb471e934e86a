"""Hold the identifiers of a truth and their candidates in canonical order, without a label.

They rest sorted by length then by bytes, with a static hash: a file sorted in the same way is
recognised at once, and any other costs one look-up a row. Right and wrong candidates stand here
alike, in order of query then of name."""

import itertools
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.answer import TruthFault
from challenges.scoring.arrays import blob, words
from challenges.scoring.arrays.lookup import Lookup, Packed
from challenges.scoring.arrays.words import Words

PREFIX = "candidates."
NEWLINE = 10


@dataclass(frozen=True)
class Candidates:
    """Hold pairs of a query and a candidate, in canonical order of the query then by name.

    pairs: the words of the query, then those of the candidate. split: how many words are the
    query's. offsets: (queries + 1,) int64, where the candidates of each query start. code:
    (pairs,) int32, place of the candidate in names. names: the candidates, each once, sorted.
    """

    pairs: Lookup
    split: int
    offsets: NDArray[np.int64]
    code: NDArray[np.int32]
    names: Lookup

    @classmethod
    def of(cls, query: Words, rows: Sequence[Sequence[str]]) -> "Candidates":
        """Lay the candidates of each query, sorted by name; raises TruthFault E_IDS.

        query: words (count, n) of the queries, in canonical order.
        """
        flat = [name.encode() for row in rows for name in row]
        if any(b"\0" in name for name in flat):
            raise TruthFault("E_IDS", "un candidat contient un octet nul")
        offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
        return cls.of_words(query, words.of_texts(flat), offsets.astype(np.int64))

    @classmethod
    def of_words(cls, query: Words, item: Words, offsets: NDArray[np.int64]) -> "Candidates":
        """Lay candidates given as words (count, m), sorted by name in each query.

        Raises TruthFault E_IDS for one that is empty or holds an end of line.
        """
        if not item.any(0).all() or words.hold(item, NEWLINE):
            raise TruthFault("E_IDS", "un candidat est vide ou contient une fin de ligne")
        known, code = words.distinct(item)
        laid = np.concatenate([np.repeat(query, np.diff(offsets), axis=1), item])
        return cls(Lookup.of(laid), len(query), offsets, code, Lookup.of(known))

    @cached_property
    def texts(self) -> list[str]:
        """Return the name of each code."""
        return [name.decode() for name in words.to_texts(self.names.words.T)]

    @cached_property
    def rows(self) -> list[list[str]]:
        """Return the candidates of each query, sorted by name."""
        names = [self.texts[code] for code in self.code.tolist()]
        bounds = self.offsets.tolist()
        return [names[a:b] for a, b in itertools.pairwise(bounds)]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what a blob keeps."""
        own: dict[str, NDArray[Any]] = {"split": np.array([self.split], np.int32)}
        own |= {"offsets": self.offsets, "code": self.code}
        for part, lookup in (("pairs", self.pairs), ("names", self.names)):
            own |= {f"{part}.{name}": array for name, array in lookup.arrays().items()}
        return {PREFIX + name: array for name, array in own.items()}

    @classmethod
    def from_arrays(cls, named: Mapping[str, NDArray[Any]]) -> "Candidates | None":
        """Read what arrays gave, None where there is none; raises KeyError."""
        own = {n.removeprefix(PREFIX): a for n, a in named.items() if n.startswith(PREFIX)}
        if not own:
            return None
        lookups = {
            part: Lookup.from_arrays(
                {n.removeprefix(f"{part}."): a for n, a in own.items() if n.startswith(f"{part}.")}
            )
            for part in ("pairs", "names")
        }
        split = int(own["split"][0])
        return cls(lookups["pairs"], split, own["offsets"], own["code"], lookups["names"])


VERSION = 3
FEW = 8


@dataclass(frozen=True)
class Keys:
    """Hold the identifiers (or queries).

    lookup: of the identifiers, sorted. canonical: (n,) int32, canonical position of each.
    listed: the candidates of each query, None where they are free.
    """

    lookup: Lookup | Packed
    canonical: NDArray[np.int32]
    listed: Candidates | None = None

    def __len__(self) -> int:
        return len(self.canonical)

    @classmethod
    def of(cls, ids: Sequence[str], candidates: Sequence[Sequence[str]] | None = None) -> "Keys":
        """Make keys of identifiers in their canonical order; raises TruthFault E_IDS.

        candidates: those of each identifier, when each of them must have a score.
        """
        texts = [name.encode() for name in ids]
        if any(b"\0" in text for text in texts):
            raise TruthFault("E_IDS", "un identifiant contient un octet nul")
        laid = words.of_texts(texts)
        listed = None if candidates is None else Candidates.of(laid, candidates)
        return cls.of_words(laid, listed)

    @classmethod
    def of_words(cls, laid: words.Words, listed: Candidates | None = None) -> "Keys":
        """Make keys of identifiers in their canonical order, as words (count, n).

        Raises TruthFault E_IDS for one that is there twice or holds an end of line.
        """
        if words.hold(laid, NEWLINE):
            raise TruthFault("E_IDS", "un identifiant contient une fin de ligne")
        order = words.by_bytes(laid, words.lengths(laid))
        ordered = laid[:, order]
        twice = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).all(0))
        if len(twice):
            raise TruthFault("E_IDS", words.to_texts(ordered[:, twice[:1]])[0].decode())
        canonical = order.astype(np.int32)
        return cls(Packed.of(ordered, canonical) or Lookup.of(ordered), canonical, listed)

    def find(self, laid: words.Words) -> words.Ints:
        """Return the canonical position of texts given as words (count, n), -1 when unknown."""
        if isinstance(self.lookup, Packed):
            return self.lookup.find(laid)
        found = self.lookup.find(laid).astype(np.int64)
        return np.where(found < 0, found, self.canonical.take(found, mode="clip"))

    def follow(self, laid: words.Words) -> NDArray[np.int32] | None:
        """Return the positions of texts that follow each other as the identifiers at rest do.

        laid: words (count, n), n at least 1. Returns None for texts in another order.
        """
        n = laid.shape[1]
        some = [_by_length(text) for text in words.to_texts(laid[:, :FEW])]
        if some != sorted(some):  # as in nearly every file in another order
            return None
        sizes = range(len(self) - n + 1)
        first = bisect_left(sizes, some[0], key=lambda i: _by_length(self.lookup.text(i)))
        if first == len(sizes):
            return None
        return self.canonical[first : first + n] if self.lookup.follow(first, laid) else None

    @cached_property
    def ids(self) -> list[str]:
        """Return the identifiers, in canonical order."""
        ordered = np.empty_like(self.canonical)
        ordered[self.canonical] = np.arange(len(self), dtype=np.int32)
        texts = words.to_texts(self.lookup.laid[:, ordered])
        return b"\n".join(texts).decode().split("\n") if texts else []

    @property
    def names(self) -> Sequence[str]:
        """Return the identifiers, in canonical order, laid out only when one is read."""
        return Names(self)

    @property
    def candidates(self) -> list[list[str]]:
        """Return the candidates of each query by name, none where they are free."""
        return [] if self.listed is None else self.listed.rows

    @cached_property
    def positions(self) -> dict[str, int]:
        """Return the canonical position of each identifier."""
        return {name: i for i, name in enumerate(self.ids)}


def _by_length(text: bytes) -> tuple[int, bytes]:
    return len(text), text


class Names(Sequence[str]):
    """Give the identifiers of keys, laid out only when one is read."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> list[str]: ...

    def __getitem__(self, at: int | slice) -> str | list[str]:
        return self._keys.ids[at]


def keys_of(ids: Sequence[str], candidates: Sequence[Sequence[str]] | None = None) -> bytes:
    """Write identifiers, in their canonical order, as keys; raises TruthFault E_IDS.

    candidates: those of each identifier, when each of them must have a score.
    """
    return pack_keys(Keys.of(ids, candidates))


def pack_keys(keys: Keys) -> bytes:
    """Write keys as bytes."""
    meta = {"kind": "keys", "count": len(keys), "version": VERSION}
    named = keys.lookup.arrays() | {"canonical": keys.canonical}
    return blob.pack(meta, named | (keys.listed.arrays() if keys.listed else {}))


def count_keys(data: blob.Data) -> int:
    """Return how many identifiers keys hold, without reading them; raises BlobFault."""
    meta, _ = blob.unpack(data)
    return int(meta.get("count", 0))


def load_keys(data: blob.Data) -> Keys:
    """Read the keys of a compiled truth; raises BlobFault."""
    meta, named = blob.unpack(data)
    if meta.get("kind") != "keys":
        raise blob.BlobFault("not keys")
    if meta.get("version") != VERSION:
        raise blob.BlobFault("keys of another version")
    try:
        listed = Candidates.from_arrays(named)
        form = Packed if "packed" in named else Lookup
        return Keys(form.from_arrays(named), named["canonical"], listed)
    except KeyError as error:
        raise blob.BlobFault("damaged keys") from error
