"""Measure candidates ranked by their score; equal scores share what any order would give.

Each figure is the mean over the orders of the tied candidates, which no name can win: for
NDCG the gains of a block are averaged, for the others the exact expectation is written out.
A candidate without a score is not retrieved; a query without a relevant one is left out, as
the truth alone decides. Source: McSherry and Najork 2008, ECIR, LNCS 4956, 414-421.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from challenges.scoring.metric import (
    Array,
    Floats,
    Metric,
    MetricFault,
    Params,
    Part,
    Shape,
    Stats,
    dense,
    divide,
    ratio,
    units_of,
)


@dataclass(frozen=True)
class Blocks:
    """Hold blocks of equal scores, by query then decreasing score, one value each.

    unit: query. before, size: ranks above the block, candidates in it. relevant: those with a
    gain. above: relevant ones in the blocks above. queries: how many there are.
    """

    unit: Array
    before: Array
    size: Array
    relevant: Array
    above: Array
    queries: int


def _lists(part: Part) -> tuple[Array, Array, Floats]:
    """Return the query, the score and the gain of each scored candidate."""
    if part.y_offsets is None or part.gains is None:
        raise MetricFault("gains are needed")
    if part.p_offsets is None or part.scores is None:
        raise MetricFault("scores of candidates are needed")
    if (part.gains < 0).any():
        raise MetricFault("a gain is negative")
    unit, width = units_of(part.p_offsets), max(len(part.texts), 1)
    if np.array_equal(part.p_offsets, part.y_offsets) and np.array_equal(part.p, part.y):
        return unit, part.scores, np.asarray(part.gains, np.float64)
    known, wanted = units_of(part.y_offsets) * width + part.y, unit * width + part.p
    order = np.argsort(known)
    if not len(known):
        return unit, part.scores, np.zeros(len(unit))
    at = np.minimum(np.searchsorted(known[order], wanted), len(known) - 1)
    return unit, part.scores, np.where(known[order][at] == wanted, part.gains[order][at], 0.0)


def _blocks(part: Part) -> Blocks:
    unit, scores, gains = _lists(part)
    order = np.lexsort((-scores, unit))
    unit_at, score_at = unit[order], scores[order]
    new = np.r_[True, (np.diff(unit_at) != 0) | (np.diff(score_at) != 0)][: len(order)]
    block = np.cumsum(new) - 1
    size = np.bincount(block)
    relevant = np.bincount(block, weights=gains[order] > 0).astype(np.int64)
    owner = unit_at[new]
    return Blocks(
        unit=owner,
        before=_within(owner, size),
        size=size,
        relevant=relevant,
        above=_within(owner, relevant),
        queries=len(part),
    )


def _within(owner: Array, counts: Array) -> Array:
    """Add up the counts of the earlier blocks of the same query."""
    total = np.concatenate([[0], np.cumsum(counts)])[:-1]
    first = np.searchsorted(owner, owner)
    return np.asarray(total - total[first], np.int64)


def _cut(params: Params) -> int:
    return int(params.get("k") or np.iinfo(np.int32).max)


def _support(part: Part) -> Array:
    """Return how many relevant candidates each query has."""
    assert part.y_offsets is not None  # noqa: S101 (the lists were read)
    assert part.gains is not None  # noqa: S101 (the lists were read)
    return np.bincount(units_of(part.y_offsets)[part.gains > 0], minlength=len(part))


def _per_query(part: Part, values: Array, by: Array | float = 1.0) -> Stats:
    held = _support(part) > 0
    return dense(held, np.where(held, np.nan_to_num(divide(values, np.asarray(by))), 0.0))


def _hits(blocks: Blocks, k: int) -> Floats:
    """Return the relevant candidates expected in the top k of each query."""
    inside = np.clip(k - blocks.before, 0, blocks.size)
    share = blocks.relevant * inside / np.maximum(blocks.size, 1)
    return np.asarray(np.bincount(blocks.unit, weights=share, minlength=blocks.queries))


def _precision(part: Part, params: Params) -> Stats:
    return _per_query(part, _hits(_blocks(part), _cut(params)), float(params["k"]))


def _recall(part: Part, params: Params, *, capped: bool) -> Stats:
    hits, support = _hits(_blocks(part), _cut(params)), _support(part)
    return _per_query(part, hits, np.minimum(support, _cut(params)) if capped else support)


def _first(blocks: Blocks) -> Blocks:
    """Keep of each query the first block that holds a relevant candidate."""
    where = np.flatnonzero((blocks.relevant > 0) & (blocks.above == 0))
    fields = ("unit", "before", "size", "relevant", "above")
    return replace(blocks, **{name: getattr(blocks, name)[where] for name in fields})


def _hit(part: Part, params: Params) -> Stats:
    """Return the chance that one at least of the top k is relevant."""
    blocks, k = _first(_blocks(part)), _cut(params)
    none = np.ones(len(blocks.size))
    inside = np.clip(k - blocks.before, 0, blocks.size)
    for step in range(int(inside.max(initial=0))):
        left = np.maximum(blocks.size - blocks.relevant - step, 0) / np.maximum(
            blocks.size - step, 1
        )
        none = np.where(step < inside, none * left, none)
    chance = np.bincount(blocks.unit, weights=1 - none, minlength=blocks.queries)
    return _per_query(part, chance)


def _reciprocal(part: Part, params: Params) -> Stats:
    """Average 1 / rank of the first relevant candidate over the places it may take."""
    blocks, k = _first(_blocks(part)), _cut(params)
    size, relevant = blocks.size, blocks.relevant
    chance = divide(relevant, size)  # of the place looked at, the first of the block to start with
    total = np.zeros(len(size))
    for place in range(1, int((size - relevant).max(initial=-1)) + 2):
        rank = blocks.before + place
        total += np.where(rank <= k, chance / rank, 0.0)
        left = np.maximum(size - place - relevant + 1, 0)
        chance = chance * left / np.maximum(size - place, 1)
    return _per_query(part, np.bincount(blocks.unit, weights=total, minlength=blocks.queries))


def _average_precision(part: Part, params: Params, *, capped: bool) -> Stats:
    """Average the precision at each relevant candidate, place by place within each block."""
    blocks, k = _blocks(part), _cut(params)
    owner = np.repeat(np.arange(len(blocks.size)), blocks.size)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(blocks.size) - blocks.size, blocks.size)
    size, relevant = blocks.size[owner], blocks.relevant[owner]
    rank = blocks.before[owner] + place + 1
    alone = relevant / size * (blocks.above[owner] + 1)
    others = place * relevant * (relevant - 1) / np.maximum(size * (size - 1), 1)
    worth = np.where(rank <= k, (alone + others) / rank, 0.0)
    total = np.bincount(blocks.unit[owner], weights=worth, minlength=blocks.queries)
    support = _support(part)
    return _per_query(part, total, np.minimum(support, k) if capped else support)


def _ndcg(part: Part, params: Params) -> Stats:
    _, scores, given = _lists(part)
    assert part.y_offsets is not None  # noqa: S101 (the lists were read)
    assert part.p_offsets is not None  # noqa: S101 (the lists were read)
    gains = np.asarray(part.gains, np.float64)
    if params.get("gain", "linear") == "exponential":
        given, gains = np.exp2(given) - 1, np.exp2(gains) - 1
    found = _discounted(part.p_offsets, scores, given, _cut(params))
    ideal = _discounted(part.y_offsets, gains, gains, _cut(params))
    held = ideal > 0
    if not params.get("single", False):
        held = held & (np.diff(part.y_offsets) > 1)
    return dense(held, np.where(held, np.nan_to_num(divide(found, ideal)), 0.0))


def _discounted(offsets: Array, score: Array, gains: Array, k: int) -> Floats:
    """Add up the discounted gains of the top k of each query; ties share their mean gain.

    Queries of one size are sorted together, as the rows of a table.
    """
    size, total = np.diff(offsets), np.zeros(len(offsets) - 1)
    for length in np.unique(size[size > 0]).tolist():
        queries = np.flatnonzero(size == length)
        at = offsets[queries][:, None] + np.arange(length)
        order = np.argsort(-score[at], axis=1, kind="stable")
        at = np.take_along_axis(at, order, axis=1)
        scores, worth = score[at], gains[at]
        tied = np.flatnonzero((scores[:, 1:] == scores[:, :-1]).any(1))
        if len(tied) and score is not gains:
            worth[tied] = _shared(scores[tied], worth[tied])
        found = np.zeros(len(queries))
        for place in range(min(k, length)):
            found += worth[:, place] / np.log2(place + 2.0)
        total[queries] = found
    return total


def _shared(scores: Array, gains: Array) -> Floats:
    """Give each of the candidates tied in a row, sorted by score, the mean of their gains."""
    new = np.ones(scores.shape, bool)
    new[:, 1:] = scores[:, 1:] != scores[:, :-1]
    block = np.cumsum(new.ravel()) - 1
    mean = np.bincount(block, weights=gains.ravel()) / np.bincount(block)
    return np.asarray(mean[block].reshape(scores.shape), np.float64)


def _faults(params: Params) -> Iterable[str]:
    if params.get("gain", "linear") not in ("linear", "exponential"):
        yield "gain must be linear or exponential"
    if not isinstance(params.get("single", False), bool):
        yield "single must be true or false"


def _metric(name: str, stats: Any, formula: str, oracle: str, *needs: str, **more: Any) -> Metric:
    facts: dict[str, Any] = {"optional": frozenset({"k"} - set(needs))} | more
    return Metric(
        name=name,
        shape=Shape.SCORED,
        direction="max",
        low=0.0,
        high=1.0,
        stats=stats,
        value=ratio,
        formula=formula,
        oracle=oracle,
        required=frozenset(needs),
        faults=_faults,
        **facts,
    )


METRICS = (
    _metric(
        "ndcg_scored",
        _ndcg,
        "mean over queries of DCG@k / IDCG@k, equal scores sharing the mean of their gains",
        "sklearn.metrics.ndcg_score",
        optional=frozenset({"k", "gain", "single"}),
    ),
    _metric(
        "map_scored",
        partial(_average_precision, capped=True),
        "mean over queries of E[Σ_{r ≤ k} P(r)·rel(r)] / min(R, k)",
        "pytrec_eval map_cut, capped; every order of the ties",
    ),
    _metric(
        "map_r_scored",
        partial(_average_precision, capped=False),
        "mean over queries of E[Σ_{r ≤ k} P(r)·rel(r)] / R",
        "pytrec_eval map_cut; every order of the ties",
    ),
    _metric(
        "mrr_scored",
        _reciprocal,
        "mean over queries of E[1 / rank of the first relevant candidate of the top k]",
        "pytrec_eval recip_rank; every order of the ties",
    ),
    _metric(
        "precision_scored",
        _precision,
        "mean over queries of E|top k ∩ relevant| / k",
        "pytrec_eval P; every order of the ties",
        "k",
    ),
    _metric(
        "hit_scored",
        _hit,
        "mean over queries of the chance that the top k holds a relevant candidate",
        "pytrec_eval success; every order of the ties",
        "k",
    ),
    _metric(
        "recall_scored",
        partial(_recall, capped=False),
        "mean over queries of E|top k ∩ relevant| / |relevant|",
        "pytrec_eval recall; every order of the ties",
        "k",
    ),
    _metric(
        "recall_capped_scored",
        partial(_recall, capped=True),
        "mean over queries of E|top k ∩ relevant| / min(k, |relevant|)",
        "pytrec_eval recall, capped; every order of the ties",
        "k",
    ),
)
