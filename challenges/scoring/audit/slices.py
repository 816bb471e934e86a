"""Cut the rows of a part by an attribute, or by two crossed, and say which cells may be shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.audit.derived import Kinds, telling

Array = NDArray[Any]
MANY_KINDS = 1_000_000
MANY_NUMBERS = 2**40  # times the groups of an attribute, still a whole number of 64 bits


@dataclass(frozen=True)
class Slice:
    """Hold a cut of rows into groups.

    attributes: one key, or two for a crossing. groups: for each group, its value of each
    attribute. codes: (n,) the group of each row, −1 when it has none. missing: (groups,) bool,
    an attribute is not known. parents: for a crossing, the groups (a, b) that each cell crosses.
    """

    attributes: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    codes: Array
    missing: Array
    parents: tuple[Array, ...] = ()

    def __len__(self) -> int:
        return len(self.groups)


def slices(
    codes: Mapping[str, Array],
    names: Mapping[str, Sequence[str]],
    attributes: Sequence[str],
    crossings: Sequence[tuple[str, str]],
) -> list[Slice]:
    """Cut by each attribute, then by each crossing; only cells that hold rows are kept."""
    alone = {key: _alone(key, codes[key], names[key]) for key in attributes}
    return [*alone.values(), *(_crossed(alone[a], alone[b]) for a, b in crossings)]


def _alone(key: str, codes: Array, names: Sequence[str]) -> Slice:
    held = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(names)))
    table = np.full(len(names) + 1, -1, np.int32)
    table[held] = np.arange(len(held))
    groups = tuple((names[i],) for i in held.tolist())
    return Slice((key,), groups, table[codes], np.array([not name for (name,) in groups], bool))


def _crossed(a: Slice, b: Slice) -> Slice:
    width = max(len(b), 1)
    joint = np.where((a.codes >= 0) & (b.codes >= 0), a.codes * width + b.codes, -1)
    held = np.flatnonzero(np.bincount(joint[joint >= 0], minlength=len(a) * width))
    table = np.full(len(a) * width + 1, -1, np.int32)
    table[held] = np.arange(len(held))
    first, second = held // width, held % width
    return Slice(
        attributes=a.attributes + b.attributes,
        groups=tuple(a.groups[i] + b.groups[j] for i, j in zip(first, second, strict=True)),
        codes=table[joint],
        missing=a.missing[first] | b.missing[second],
        parents=(first, second),
    )


@dataclass(frozen=True)
class Floors:
    """Hold what a cell must count to be shown: persons, positives, negatives."""

    persons: int
    positives: int = 0
    negatives: int = 0

    @property
    def least(self) -> Array:
        """Return the three floors as an array."""
        return np.array([self.persons, self.positives, self.negatives])


@dataclass(frozen=True)
class Table:
    """Hold what a slice counts.

    rows: (groups,) rows. units: (groups,) independent units. counts: (groups, 3) persons,
    positives, negatives. rest: (3,) the same of the rows in no group. marks: of each row, the
    person (None: its own), then what it counts for: positives, negatives. rests: for a crossing,
    of the rows of each group of each of its two attributes that no cell holds.
    """

    cut: Slice
    rows: Array
    units: Array
    counts: Array
    rest: Array
    marks: tuple[Array | None, Array, Array]
    rests: tuple[Array, ...] = ()


def table(
    cut: Slice,
    positive: Array,
    negative: Array,
    clusters: Array | None,
    parents: Sequence[Table] = (),
    *,
    one_person: bool = False,
) -> Table:
    """Count a slice.

    positive, negative: (n,) 0 or 1. clusters: (n,) numbers of the independent units, None when
    each row is its own. one_person: a cluster is a person, else each row is one. parents: the
    tables of the two attributes.
    """
    size = len(cut) + 1
    at = cut.codes.astype(np.int64) + 1
    rows = np.bincount(at, minlength=size)
    units, persons = rows, None
    if clusters is not None:
        pairs = np.bincount(clusters.astype(np.int64) * size + at)
        pairs = np.concatenate([pairs, np.zeros(-len(pairs) % size, pairs.dtype)])
        units = (pairs.reshape(-1, size) > 0).sum(0)
        if one_person:
            persons = clusters.astype(np.int64)
    yes, no = np.bincount(at, positive, size), np.bincount(at, negative, size)
    counts = np.stack([units if one_person else rows, yes, no], 1)
    rests = tuple(
        np.maximum(whole.counts - _gathered(counts[1:], parent, len(whole.counts)), 0)
        for whole, parent in zip(parents, cut.parents, strict=False)
    )
    marks = (persons, positive, negative)
    return Table(cut, rows[1:], units[1:], counts[1:], counts[0], marks, rests)


def _gathered(counts: Array, parent: Array, size: int) -> Array:
    return np.stack([np.bincount(parent, counts[:, i], size) for i in range(3)], 1)


def hidden(
    tables: Sequence[Table],
    floors: Floors,
    already: Sequence[Array] = (),
    kinds: Kinds | None = None,
) -> list[Array]:
    """Choose the cells not to show, so that none under the floors can be worked out.

    A cell under a floor is hidden. Along every line whose sum is shown (all rows, or a shown
    group of an attribute in a crossing), hidden cells are two at least and together above the
    floors; the next smallest is hidden until they are. A hidden group takes along its cells.
    Last, no set of rows under the floors may be a combination of the sums shown, be it hidden
    or never declared: attributes may nest. already: cells hidden for another reason. kinds: of
    the tables, when they are known. Returns (groups,) bool each.
    """
    closed: list[Array] = [np.array((t.counts < floors.least).any(1)) for t in tables]
    for each, more in zip(closed, already, strict=False):
        each |= more
    while _inherit(tables, closed) or _complete(tables, closed, floors.least):
        pass
    if len(tables) < 2:
        return closed  # the groups of one attribute have nothing in common to take away
    kinds = kinds_of(tables) if kinds is None else kinds
    while cells := telling(kinds, closed, floors.least):
        _hide_smallest(tables, closed, cells)
        while _inherit(tables, closed) or _complete(tables, closed, floors.least):
            pass
    return closed


def _inherit(tables: Sequence[Table], closed: list[Array]) -> bool:
    """Hide the cells of hidden groups; say whether any was not."""
    alone = {t.cut.attributes[0]: at for at, t in enumerate(tables) if len(t.cut.attributes) == 1}
    changed = False
    for at, each in enumerate(tables):
        for key, parent in zip(each.cut.attributes, each.cut.parents, strict=False):
            wanted = closed[alone[key]][parent] & ~closed[at]
            changed |= bool(wanted.any())
            closed[at] |= wanted
    return changed


def _complete(tables: Sequence[Table], closed: list[Array], least: Array) -> bool:
    """Hide one more cell of the first line that would give a hidden one away."""
    for at, members, rest in _lines(tables, closed):
        out = closed[at] & members
        pieces = int(out.sum()) + bool(rest[0] > 0)
        if not pieces or not (~closed[at] & members).any():
            continue
        together = tables[at].counts[out].sum(0) + rest
        alone = pieces == 1 and bool(out.any())  # rows in no group are no secret by themselves
        if not alone and (together >= least).all():
            continue
        closed[at][_smallest(tables[at], ~closed[at] & members)] = True
        return True
    return False


def _lines(tables: Sequence[Table], closed: list[Array]) -> list[tuple[int, Array, Array]]:
    """List (table, cells, rows in no cell) of every line whose sum is shown."""
    alone = {t.cut.attributes[0]: at for at, t in enumerate(tables) if len(t.cut.attributes) == 1}
    lines = []
    for at, each in enumerate(tables):
        lines.append((at, np.ones(len(each.cut), bool), each.rest))
        for side, parent in enumerate(each.cut.parents):
            whole = alone[each.cut.attributes[side]]
            for group in np.flatnonzero(~closed[whole]):
                lines.append((at, parent == group, each.rests[side][group]))
    return lines


def _smallest(each: Table, among: Array) -> int:
    size = np.where(among, each.counts[:, 0], np.inf)
    return int(np.argmin(size))


def _hide_smallest(
    tables: Sequence[Table], closed: list[Array], cells: Sequence[tuple[int, int]]
) -> None:
    """Hide the smallest of some cells, those of the tables that hide some first."""
    _, _, at, group = min(
        (not closed[at].any(), tables[at].counts[group, 0], at, group) for at, group in cells
    )
    closed[at][group] = True


def kinds_of(tables: Sequence[Table]) -> Kinds:
    """List the kinds of row of some tables, and what each counts."""
    alone = [each.cut for each in tables if not each.cut.parents]
    key, size = np.zeros(len(alone[0].codes), np.int64), 1
    for cut in alone:
        key = key * (len(cut) + 1) + (cut.codes + 1)
        size *= len(cut) + 1
        if size > MANY_NUMBERS:
            _, key = np.unique(key, return_inverse=True)
            size = len(key)
    if size > MANY_KINDS:
        _, key = np.unique(key, return_inverse=True)
        size = int(key.max(initial=0)) + 1
    persons, *marks = tables[0].marks
    counted = np.stack([np.bincount(key, mark, size) for mark in (None, *marks)], 1)
    kept = counted[:, 0] > 0
    seen = np.zeros(size, np.int64)
    seen[key] = np.arange(len(key))  # a row of each kind
    groups = np.stack([each.cut.codes[seen[kept]] for each in tables]).astype(np.int64)
    owners = None
    if persons is not None:
        owners = np.unique(np.stack([(np.cumsum(kept) - 1)[key], persons]), axis=1)
    return Kinds(groups, counted[kept].astype(np.float64), owners)
