"""Hold the candidates of each query, all of which must have a score: public, without a label.

Right and wrong candidates stand here alike, in order of query then of name.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import words
from challenges.scoring.lookup import Lookup
from challenges.scoring.truth.faults import TruthFault
from challenges.scoring.words import Words

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
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "Candidates | None":
        """Read what arrays gave, None where there is none; raises KeyError."""
        own = {n.removeprefix(PREFIX): a for n, a in arrays.items() if n.startswith(PREFIX)}
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
