"""Measure lists of items, ranked by the answer or by the score it gives to each candidate.

One figure per query. A query without a relevant item (no positive gain) is left out, as the
truth alone decides; an absent item is not retrieved, and ranks may leave gaps. Equal scores
share what any order would give, which no name can win: for NDCG the gains of a block are
averaged, for the others the exact expectation is written out.
Source: McSherry and Najork 2008, ECIR, LNCS 4956, 414-421.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from challenges.scoring.fields import Definition
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
    parameter,
    ratio,
    units_of,
)


@dataclass(frozen=True)
class Blocks:
    """Hold blocks of equal scores, by query then decreasing score; a ranked item is one alone.

    unit: query. before, size: ranks above the block, items in it. relevant: those with a
    gain. above: relevant ones in the blocks above. queries: how many there are.
    """

    unit: Array
    before: Array
    size: Array
    relevant: Array
    above: Array
    queries: int


def _given(part: Part) -> tuple[Array, Floats]:
    """Return the query and the gain of each given item, 0 when the truth does not hold it."""
    if part.y_offsets is None or part.gains is None:
        raise MetricFault("gains are needed")
    if part.p_offsets is None or (part.ranks is None and part.scores is None):
        raise MetricFault("ranked lists are needed")
    if (part.gains < 0).any():
        raise MetricFault("a gain is negative")
    unit, width = units_of(part.p_offsets), max(len(part.texts), 1)
    if np.array_equal(part.p_offsets, part.y_offsets) and np.array_equal(part.p, part.y):
        return unit, np.asarray(part.gains, np.float64)
    known, wanted = units_of(part.y_offsets) * width + part.y, unit * width + part.p
    order = np.argsort(known)
    if not len(known):
        return unit, np.zeros(len(unit))
    at = np.minimum(np.searchsorted(known[order], wanted), len(known) - 1)
    return unit, np.where(known[order][at] == wanted, part.gains[order][at], 0.0)


def _blocks(part: Part) -> Blocks:
    unit, gains = _given(part)
    if part.scores is None:
        assert part.ranks is not None  # noqa: S101 (the lists were read)
        order = np.lexsort((part.ranks, unit))
        new = np.ones(len(order), bool)
        before = part.ranks[order].astype(np.int64) - 1
    else:
        order = np.lexsort((-part.scores, unit))
        unit_at, score_at = unit[order], part.scores[order]
        new = np.r_[True, (np.diff(unit_at) != 0) | (np.diff(score_at) != 0)][: len(order)]
    block = np.cumsum(new) - 1
    size = np.bincount(block)
    relevant = np.bincount(block, weights=gains[order] > 0).astype(np.int64)
    owner = unit[order][new]
    return Blocks(
        unit=owner,
        before=_within(owner, size) if part.scores is not None else before,
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
    """Return how many relevant items each query has."""
    assert part.y_offsets is not None  # noqa: S101 (the lists were read)
    assert part.gains is not None  # noqa: S101 (the lists were read)
    return np.bincount(units_of(part.y_offsets)[part.gains > 0], minlength=len(part))


def _per_query(part: Part, values: Array, by: Array | float = 1.0) -> Stats:
    held = _support(part) > 0
    return dense(held, np.where(held, np.nan_to_num(divide(values, np.asarray(by))), 0.0))


def _hits(blocks: Blocks, k: int) -> Floats:
    """Return the relevant items expected in the top k of each query."""
    inside = np.clip(k - blocks.before, 0, blocks.size)
    share = blocks.relevant * inside / np.maximum(blocks.size, 1)
    return np.asarray(np.bincount(blocks.unit, weights=share, minlength=blocks.queries))


def _precision(part: Part, params: Params) -> Stats:
    return _per_query(part, _hits(_blocks(part), _cut(params)), float(params["k"]))


def _recall(part: Part, params: Params, *, capped: bool) -> Stats:
    hits, support = _hits(_blocks(part), _cut(params)), _support(part)
    return _per_query(part, hits, np.minimum(support, _cut(params)) if capped else support)


def _reciprocal(part: Part, params: Params) -> Stats:
    """Average 1 / rank of the first relevant item over the places it may take."""
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


def _first(blocks: Blocks) -> Blocks:
    """Keep of each query the first block that holds a relevant item."""
    where = np.flatnonzero((blocks.relevant > 0) & (blocks.above == 0))
    fields = ("unit", "before", "size", "relevant", "above")
    return replace(blocks, **{name: getattr(blocks, name)[where] for name in fields})


def _average_precision(part: Part, params: Params, *, capped: bool) -> Stats:
    """Average the precision at each relevant item, place by place within each block."""
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
    """Divide the discounted gains by the best; a query with one candidate says nothing."""
    unit, given = _given(part)
    assert part.y_offsets is not None  # noqa: S101 (the lists were read)
    assert part.p_offsets is not None  # noqa: S101 (the lists were read)
    gains, k = np.asarray(part.gains, np.float64), _cut(params)
    if params.get("gain", "linear") == "exponential":
        given, gains = np.exp2(given) - 1, np.exp2(gains) - 1
    ideal = _by_score(part.y_offsets, gains, gains, k)
    held = ideal > 0
    if part.scores is None:
        found = _by_rank(part, unit, given, k)
    else:
        found = _by_score(part.p_offsets, part.scores, given, k)
        held = held & (np.diff(part.y_offsets) > 1)
    return dense(held, np.where(held, np.nan_to_num(divide(found, ideal)), 0.0))


def _by_rank(part: Part, unit: Array, gains: Floats, k: int) -> Floats:
    """Add up the discounted gains of the ranks up to k of each query."""
    assert part.ranks is not None  # noqa: S101 (the lists were read)
    order = np.lexsort((part.ranks, unit))
    order = order[part.ranks[order] <= k]
    worth = gains[order] / np.log2(part.ranks[order] + 1.0)
    return np.asarray(np.bincount(unit[order], weights=worth, minlength=len(part)), np.float64)


def _by_score(offsets: Array, score: Array, gains: Array, k: int) -> Floats:
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


def _covered(part: Part, params: Params) -> Stats:
    unit, given = _given(part)
    assert part.ranks is not None  # noqa: S101 (of ranked lists alone)
    inside = part.ranks <= int(params["k"])
    total = np.bincount(unit[inside], weights=given[inside], minlength=len(part))
    return dense(np.ones(len(part)), total)


def _distance(part: Part, params: Params) -> Stats:
    p_unit, _ = _given(part)
    assert part.y_offsets is not None  # noqa: S101 (the lists were read)
    numbers = part.numbers[params["attribute"]]
    of_truth = params.get("of", "submission") == "truth"
    unit, item = (units_of(part.y_offsets), part.y) if of_truth else (p_unit, part.p)
    values = np.full(max(len(part.texts), 1), np.nan)
    values[: len(numbers["items"])] = numbers["items"]
    gap = np.abs(values[item] - numbers["units"][unit])
    known = np.isfinite(gap)
    count = np.bincount(unit[known], minlength=len(part))
    total = np.bincount(unit[known], weights=gap[known], minlength=len(part))
    return dense(count > 0, np.nan_to_num(divide(total, count)))


def _other_prefix(part: Part, params: Params) -> Stats:
    unit, _ = _given(part)
    size = int(params["prefix"])
    code: dict[str, int] = {}
    items = np.array([code.setdefault(t[:size], len(code)) for t in part.texts], np.int64)
    queries = np.array([code.setdefault(t[:size], len(code)) for t in part.names], np.int64)
    other = items[part.p] != queries[unit] if len(part.p) else np.zeros(0, bool)
    count = np.bincount(unit, minlength=len(part))
    total = np.bincount(unit, weights=other, minlength=len(part))
    return dense(count > 0, np.nan_to_num(divide(total, count)))


CUT = parameter("k", int, low=1)
NEEDED_CUT = replace(CUT, is_needed=True)


def _metric(
    name: str, stats: Any, formula: str, oracle: str, *parameters: Definition, **more: Any
) -> Metric:
    facts: dict[str, Any] = {"shape": Shape.LISTS, "direction": "max", "high": 1.0} | more
    return Metric(
        name=name,
        low=0.0,
        stats=stats,
        value=ratio,
        formula=formula,
        oracle=oracle,
        parameters=parameters,
        **facts,
    )


METRICS = (
    _metric(
        "ndcg",
        _ndcg,
        "mean over queries of DCG@k / IDCG@k, DCG = Σ g(gain) / log2(rank + 1), equal scores "
        "sharing the mean of their gains",
        "pytrec_eval ndcg_cut, sklearn.metrics.ndcg_score",
        CUT,
        parameter("gain", choices=("linear", "exponential")),
    ),
    _metric(
        "map_at_k",
        partial(_average_precision, capped=True),
        "mean over queries of E[Σ_{r ≤ k} P(r)·rel(r)] / min(R, k)",
        "pytrec_eval map_cut, capped",
        CUT,
    ),
    _metric(
        "map_r_at_k",
        partial(_average_precision, capped=False),
        "mean over queries of E[Σ_{r ≤ k} P(r)·rel(r)] / R",
        "pytrec_eval map_cut",
        CUT,
    ),
    _metric(
        "mrr_at_k",
        _reciprocal,
        "mean over queries of E[1 / rank of the first relevant item of the top k]",
        "pytrec_eval recip_rank on the top k",
        CUT,
    ),
    _metric(
        "precision_at_k",
        _precision,
        "mean over queries of E|top k ∩ relevant| / k",
        "pytrec_eval P",
        NEEDED_CUT,
    ),
    _metric(
        "recall_at_k",
        partial(_recall, capped=True),
        "mean over queries of E|top k ∩ relevant| / min(k, |relevant|)",
        "pytrec_eval recall, capped",
        NEEDED_CUT,
    ),
    _metric(
        "recall_r_at_k",
        partial(_recall, capped=False),
        "mean over queries of E|top k ∩ relevant| / |relevant|",
        "pytrec_eval recall",
        NEEDED_CUT,
    ),
    _metric(
        "gain_covered",
        _covered,
        "mean over queries of Σ gain of the top k",
        "own vectors",
        NEEDED_CUT,
        shape=Shape.RANKED,
        high=np.inf,
    ),
    _metric(
        "attribute_distance",
        _distance,
        "mean over queries of the mean |attribute of the query − attribute of the item|",
        "own vectors",
        parameter("attribute", is_needed=True),
        parameter("of", choices=("submission", "truth")),
        shape=Shape.RANKED,
        direction="none",
        high=np.inf,
    ),
    _metric(
        "share_other_prefix",
        _other_prefix,
        "mean over queries of the share of items of another prefix than the query's",
        "own vectors",
        parameter("prefix", int, low=1, is_needed=True),
        shape=Shape.RANKED,
        direction="none",
    ),
)
