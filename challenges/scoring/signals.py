"""Find entries of two teams that are too alike, for a moderator to look at.

A signal is a reason to ask, never a proof: two teams that fit the same model to the same data
answer alike in good faith. What everybody holds is therefore removed first: the published
answers (reference, sample), and, for numbers, what the truth itself explains. Two honest
models share the noise of the truth, so that plain errors p − y are alike for any two of them
(docs/decisions/0025).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from challenges.scoring.sketch import Sketch

Array = NDArray[Any]
Floats = NDArray[np.float64]

ALIKE = 0.995  # correlation of what is left of two answers
EQUAL = 0.5  # share of rows with the same value to 6 decimals
DECIMALS = 6
DEVIATIONS = 3.0  # above the other pairs of teams
SAME_ERRORS = 0.9  # and at least this share of the wrong rows
LEAST_PAIRS = 5  # others, to say what is usual
LEAST_SPREAD = 0.1  # on the logit scale
NEAREST = 0.005  # to 0 or to 1
LEAST_ROWS = 30
OWN = 1e-6  # share of the variance that must be a team's own
VARIED = 0.1  # share of the rows with a value of their own, for equality to tell


class Rule(StrEnum):
    """Name a way in which two teams' answers are too alike."""

    DUPLICATE = "duplicate"
    RESIDUALS = "residuals"
    VALUES = "values"
    ERRORS = "errors"


@dataclass(frozen=True)
class Entrant:
    """Hold one entry to compare: its name, its team's, the digest of its answer, its sketch."""

    entry: str
    team: str
    digest: str
    sketch: Sketch


@dataclass(frozen=True)
class Known:
    """Hold what everybody may share: right answers at the secret rows, published answers."""

    truth: Array | None
    published: tuple[Sketch, ...] = ()
    digests: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Pair:
    """Tell that two entries of two teams are too alike: by which rules, with what figure.

    figures: correlation, or share of rows, of each rule.
    """

    first: str
    second: str
    figures: Mapping[Rule, float]


def duplicates(entrants: Sequence[Entrant], known: Known) -> list[Pair]:
    """Find the same aligned answer in two teams: CSV, Parquet and shuffled copies collide.

    A published answer, or one without any difference between rows, is nobody's.
    """
    by_digest: dict[str, list[Entrant]] = {}
    for each in entrants:
        if each.digest not in known.digests and each.sketch.shape.distinct > 1:
            by_digest.setdefault(each.digest, []).append(each)
    return [
        Pair(first.entry, second.entry, {Rule.DUPLICATE: 1.0})
        for same in by_digest.values()
        for first, second in combinations(same, 2)
        if first.team != second.team
    ]


def alike(entrants: Sequence[Entrant], known: Known) -> list[Pair]:
    """Find the pairs of entries of two teams that are too alike, the strongest of each pair.

    Numbers: residual correlation above 0.995, or more than half of the values the same to 6
    decimals. Words: at least 9 wrong rows in 10 shared, 3 standard deviations above the other
    pairs of teams, five of them at least.
    """
    own = [each for each in entrants if each.digest not in known.digests]
    numbers = [each for each in own if not each.sketch.is_words]
    words = [each for each in own if each.sketch.is_words]
    best: dict[tuple[str, str], Pair] = {}
    for one, two, rule, figure in (*_numbers(numbers, known), *_words(words, known)):
        key = (min(one.team, two.team), max(one.team, two.team))
        before = best.get(key)
        if before is None:
            best[key] = Pair(one.entry, two.entry, {rule: figure})
        elif (before.first, before.second) == (one.entry, two.entry):
            best[key] = Pair(one.entry, two.entry, {**before.figures, rule: figure})
    return list(best.values())


Found = tuple[Entrant, Entrant, Rule, float]


def _numbers(entrants: Sequence[Entrant], known: Known) -> Iterator[Found]:
    """Give the flagged pairs, the most correlated first."""
    kept, rows = residuals(entrants, known)
    if len(kept) > 1:
        r = rows @ rows.T
        pairs = [
            (float(r[i, j]), i, j)
            for i, j in zip(*np.nonzero(np.triu(r > ALIKE, 1)), strict=True)
            if kept[i].team != kept[j].team
        ]
        for figure, i, j in sorted(pairs, key=lambda pair: -pair[0]):
            yield kept[i], kept[j], Rule.RESIDUALS, min(figure, 1.0)
    yield from _same_values(entrants, known)


