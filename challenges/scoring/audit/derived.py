"""Find what the sums shown give away together: small sets of rows that nobody declared.

Every figure of a group is a sum over its rows, so the difference of two groups shown tells of
the rows between them. « Receives the benefit » inside « disabled », both large, tells of the
three who are disabled without it, though no crossing is shown and no cell is hidden.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.metric import Floats

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
NOUGHT = 1e-6
FAINT = 1e-5
BLOCK = 64
MOST_PAIRED = 40
MOST_IN_THREES = 10


@dataclass(frozen=True)
class Kinds:
    """Hold the kinds of row there are: a kind is one group of each table.

    groups: (tables, kinds), −1 where a row has none. counts: (kinds, 3) rows, positives,
    negatives. owners: (2, pairs) the kinds that each person has rows of, as (kind, person), None
    when each row is a person.
    """

    groups: Ints
    counts: Floats
    owners: Ints | None = None

    def merged(self, shown: Ints) -> "Kinds":
        """Return the kinds that the groups shown tell apart. shown: (tables, kinds)."""
        groups, at = np.unique(shown, axis=1, return_inverse=True)
        at, size = at.reshape(-1), groups.shape[1]
        counts = np.zeros((size, self.counts.shape[1]))
        np.add.at(counts, at, self.counts)
        owners = self.owners
        if owners is not None:
            owners = np.unique(np.stack([at[owners[0]], owners[1]]), axis=1)
        return Kinds(groups, counts, owners)

    def sizes(self, mark: int) -> Floats:
        """Count persons (0), positives (1) or negatives (2) of each kind."""
        if mark or self.owners is None:
            return np.asarray(self.counts[:, mark], np.float64)
        return np.bincount(self.owners[0], minlength=len(self.counts)).astype(np.float64)

    def size(self, kinds: Bools, mark: int) -> float:
        """Count persons, positives or negatives of some kinds together."""
        if mark or self.owners is None:
            return float(self.counts[kinds, mark].sum())
        return float(len(np.unique(self.owners[1][kinds[self.owners[0]]])))


def telling(kinds: Kinds, closed: Sequence[Bools], least: Ints) -> list[tuple[int, int]]:
    """Return the groups shown, as (table, group), whose sums give a small set of rows away.

    The sums known are those of all rows and of the groups that are not closed. A set is small
    when it counts fewer persons, positives or negatives than least. Combinations that leave
    nothing but small kinds are reduced to the lightest, then taken by two and three: a search,
    exact for the few that real attributes give. Empty when nothing is found.
    """
    out = [np.append(each, True) for each in closed]
    shown = np.where(
        np.stack([each[group] for each, group in zip(out, kinds.groups, strict=True)]),
        -1,
        kinds.groups,
    )
    known = kinds.merged(shown)
    sums, cells = _sums(known.groups, closed)
    for mark, floor in enumerate(least.tolist()):
        size = known.sizes(mark)
        if floor <= 0 or (size >= floor).all():
            continue
        for part in _only_small(sums, len(cells) + 1, size >= floor, size):
            if known.size(part.kinds, mark) < floor:
                found = _moved(part.weights[1:], cells, closed)
                if found:
                    return found
    return []


@dataclass(frozen=True)
class _Combination:
    """Hold one combination of sums. weights: (sums,). kinds: (kinds,) those left in it."""

    weights: Floats
    kinds: Bools


def _sums(groups: Ints, closed: Sequence[Bools]) -> tuple[Ints, list[tuple[int, int]]]:
    """Number the sums shown, all rows first: (tables + 1, kinds) those of a kind, −1 none."""
    cells = [(at, g) for at, out in enumerate(closed) for g in np.flatnonzero(~out).tolist()]
    lines, first = [np.zeros(groups.shape[1], np.int64)], 1
    for group, out in zip(groups, closed, strict=True):
        number = np.append(np.where(out, -1, np.cumsum(~out) - 1 + first), -1)
        lines.append(number[group])
        first += int((~out).sum())
    return np.stack(lines), cells


def _only_small(sums: Ints, count: int, large: Bools, size: Floats) -> Iterator[_Combination]:
    """Yield the lightest combinations of sums in which no large kind is left."""
    together = np.zeros((count, count))
    for one in sums:
        for other in sums:
            both = large & (one >= 0) & (other >= 0)
            np.add.at(together, (one[both], other[both]), 1.0)
    scale, vectors = np.linalg.eigh(together)
    weights = vectors[:, scale <= 1e-9 * max(float(scale[-1]), 1.0)].T
    kinds = np.flatnonzero(~large)
    kinds = kinds[np.argsort(-size[kinds], kind="stable")]  # the heaviest are eliminated first
    padded = np.concatenate([weights, np.zeros((len(weights), 1))], 1)
    left = padded[:, sums[:, kinds]].sum(1)
    for each, values in _mixed(*_reduced(weights, left)):
        part = np.zeros(len(large), bool)
        part[kinds[np.abs(values) > NOUGHT]] = True
        if part.any():
            yield _Combination(each, part)


def _reduced(weights: Floats, left: Floats) -> tuple[Floats, Floats]:
    """Rewrite combinations so that each holds one pivot alone: few kinds, the light ones.

    weights: (rows, sums). left: (rows, kinds), the columns in the order they become pivots.
    """
    scale, turn = np.linalg.eigh(left @ left.T)
    turn = turn[:, scale > FAINT**2].T
    weights, left = turn @ weights, turn @ left
    change = np.linalg.pinv(left[:, _independent(left)])
    return change @ weights, change @ left


def _independent(left: Floats) -> list[int]:
    """Return the first columns that span the others, as many as there are rows."""
    chosen: list[int] = []
    basis = np.zeros((len(left), len(left)))
    for start in range(0, left.shape[1], BLOCK):
        block = left[:, start : start + BLOCK].copy()
        for _again in range(2):  # once is not enough for orthogonality
            block -= basis[:, : len(chosen)] @ (basis[:, : len(chosen)].T @ block)
        while (alive := np.linalg.norm(block, axis=0) > FAINT).any():
            at = int(np.argmax(alive))
            column = block[:, at] / np.linalg.norm(block[:, at])
            basis[:, len(chosen)] = column
            chosen.append(start + at)
            block -= np.outer(column, column @ block)
            block[:, : at + 1] = 0.0
            if len(chosen) == len(left):
                return chosen
    return chosen


def _mixed(weights: Floats, left: Floats) -> Iterator[tuple[Floats, Floats]]:
    """Yield each row, then sums and differences of two and of three where they are few."""
    yield from zip(weights, left, strict=True)
    signs = (1.0, -1.0)
    if len(left) <= MOST_PAIRED:
        for i, j in combinations(range(len(left)), 2):
            for s in signs:
                yield weights[i] + s * weights[j], left[i] + s * left[j]
    if len(left) <= MOST_IN_THREES:
        for i, j, k in combinations(range(len(left)), 3):
            for s in signs:
                for t in signs:
                    yield (
                        weights[i] + s * weights[j] + t * weights[k],
                        left[i] + s * left[j] + t * left[k],
                    )


def _moved(
    weights: Floats, cells: Sequence[tuple[int, int]], closed: Sequence[Bools]
) -> list[tuple[int, int]]:
    """Return the cells whose sums a combination really takes, not those that cancel out.

    The groups of a table shown whole add up to all rows: a weight common to them says nothing.
    """
    tables = np.array([at for at, _ in cells], np.int64)
    found = []
    for at, out in enumerate(closed):
        own = weights[tables == at]
        base = 0.0 if out.any() or not len(own) else float(np.median(own))
        found += [
            cell
            for cell, weight in zip([c for c in cells if c[0] == at], own.tolist(), strict=True)
            if abs(weight - base) > NOUGHT
        ]
    return found
