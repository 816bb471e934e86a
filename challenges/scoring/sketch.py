"""Keep of an answer what comparing entries needs: its values at 4,096 secret rows, its shape.

The rows are drawn from the resamplings of the compiled truth, which hang on its secret salt:
nobody outside the scoring worker can tell them, and all entries are compared on the same ones.
A sketch rests sealed, like the sums.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring import blob
from challenges.scoring.answer import AnswerSpec, Form, Layout
from challenges.scoring.contract import ScoringContract
from challenges.scoring.predictions.align import Answer
from challenges.scoring.truth import Labels

Array = NDArray[Any]
Floats = NDArray[np.float64]
ROWS = 4096
CELLS = 4 * ROWS  # of an answer of several columns
LEAST_ROWS = 64
FEW = 4096  # values beside the commonest, above which a file is no handful of probes
LEAST_TERMS = 8
STEP_TOLERANCE = 0.01
STEPS_ALIKE = 0.9
EXTREME = 1e-3  # of the range, from a bound
DIGITS = 12


@dataclass(frozen=True)
class Shape:
    """Describe the values of a whole file.

    distinct: 1, 2, or 3 for more. terms: how many values follow one another in geometric
    progression by p/(1 − p), 0 when they do not. long: how many values near a bound need more
    than 12 decimals, where most others do not.
    """

    distinct: int = 3
    terms: int = 0
    long: int = 0


@dataclass(frozen=True)
class Sketch:
    """Hold an answer at the secret rows.

    values: (rows, columns) float64 of numbers, or (rows, 1) uint64 digests of words.
    """

    values: Array
    shape: Shape

    @property
    def is_words(self) -> bool:
        """Tell whether answers can only be the same or not."""
        return bool(self.values.dtype == np.uint64)

    def to_bytes(self) -> bytes:
        """Write the sketch as one byte string."""
        shape = {"distinct": self.shape.distinct, "terms": self.shape.terms}
        meta = {"kind": "sketch", "long": self.shape.long} | shape
        return blob.pack(meta, {"values": self.values})

    @classmethod
    def from_bytes(cls, data: blob.Data) -> "Sketch":
        """Read what to_bytes wrote; raises BlobFault."""
        meta, arrays = blob.unpack(data)
        if meta.get("kind") != "sketch" or "values" not in arrays:
            raise blob.BlobFault("not a sketch")
        shape = Shape(int(meta["distinct"]), int(meta["terms"]), int(meta["long"]))
        return cls(arrays["values"], shape)


def sketch(contract: ScoringContract, labels: Labels, answer: Answer) -> Sketch:
    """Read an accepted answer at the secret rows of a truth."""
    spec = contract.answer
    if not _is_numbers(spec):
        where = secret_rows(labels, len(labels.part))
        ranks = answer.p if answer.scores is None else _by_score(answer)
        ordered = spec.layout in (Layout.RANKED_LIST, Layout.CANDIDATE_SCORES)
        words = _words(answer.texts, ranks, answer.offsets, where, ordered=ordered)
        few = 1 if answer.is_constant else 3
        if answer.offsets is None:
            few = _distinct(answer.p)
        return Sketch(words, Shape(few))
    values = answer.p if answer.scores is None else answer.scores
    laid = values.reshape(len(values), -1).astype(np.float64)
    where = secret_rows(labels, *laid.shape)
    return Sketch(laid[where], shape_of(laid, laid[where], _bounds(spec)))


def truth_at(contract: ScoringContract, labels: Labels) -> Array | None:
    """Return the right answers at the secret rows, in the form of a sketch's values.

    None where none can be laid beside an answer: ranked lists, candidates that are free.
    """
    spec, columns = contract.answer, len(contract.answer.answers)
    if spec.layout is Layout.CANDIDATE_SCORES:
        if not spec.is_complete or labels.gains is None:
            return None
        return labels.gains[secret_rows(labels, len(labels.gains), 1)][:, None]
    if spec.layout is Layout.RANKED_LIST:
        return None
    if not _is_numbers(spec):
        where = secret_rows(labels, len(labels.part))
        return _words(labels.texts, labels.y, labels.offsets, where, ordered=False)
    where = secret_rows(labels, len(labels.part), columns)
    if spec.form is Form.LABEL_SCORES or spec.form is Form.PROBABILITIES:
        return _held(labels, columns)[where]
    if spec.form is Form.TARGETS:
        return labels.y[where].astype(np.float64)
    return np.repeat(labels.y[where].astype(np.float64)[:, None], columns, axis=1)


def secret_rows(labels: Labels, count: int, columns: int = 1) -> NDArray[np.int64]:
    """Return at most 4,096 rows out of `count`, fewer for many columns, in increasing order."""
    most = min(ROWS, max(LEAST_ROWS, CELLS // columns))
    if count <= most:
        return np.arange(count, dtype=np.int64)
    digest = hashlib.sha256(b"signals\n")
    for split in sorted(labels.weights):
        digest.update(np.ascontiguousarray(labels.weights[split]).tobytes())
    drawn = _mixed(np.arange(count, dtype=np.uint64), int.from_bytes(digest.digest()[:8], "big"))
    return np.sort(np.argpartition(drawn, most)[:most]).astype(np.int64)


def shape_of(values: Floats, seen: Floats, bounds: tuple[float, float] | None) -> Shape:
    """Describe the values of a whole file; seen: those at the secret rows.

    Where more than 4,096 values differ from the commonest, they are no handful of probes.
    """
    flat = values.ravel()
    if not len(flat):
        return Shape()
    found, counts = np.unique(seen, return_counts=True)
    others = flat[flat != found[np.argmax(counts)]]
    if len(others) > FEW:
        return Shape(_distinct(flat))
    long = 0 if bounds is None else _long(others, *bounds)
    return Shape(_distinct(flat), progression(others), long)


def progression(values: Floats) -> int:
    """Return how many values are in geometric progression by p/(1 − p), else 0.

    Only values within (0, 1) that occur once count: those of a model of few features come
    back. At least 8 terms; nine steps in ten within 1 % of the middle one.
    """
    found, counts = np.unique(values[(values > 0) & (values < 1)], return_counts=True)
    alone = found[counts == 1]
    if len(alone) < LEAST_TERMS:
        return 0
    steps = np.diff(np.log(alone) - np.log1p(-alone))
    middle = float(np.median(steps))
    alike = np.abs(steps - middle) <= STEP_TOLERANCE * middle
    return len(alone) if float(alike.mean()) >= STEPS_ALIKE else 0


def _long(values: Floats, low: float, high: float) -> int:
    near = np.minimum(np.abs(values - low), np.abs(high - values)) < EXTREME * (high - low)
    inside = (values != low) & (values != high)
    long = np.round(values, DIGITS) != values
    rest = long[~near]
    if len(rest) and rest.mean() >= 0.5:
        return 0
    return int(np.count_nonzero(near & inside & long))


def _distinct(values: Array) -> int:
    """Count the different values: 1, 2, or 3 for more."""
    flat = values.ravel()
    rest = flat[flat != flat[0]] if len(flat) else flat
    if not len(rest):
        return 1
    return 2 if bool((rest == rest[0]).all()) else 3


def _is_numbers(spec: AnswerSpec) -> bool:
    if spec.layout is Layout.CANDIDATE_SCORES:
        return spec.is_complete
    return spec.is_several or (spec.layout is Layout.ONE_ROW_PER_ID and spec.answer.is_number)


def _bounds(spec: AnswerSpec) -> tuple[float, float] | None:
    if spec.form in (Form.PROBABILITIES, Form.CURVES):
        return 0.0, 1.0
    low, high = spec.answer.min, spec.answer.max
    return None if low is None or high is None or not low < high else (float(low), float(high))


def _held(labels: Labels, columns: int) -> Floats:
    """Return 1 in the column of each right label, 0 elsewhere."""
    held = np.zeros((len(labels.part), columns))
    unit = np.arange(len(labels.part))
    if labels.offsets is not None:
        unit = np.repeat(unit, np.diff(labels.offsets))
    held[unit, labels.y] = 1
    return held


def _by_score(answer: Answer) -> Array:
    """Return the candidates of each query, the best scored first."""
    offsets, scores = answer.offsets, answer.scores
    assert offsets is not None  # noqa: S101  # of this layout
    assert scores is not None  # noqa: S101  # of this layout
    unit = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    return np.asarray(answer.p[np.lexsort([answer.p, -scores, unit])])


def _words(
    texts: Sequence[str], codes: Array, offsets: Array | None, where: Array, *, ordered: bool
) -> Array:
    """Return the digest of the answer of each row, as (rows, 1) uint64."""
    if offsets is None:
        table = np.array([_digest(text) for text in texts], np.uint64)
        return table[codes[where]][:, None]
    found = []
    for row in where.tolist():
        held = codes[offsets[row] : offsets[row + 1]].tolist()
        if codes.ndim == 1:
            names = [texts[code] for code in held]
        else:  # spans
            names = [f"{texts[code]}\n{start}\n{end}" for code, start, end in held]
        found.append(_digest("\0".join(names if ordered else sorted(names))))
    return np.array(found, np.uint64)[:, None]


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _mixed(values: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """Scatter numbers by a seed: SplitMix64, the same whatever NumPy draws one day."""
    z = values * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))