def residuals(entrants: Sequence[Entrant], known: Known) -> tuple[list[Entrant], Floats]:
    """Return the entrants that have something of their own, and it, centred, of length 1.

    What the truth and the published answers explain by least squares is removed.
    """
    if not entrants or entrants[0].sketch.values.size < LEAST_ROWS:
        return [], np.zeros((0, 0))
    shared = [each.values for each in known.published if not each.is_words]
    if known.truth is not None:
        shared.append(known.truth)
    basis = np.zeros((entrants[0].sketch.values.size, 0))
    if shared:
        basis = _basis(np.column_stack([_centred(each) for each in shared]))
    kept, rows = [], []
    for each in entrants:
        whole = _centred(each.sketch.values)
        left = whole - basis @ (basis.T @ whole)
        size = float(left @ left)
        if size > OWN * float(whole @ whole) and size > 0:
            kept.append(each)
            rows.append(left / np.sqrt(size))
    return kept, np.array(rows)


def _centred(values: Array) -> Floats:
    laid = values.astype(np.float64)
    return np.asarray((laid - laid.mean(0)).ravel())


def _basis(columns: Floats) -> Floats:
    """Return an orthonormal basis of what some columns span."""
    u, s, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(u[:, s > 1e-10 * max(float(s.max(initial=0.0)), 1e-300)])


def _same_values(entrants: Sequence[Entrant], known: Known) -> Iterator[Found]:
    """Give the pairs with the same values to 6 decimals on most rows that are not published.

    Answers with few values, such as whole numbers or steps of a small tree, tell nothing.
    """
    laid = [np.round(each.sketch.values.ravel(), DECIMALS) for each in entrants]
    varied = [i for i, one in enumerate(laid) if len(np.unique(one)) >= VARIED * len(one)]
    published = [np.round(each.values.ravel(), DECIMALS) for each in known.published]
    own = {i: ~_any_equal(laid[i], published) for i in varied}
    for i, j in combinations(varied, 2):
        if entrants[i].team == entrants[j].team:
            continue
        mine = own[i] & own[j]
        count = int(np.count_nonzero(mine))
        if count < LEAST_ROWS:
            continue
        share = float((laid[i] == laid[j])[mine].mean())
        if share > EQUAL:
            yield entrants[i], entrants[j], Rule.VALUES, share


def _any_equal(one: Array, others: Sequence[Array]) -> NDArray[np.bool_]:
    found = np.zeros(len(one), np.bool_)
    for other in others:
        found |= one == other
    return found


def _words(entrants: Sequence[Entrant], known: Known) -> Iterator[Found]:
    """Give the pairs of teams that share their errors far more than the others do."""
    closest: dict[tuple[str, str], tuple[float, Entrant, Entrant]] = {}
    laid = [each.sketch.values.ravel() for each in entrants]
    published = [each.values.ravel() for each in known.published]
    wrong = [_own_errors(one, known.truth, published) for one in laid]
    for i, j in combinations(range(len(entrants)), 2):
        one, two = entrants[i], entrants[j]
        either = int(np.count_nonzero(wrong[i] | wrong[j]))
        if one.team == two.team or either < LEAST_ROWS:
            continue
        both = int(np.count_nonzero(wrong[i] & wrong[j] & (laid[i] == laid[j])))
        key = (min(one.team, two.team), max(one.team, two.team))
        if both / either >= closest.get(key, (0.0,))[0]:
            closest[key] = (both / either, one, two)
    for key, (share, one, two) in closest.items():
        others = [figure for other, (figure, *_who) in closest.items() if other != key]
        if len(others) >= LEAST_PAIRS and share >= SAME_ERRORS and _is_unusual(share, others):
            yield one, two, Rule.ERRORS, share


def _is_unusual(share: float, others: Sequence[float]) -> bool:
    """Tell whether a share is 3 standard deviations above others, on the logit scale.

    Shares end at 1: plain deviations of pairs that differ much would let none be unusual.
    """
    z = _logit(np.array(others))
    spread = max(float(np.std(z, ddof=1)), LEAST_SPREAD)
    return float(_logit(np.array([share]))[0]) > float(z.mean()) + DEVIATIONS * spread


def _logit(shares: Floats) -> Floats:
    held = np.clip(shares, NEAREST, 1 - NEAREST)
    return np.asarray(np.log(held) - np.log1p(-held))


def _own_errors(
    answer: Array, truth: Array | None, published: Sequence[Array]
) -> NDArray[np.bool_]:
    """Return the rows that are wrong otherwise than in a published answer."""
    wrong = np.ones(len(answer), np.bool_) if truth is None else answer != truth.ravel()
    return np.asarray(wrong & ~_any_equal(answer, published))
