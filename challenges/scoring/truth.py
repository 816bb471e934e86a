"""Hold identifiers, labels (sealed wherever they rest) and an answer in the canonical order.

Identifiers rest sorted by length then by bytes, with a static hash: a file sorted in the same
way is recognised at once, and any other costs one look-up a row. Right and wrong candidates stand
here alike, in order of query then of name."""

import hashlib
import itertools
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import arrays
from challenges.scoring.arrays import Lookup, Packed, Words
from challenges.scoring.contract import AnswerSpec, ColumnType, TruthFault

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
        return cls.of_words(query, arrays.words_of_texts(flat), offsets.astype(np.int64))

    @classmethod
    def of_words(cls, query: Words, item: Words, offsets: NDArray[np.int64]) -> "Candidates":
        """Lay candidates given as words (count, m), sorted by name in each query.

        Raises TruthFault E_IDS for one that is empty or holds an end of line.
        """
        if not item.any(0).all() or arrays.hold_byte(item, NEWLINE):
            raise TruthFault("E_IDS", "un candidat est vide ou contient une fin de ligne")
        known, code = arrays.distinct_words(item)
        laid = np.concatenate([np.repeat(query, np.diff(offsets), axis=1), item])
        return cls(Lookup.of(laid), len(query), offsets, code, Lookup.of(known))

    @cached_property
    def texts(self) -> list[str]:
        """Return the name of each code."""
        return [name.decode() for name in arrays.texts_of(self.names.words.T)]

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
        laid = arrays.words_of_texts(texts)
        listed = None if candidates is None else Candidates.of(laid, candidates)
        return cls.of_words(laid, listed)

    @classmethod
    def of_words(cls, laid: arrays.Words, listed: Candidates | None = None) -> "Keys":
        """Make keys of identifiers in their canonical order, as words (count, n).

        Raises TruthFault E_IDS for one that is there twice or holds an end of line.
        """
        if arrays.hold_byte(laid, NEWLINE):
            raise TruthFault("E_IDS", "un identifiant contient une fin de ligne")
        order = arrays.order_by_bytes(laid, arrays.lengths_of(laid))
        ordered = laid[:, order]
        twice = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).all(0))
        if len(twice):
            raise TruthFault("E_IDS", arrays.texts_of(ordered[:, twice[:1]])[0].decode())
        canonical = order.astype(np.int32)
        return cls(Packed.of(ordered, canonical) or Lookup.of(ordered), canonical, listed)

    def find(self, laid: arrays.Words) -> arrays.Ints:
        """Return the canonical position of texts given as words (count, n), -1 when unknown."""
        if isinstance(self.lookup, Packed):
            return self.lookup.find(laid)
        found = self.lookup.find(laid).astype(np.int64)
        return np.where(found < 0, found, self.canonical.take(found, mode="clip"))

    def follow(self, laid: arrays.Words) -> NDArray[np.int32] | None:
        """Return the positions of texts that follow each other as the identifiers at rest do.

        laid: words (count, n), n at least 1. Returns None for texts in another order.
        """
        n = laid.shape[1]
        some = [_by_length(text) for text in arrays.texts_of(laid[:, :FEW])]
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
        texts = arrays.texts_of(self.lookup.laid[:, ordered])
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
    return arrays.pack(meta, named | (keys.listed.arrays() if keys.listed else {}))


def count_keys(data: arrays.Data) -> int:
    """Return how many identifiers keys hold, without reading them; raises BlobFault."""
    meta, _ = arrays.unpack(data)
    return int(meta.get("count", 0))


def load_keys(data: arrays.Data) -> Keys:
    """Read the keys of a compiled truth; raises BlobFault."""
    meta, named = arrays.unpack(data)
    if meta.get("kind") != "keys":
        raise arrays.BlobFault("not keys")
    if meta.get("version") != VERSION:
        raise arrays.BlobFault("keys of another version")
    try:
        listed = Candidates.from_arrays(named)
        form = Packed if "packed" in named else Lookup
        return Keys(form.from_arrays(named), named["canonical"], listed)
    except KeyError as error:
        raise arrays.BlobFault("damaged keys") from error


Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Labels:
    """Hold the truth in canonical order.

    texts: label of each code, the declared nomenclature first; empty for numbers.
    y: (n,) float64 numbers, (n, m) for m targets, or int32 codes; for lists, codes laid end to
    end with offsets (n + 1) int64 and, for a ranking, gains. part, bucket: (n,). groups:
    {attribute: (n,) int32 codes, -1 = ignored}; group_names: {attribute: names}. numbers:
    {attribute: {"units": (n,), "items": (codes,)}} float64, NaN when missing. items, item_names:
    the same as groups, for attributes of the items of ranked lists, one code per text. weights:
    {split: (replicates, buckets) uint8}.
    """

    texts: list[str]
    y: NDArray[Any]
    part: NDArray[np.uint8]
    bucket: NDArray[np.uint16]
    weights: dict[str, NDArray[np.uint8]]
    splits: tuple[str, ...]
    groups: dict[str, Ints]
    group_names: dict[str, list[str]]
    numbers: dict[str, dict[str, Floats]]
    offsets: NDArray[np.int64] | None = None
    gains: Floats | None = None
    weight: Floats | None = None
    items: dict[str, Ints] = field(default_factory=dict)
    item_names: dict[str, list[str]] = field(default_factory=dict)


def load_labels(data: bytes) -> Labels:
    """Read the labels of a compiled truth."""
    meta, named = arrays.unpack(data)
    if meta.get("kind") != "labels":
        raise arrays.BlobFault("not labels")
    numbers: dict[str, dict[str, Floats]] = {}
    for key in meta["numbers"]:
        numbers[key] = {
            "units": named[f"number.{key}.units"],
            "items": named[f"number.{key}.items"],
        }
    return Labels(
        texts=meta["texts"],
        y=named["y"],
        part=named["part"],
        bucket=named["bucket"],
        weights={s: named[f"weights.{s}"] for s in meta["splits"]},
        splits=tuple(meta["splits"]),
        groups={k: named[f"group.{k}"] for k in meta["groups"]},
        group_names=meta["groups"],
        numbers=numbers,
        offsets=named.get("y.offsets"),
        gains=named.get("gains"),
        weight=named.get("weight"),
        items={k: named[f"item.{k}"] for k in meta.get("items", {})},
        item_names=meta.get("items", {}),
    )


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

    def pieces(self) -> list[arrays.Data]:
        """Return what to_bytes joins, without a copy of the arrays."""
        named = {"p": self.p}
        if self.offsets is not None:
            named["offsets"] = self.offsets
        if self.ranks is not None:
            named["ranks"] = self.ranks
        if self.scores is not None:
            named["scores"] = self.scores
        return arrays.blob_pieces({"kind": "answer", "texts": self.texts}, named)

    def to_bytes(self) -> bytes:
        """Write the answer as one byte string."""
        return b"".join(self.pieces())

    @classmethod
    def from_bytes(cls, data: arrays.Data) -> "Answer":
        """Read what to_bytes wrote; raises BlobFault."""
        meta, named = arrays.unpack(data)
        if meta.get("kind") != "answer" or "p" not in named:
            raise arrays.BlobFault("not an answer")
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
