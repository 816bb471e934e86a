"""Learn how likely a move between two occupations is, and measure it on occupations left out.

A logistic model of how alike two occupations are. What other occupations lead to (the graph of
moves) was tried and left: it made the ranking worse on folds left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portal.demonstrator.building import measuring
from portal.demonstrator.building.measuring import Figure
from portal.demonstrator.engines.learning import FOLDS, folds
from portal.demonstrator.engines.words import words
from portal.demonstrator.referential import SCHOOLING, Occupation

NEAR, FURTHER = 2, 1  # gains, as the challenge has them
KEPT = 60  # moves kept of each occupation
TOP = 10
STEPS = 40
CLOSE = 1e-6
# Chosen by cross-validation on the occupations that are learnt from.
PENALTY = 20.0
TOPICS = (20, 60)  # of latent semantics, on all the words of a sheet
TOPICS_OF_TITLES = 40
Array = NDArray[Any]
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Known:
    """What moves are learnt from.

    links: (from, to) → gain. unseen: occupations whose moves are not known, from them or to them.
    held: links of unseen occupations that are measured; none: by folds of the others. more: texts
    of an occupation that its sheet has besides. women: share of women in it, in percent.
    """

    occupations: Sequence[Occupation]
    labels: Mapping[str, str]
    links: Mapping[tuple[str, str], int]
    unseen: frozenset[str] = frozenset()
    held: Mapping[tuple[str, str], int] = field(default_factory=dict)
    more: Mapping[str, Sequence[str]] = field(default_factory=dict)
    women: Mapping[str, float] = field(default_factory=dict)

    @property
    def codes(self) -> tuple[str, ...]:
        """Give the codes, in their order."""
        return tuple(each.code for each in self.occupations)


def learn(known: Known) -> tuple[dict[str, Array], list[Figure]]:
    """Learn from all known links; returns {codes, moves, scores} and the figures.

    moves: n × KEPT, places of occupations, the best first; scores: their chances, float32.
    """
    codes, alike = known.codes, features(known)
    gains = _gains(known.links, codes)
    everyone = np.arange(len(codes))
    given = np.array([code not in known.unseen for code in codes])
    learnt = everyone[given]
    if known.held:
        chances = _scored(alike, _fitted(alike, gains, learnt))
        asked, truth = everyone[~given], _gains(known.held, codes)
    else:
        chances, asked, truth = _by_folds(alike, gains, learnt, codes), learnt, gains
    asked = np.array([at for at in asked if truth[at].any()])
    found = figures(known, chances, asked, truth, baseline=alike[..., 0])
    every = _scored(alike, _fitted(alike, gains, learnt))
    order = np.argsort(-every, axis=1, kind="stable")[:, : min(KEPT, len(codes) - 1)]
    kept = np.take_along_axis(every, order, axis=1)
    stored: dict[str, Array] = {
        "codes": np.array(codes),
        "moves": order.astype(np.uint16),
        "scores": kept.astype(np.float32),
    }
    return stored, found


def _gains(links: Mapping[tuple[str, str], int], codes: Sequence[str]) -> Matrix:
    places = {code: at for at, code in enumerate(codes)}
    gains = np.zeros((len(codes), len(codes)))
    for (start, end), gain in links.items():
        if start in places and end in places:
            gains[places[start], places[end]] = gain
    return gains


def _by_folds(alike: Matrix, gains: Matrix, learnt: Array, codes: Sequence[str]) -> Matrix:
    """Score the moves of each fold by a model that saw no move from it or to it."""
    chances = np.zeros(gains.shape)
    fold_of = folds([codes[at] for at in learnt])
    for fold in range(FOLDS):
        out, kept = learnt[fold_of == fold], learnt[fold_of != fold]
        chances[out] = _scored(alike, _fitted(alike, gains, kept))[out]
    return chances


def features(known: Known) -> Matrix:
    """Say how alike each occupation is to each other: n × n × features.

    Of words: cosines of TF-IDF, on stems; latent semantics of them. Of ranks: how many are more
    alike than this one, from either side.
    """
    each = known.occupations
    asked = [[known.labels[one] for one in occupation.knowledge] for occupation in each]
    names = _stems(one.title for one in each)
    asked_words = _stems(" ".join(few) for few in asked)
    titles = _stems(" . ".join(one.titles) for one in each)
    told = _stems(f"{one.definition} {' '.join(one.tasks)}" for one in each)
    more = _stems(" ".join((*one.environment, *known.more.get(one.code, ()))) for one in each)
    title_words = _weighed(_together(names, titles))
    all_words = _weighed(_together(names, titles, told, asked_words))
    same = [
        _cosine(_weighed(asked)),
        _cosine(_weighed(asked_words)),
        _cosine(_weighed(_together(names, told))),
        _cosine(title_words),
        _cosine(_weighed(more)),
        _cosine(_weighed(names)),
        _cosine(all_words),
        *(_latent(all_words, count) for count in TOPICS),
        _latent(title_words, TOPICS_OF_TITLES),
    ]
    level = np.array([SCHOOLING.index(one.level) if one.level in SCHOOLING else 2 for one in each])
    up = (level[None, :] - level[:, None]) / len(SCHOOLING)
    equal = [
        _equal([one.code[0] for one in each]),
        _equal([one.code[:3] for one in each]),
        _equal([one.riasec[:1] for one in each]),
        _equal([one.riasec[1:2] for one in each]),
        _equal([one.riasec for one in each]),
    ]
    ranks = [_ranks(one) for one in same] + [_ranks(one.T).T for one in same]
    return np.stack([*same, *equal, up, np.abs(up), *ranks], axis=-1)


def _stems(texts: Iterable[str]) -> list[list[str]]:
    return [[word.stem for word in words(text)] for text in texts]


def _together(*parts: list[list[str]]) -> list[list[str]]:
    return [[*chain.from_iterable(each)] for each in zip(*parts, strict=True)]


def _weighed(told: Sequence[Sequence[str]]) -> Matrix:
    """Weigh terms by TF-IDF: texts × terms, rows of length 1; a term of one text is left out."""
    seen: dict[str, int] = {}
    for each in told:
        for term in set(each):
            seen[term] = seen.get(term, 0) + 1
    column = {
        term: at for at, term in enumerate(sorted(t for t, times in seen.items() if times > 1))
    }
    table = np.zeros((len(told), len(column)))
    for row, each in zip(table, told, strict=True):
        for term in each:
            if term in column:
                row[column[term]] += 1
    idf = np.array([1 + np.log((1 + len(told)) / (1 + seen[term])) for term in column])
    table = np.where(table > 0, 1 + np.log(np.maximum(table, 1)), 0) * idf
    return table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)


def _cosine(table: Matrix) -> Matrix:
    return np.asarray(table @ table.T)


def _latent(table: Matrix, topics: int) -> Matrix:
    """Compare texts by the topics that words come together in."""
    values, vectors = np.linalg.eigh(table @ table.T)
    placed = vectors[:, -topics:] * np.sqrt(np.maximum(values[-topics:], 0))
    placed = placed / np.maximum(np.linalg.norm(placed, axis=1, keepdims=True), 1e-9)
    return np.asarray(placed @ placed.T)


def _equal(values: Sequence[str]) -> Matrix:
    column = np.array(values)
    return (column[:, None] == column[None, :]).astype(float)


def _ranks(alike: Matrix) -> Matrix:
    order = np.argsort(-alike, axis=1, kind="stable")
    return np.log1p(np.argsort(order, axis=1, kind="stable"))


@dataclass(frozen=True)
class _Fitted:
    mean: Array
    spread: Array
    slopes: Array
    level: float


def _fitted(alike: Matrix, gains: Matrix, learnt: Array) -> _Fitted:
    """Fit a penalised logistic model to the pairs of some occupations, by Newton's method.

    A near move counts twice.
    """
    inside = np.ix_(learnt, learnt)
    apart = ~np.eye(len(learnt), dtype=bool)
    rows, gain = alike[inside][apart], gains[inside][apart]
    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    spread = np.where(spread > 1e-9, spread, 1.0)
    table = np.concatenate([(rows - mean) / spread, np.ones((len(rows), 1))], axis=1)
    weight, moved = np.where(gain == NEAR, 2.0, 1.0), (gain > 0).astype(float)
    penalty = np.full(table.shape[1], PENALTY)
    penalty[-1] = 0
    found = np.zeros(table.shape[1])
    found[-1] = np.log(max(moved.mean(), 1e-6))

    def loss(slopes: Array) -> float:
        lead = table @ slopes
        told = weight @ (np.logaddexp(0, lead) - moved * lead)
        return float(told + penalty @ slopes**2 / 2)

    now = loss(found)
    for _step in range(STEPS):
        chance = 1 / (1 + np.exp(-table @ found))
        slope = table.T @ (weight * (moved - chance)) - penalty * found
        bend = (table * (weight * chance * (1 - chance))[:, None]).T @ table + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        while (then := loss(found + step)) > now and np.abs(step).max() > CLOSE:
            step /= 2  # it went too far
        found, now = found + step, then
        if np.abs(step).max() <= CLOSE:
            break
    return _Fitted(mean, spread, found[:-1], float(found[-1]))


def _scored(alike: Matrix, fitted: _Fitted) -> Matrix:
    """Give the chance of each move, n × n; -1 from an occupation to itself."""
    slopes = fitted.slopes / fitted.spread
    lead = alike @ slopes + (fitted.level - float(fitted.mean @ slopes))
    chances = 1 / (1 + np.exp(-lead))
    np.fill_diagonal(chances, -1.0)
    return np.asarray(chances)


def figures(
    known: Known, chances: Matrix, asked: Array, truth: Matrix, *, baseline: Matrix
) -> list[Figure]:
    """Measure the first TOP moves of some occupations, beside those that share most knowledge."""
    codes = known.codes
    names = [codes[at] for at in asked]
    truths = [{int(to): int(truth[at, to]) for to in np.flatnonzero(truth[at])} for at in asked]
    plain = baseline.copy()
    np.fill_diagonal(plain, -1)
    ours, theirs = (
        [np.argsort(-each[at], kind="stable")[:TOP].tolist() for at in asked]
        for each in (chances, plain)
    )
    grade = partial(measuring.figure, metric="ndcg", params={"k": TOP, "gain": "exponential"})
    beside = grade("ndcg_at_10", measuring.ranked(truths, theirs, names))["value"]
    part = measuring.ranked(truths, ours, names)
    domains = sorted({code[0] for code in names})
    part = replace(
        part,
        groups={"group": np.array([domains.index(code[0]) for code in names])},
        group_names={"group": domains},
    )
    found = [grade("ndcg_at_10", part, baseline=beside)]
    outside = [
        [float(np.mean([codes[to][0] != codes[at][0] for to in answer])) for at, answer in pairs]
        for pairs in (
            zip(asked, ours, strict=True),
            zip(asked, theirs, strict=True),
            zip(asked, truths, strict=True),
        )
    ]
    found += [
        measuring.mean(
            "share_outside_domain", outside[0], names, baseline=float(np.mean(outside[1]))
        ),
        measuring.mean("share_outside_domain_of_truth", outside[2], names),
    ]
    if known.women:
        women = np.array([known.women.get(code, np.nan) for code in codes])
        gaps, plain_gaps, true_gaps = (
            [_gap(women, at, answer) for at, answer in zip(asked, answers, strict=True)]
            for answers in (ours, theirs, truths)
        )
        found += [
            measuring.mean("gender_mix_gap", gaps, names, baseline=float(np.nanmean(plain_gaps))),
            measuring.mean("gender_mix_gap_of_truth", true_gaps, names),
        ]
    return found


def _gap(women: Array, start: int, ends: Iterable[int]) -> float:
    """Give the mean difference of the share of women, in points; NaN where none is known."""
    apart = np.abs(women[list(ends)] - women[start])
    kept = apart[np.isfinite(apart)]
    return float(kept.mean()) if len(kept) else float("nan")
