"""From a sentence to occupations, with the words that justify each, or none at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from portal.demonstrator.engines.words import SIZE, Word, features, is_foreign, mark, words

LONGEST = 2_000  # characters read of a text
LEAST_SHARE = 0.1  # of a word that is named as a reason
PLACES = np.uint64(1 << 16)  # more than there are occupations
SHOWN = 3  # occupations one of which a text should mean


@dataclass(frozen=True)
class Reason:
    """A word of the text that speaks for an occupation: where it stands, its share."""

    start: int
    end: int
    share: float


@dataclass(frozen=True)
class Proposal:
    """An occupation that a text may mean. confidence: in [0, 1], its chances among all."""

    code: str
    confidence: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Ranking:
    """What is proposed, the best first: nothing where the best is not sure enough.

    nearest: what would come first, for who wants to choose by hand.
    """

    proposals: tuple[Proposal, ...]
    nearest: tuple[Proposal, ...]


class TextEngine(Protocol):
    """From a text to occupations."""

    def rank(self, text: str, *, count: int = 5) -> Ranking:
        """Rank the occupations that a text may mean."""


@dataclass(frozen=True)
class Arrays:
    """What a lexical engine learnt: of m features, which are numbers below SIZE, n occupations.

    codes: n. vocabulary: the stems met of each, PLACES × mark + place of the occupation, sorted,
    uint64. features: m, sorted, int32. idf: m, float32. weights: m × n, int8, times scale (n,
    float32). bias: n. heat: what the scores are multiplied by before they are shared out as
    chances. threshold: the least chances of the first three, together, for a proposal.
    """

    codes: tuple[str, ...]
    vocabulary: NDArray[np.uint64]
    features: NDArray[np.int32]
    idf: NDArray[np.float32]
    weights: NDArray[np.int8]
    scale: NDArray[np.float32]
    bias: NDArray[np.float32]
    heat: float
    threshold: float

    def to_mapping(self) -> dict[str, NDArray[Any]]:
        """Write them as named arrays, as numpy.savez keeps them."""
        return {
            "codes": np.array(self.codes),
            "vocabulary": self.vocabulary,
            "features": self.features,
            "idf": self.idf,
            "weights": self.weights,
            "scale": self.scale,
            "bias": self.bias,
            "confidence": np.array([self.heat, self.threshold], np.float64),
        }

    def knows(self, typed: Sequence[Word]) -> bool:
        """Say whether one of some words was met: pieces of words alone mean nothing."""
        marks = np.array([mark(each.stem) for each in typed], np.uint64)
        first = np.searchsorted(self.vocabulary, marks * PLACES)
        return bool(
            (np.searchsorted(self.vocabulary, (marks + np.uint64(1)) * PLACES) > first).any()
        )

    def met(self, typed: Sequence[Word], places: NDArray[Any]) -> NDArray[np.bool_]:
        """Say of each word (columns) whether it was met for occupations, by their places (rows)."""
        marks = np.array([mark(each.stem) for each in typed], np.uint64)
        marked = places.astype(np.uint64)[:, None] + marks * PLACES
        at = np.searchsorted(self.vocabulary, marked)
        return np.asarray(np.append(self.vocabulary, np.uint64(0))[at] == marked)

    @classmethod
    def read(cls, stored: Mapping[str, NDArray[Any]]) -> "Arrays":
        """Read named arrays. Raises KeyError for one that lacks, ValueError for another shape."""
        codes = tuple(str(each) for each in stored["codes"])
        heat, threshold = (float(each) for each in stored["confidence"])
        arrays = cls(
            codes,
            stored["vocabulary"],
            stored["features"],
            stored["idf"],
            stored["weights"],
            stored["scale"],
            stored["bias"],
            heat,
            threshold,
        )
        count = len(arrays.features)
        if arrays.vocabulary.dtype != np.uint64:
            raise ValueError(f"vocabulary of {arrays.vocabulary.dtype}")
        if arrays.weights.shape != (count, len(codes)) or arrays.idf.shape != (count,):
            raise ValueError(f"weights {arrays.weights.shape}, idf {arrays.idf.shape}")
        if count and not 0 <= arrays.features.min() <= arrays.features.max() < SIZE:
            raise ValueError("features outside SIZE")
        return arrays


class Lexical:
    """The default engine: weights of the features of a text, learnt from titles and tasks."""

    def __init__(self, arrays: Arrays) -> None:
        """Take what was learnt; nothing is read or written afterwards."""
        self.arrays = arrays
        self._row = np.full(SIZE, -1, np.int32)  # of a feature; -1: nothing was learnt of it
        self._row[arrays.features] = np.arange(len(arrays.features))

    def rank(self, text: str, *, count: int = 5) -> Ranking:
        """Rank the occupations that a text may mean.

        An empty text means none. Nothing is proposed for one without a word that was learnt of, or
        in another language.
        """
        read = text[:LONGEST]
        typed = words(read)
        rows, owners, values = self._vector(typed)
        if not rows.size:
            return Ranking((), ())
        learnt = self.arrays
        parts = values[:, None] * learnt.weights[rows].astype(np.float32)
        scores = parts.sum(axis=0) * learnt.scale + learnt.bias
        order = np.argsort(-scores, kind="stable")[:count]
        chances = shared(scores, learnt.heat)
        likely = np.sort(chances)[::-1][:SHOWN].sum()
        nearest = tuple(
            Proposal(
                learnt.codes[at],
                float(chance),
                _reasons(typed, owners, parts[:, at], met),
            )
            for at, chance, met in zip(order, chances[order], learnt.met(typed, order), strict=True)
        )
        sure = likely >= learnt.threshold and learnt.knows(typed) and not is_foreign(read)
        return Ranking(nearest if sure else (), nearest)

    def _vector(self, typed: Sequence[Word]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Give the rows of the features that were learnt of, the word of each, its weight."""
        numbered = np.array(list(features(list(typed))), np.int64).reshape(-1, 2)
        rows, owners = self._row[numbered[:, 0]], numbered[:, 1]
        rows, owners = rows[rows >= 0], owners[rows >= 0]
        if not rows.size:
            return rows, owners, np.zeros(0, np.float32)
        _unique, inverse, times = np.unique(rows, return_inverse=True, return_counts=True)
        # A feature that comes t times weighs 1 + log t in all, shared by the words that bring it.
        often = times[inverse].astype(np.float32)
        values = self.arrays.idf[rows] * (1 + np.log(often)) / often
        whole = np.zeros(len(_unique), np.float32)
        np.add.at(whole, inverse, values)
        return rows, owners, (values / np.sqrt((whole**2).sum())).astype(np.float32)


def shared(scores: NDArray[Any], heat: float) -> NDArray[np.float64]:
    """Share out scores (… × n) as chances that add up to 1: the softmax of heat × scores."""
    raised = heat * (scores - scores.max(axis=-1, keepdims=True)).astype(np.float64)
    parts = np.exp(raised)
    return np.asarray(parts / parts.sum(axis=-1, keepdims=True))


def _reasons(
    typed: Sequence[Word], owners: NDArray[Any], part: NDArray[Any], met: NDArray[np.bool_]
) -> tuple[Reason, ...]:
    """Name the words that speak for an occupation and were met for it, those that speak most first.

    One that speaks by pieces alone, as « roulants » for « boulanger », is no reason.
    """
    by_word = np.zeros(len(typed))
    np.add.at(by_word, owners, part)
    total = float(by_word[by_word > 0].sum())
    shares = by_word / (total or 1)
    strong = [
        at for at in np.argsort(-shares, kind="stable") if shares[at] > LEAST_SHARE and met[at]
    ]
    return tuple(Reason(typed[at].start, typed[at].end, float(shares[at])) for at in strong)
