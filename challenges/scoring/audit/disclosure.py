"""Cut rows by attributes and say which groups may be shown: no small set of rows is told.

Every figure of a group is a sum over its rows, so the difference of two groups shown tells of
the rows between them. « Receives the benefit » inside « disabled », both large, tells of the
three who are disabled without it, though no crossing is shown and no cell is hidden."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.audit.declared import Person
from challenges.scoring.contract import ScoringContract
from challenges.scoring.metric import Floats, Part

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


def counted_slice(
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


def cells_to_hide(
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


LABELLED = 5  # positives, and negatives, under which what reads the truth is not shown


def counted_tables(contract: ScoringContract, part: Part, positive: Array | None) -> list[Table]:
    """Count the audited attributes and crossings, then the attributes of figures by group.

    positive: (n,) 0 or 1, None where the truth is not a yes or no. Attributes that no figure
    and no audit cut by are left out.
    """
    cuts = cut_all(contract, part)
    nothing = np.zeros(len(part), np.int8)
    yes = nothing if positive is None else positive
    no = nothing if positive is None else 1 - positive
    clusters = None if contract.truth.cluster is None else part.bucket
    alone: dict[str, Table] = {}
    found = []
    for cut in cuts:
        parents = [alone[key] for key in cut.attributes] if cut.parents else []
        one = contract.audit is not None and contract.audit.person is Person.CLUSTER
        found.append(counted_slice(cut, yes, no, clusters, parents, one_person=one))
        if not cut.parents:
            alone[cut.attributes[0]] = found[-1]
    return found


def cut_all(contract: ScoringContract, part: Part) -> list[Slice]:
    """Cut a part by every attribute that an audit or a figure by group uses."""
    spec = contract.audit
    keys = contract.audited if spec is not None else ()
    used = dict.fromkeys((*keys, *(str(s.by) for s in contract.fairness if s.by is not None)))
    chosen = [key for key in used if key in part.groups]
    return slices(part.groups, part.group_names, chosen, spec.crossings if spec else ())


def floors(contract: ScoringContract, *, labelled: bool) -> Floors:
    """Return what a group must count to be shown, with figures that read the truth or without."""
    persons = contract.least_group
    return Floors(persons, LABELLED, LABELLED) if labelled else Floors(persons)


def groups_to_hide(
    contract: ScoringContract, counted: list[Table], *, labelled: bool
) -> tuple[list[Array], list[Array]]:
    """Return the groups not to show at all, then those of which nothing reads the truth."""
    if not counted:
        return [], []
    kinds = kinds_of(counted)
    persons = cells_to_hide(counted, floors(contract, labelled=False), kinds=kinds)
    if not labelled:
        return persons, persons
    return persons, cells_to_hide(counted, floors(contract, labelled=True), persons, kinds)


def singles_out(answered: Array, least: int) -> bool:
    """Say whether an answer is the same everywhere but on a few rows, fewer than least.

    Figures by group would then tell the group of the persons of those rows. answered: (n,).
    """
    for value in np.unique(answered[:least]):  # one of the first rows is not among the few
        if 0 < len(answered) - int((answered == value).sum()) < least:
            return True
    return False


def groups_to_show(
    contract: ScoringContract, part: Part, attribute: str, positive: Any = None
) -> frozenset[str]:
    """Return the groups of an attribute whose figures may be shown: none if an answer singles out.

    positive: the positive label of the figure, None to take a truth of 0 and 1 as it is.
    """
    if part.p.ndim == 1 and part.ranks is None and singles_out(part.p, contract.least_group):
        return frozenset()
    yes = positives(part, positive)
    counted = counted_tables(contract, part, yes)
    _, sealed = groups_to_hide(contract, counted, labelled=yes is not None)
    at = next(i for i, each in enumerate(counted) if each.cut.attributes == (attribute,))
    groups = counted[at].cut.groups
    return frozenset(groups[g][0] for g in np.flatnonzero(~sealed[at]).tolist())


def positives(part: Part, positive: Any = None) -> Array | None:
    """Return which rows of the truth are positive, None where it is not a yes or no."""
    if part.y_offsets is not None or part.y.ndim != 1:
        return None
    if part.texts:
        if positive is None:
            return None
        wanted = [i for i, text in enumerate(part.texts) if text == str(positive)]
        return np.isin(part.y, wanted).astype(np.int8)
    if positive is not None:
        return np.asarray(part.y == float(positive)).astype(np.int8)
    return part.y.astype(np.int8) if np.isin(part.y, (0.0, 1.0)).all() else None
