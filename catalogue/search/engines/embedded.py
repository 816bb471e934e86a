"""The embedded engine: the database finds, BM25F over our own term counts orders."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalogue.search import columns, corrections, sets, weights
from catalogue.search import plan as plans
from catalogue.search.columns import Array, Columns
from catalogue.search.engines import facets
from catalogue.search.engines.dialects import Postings, dialect, postings, valued
from catalogue.search.query import ResourceQuery, Sort, Words
from catalogue.search.results import FacetCount, Results
from catalogue.search.sets import Mask, Tally
from catalogue.search.synonyms import Phrase

MILLION = 1_000_000


@dataclass(frozen=True)
class Matches:
    """The cards that answer the words of a query: where they stand in the columns, rising.

    score: what the words weigh there, 0 without words. complete: whether all ideas are held.
    typed: whether all the words typed are. Each of shape (n,).
    """

    at: Array
    score: NDArray[np.float64]
    complete: Mask
    typed: Mask

    def where(self, kept: Mask) -> "Matches":
        """Keep some of them."""
        return Matches(self.at[kept], self.score[kept], self.complete[kept], self.typed[kept])


class EmbeddedEngine:
    """Search in the database that holds the catalogue."""

    def __init__(self, *, counted: Sequence[str] = facets.SHOWN) -> None:
        self.facets = tuple(counted)

    def search(self, query: ResourceQuery) -> Results:
        """Answer a query; its statements do not grow with the cards."""
        plan = plans.plan(query.q)
        offset = (query.page - 1) * query.size
        if plan.asked and not plan.slots:
            return Results(0, 0, (), dict.fromkeys(self.facets, ()), offset=offset)
        cards = columns.current()
        matches = _matches(cards, plan, query)
        tally = _tally(cards, matches, query)
        counts = _counts(cards, matches, tally, self.facets)
        kept = matches.where(tally.all)
        complete = int(kept.complete.sum())
        return Results(
            total=len(kept.at),
            complete=complete,
            ids=cards.ids[_page(cards, kept, plan, query)].tolist(),
            facets=facets.shown(counts, query, self.facets),
            highlights=plan.marked,
            suggestion=corrections.corrected(query.q, complete=complete) if plan.slots else "",
            offset=offset,
        )

    def values(self, query: ResourceQuery, facet: str) -> Sequence[FacetCount]:
        """Count every value of a facet under the other filters."""
        plan = plans.plan(query.q)
        if plan.asked and not plan.slots:
            return ()
        cards = columns.current()
        matches = _matches(cards, plan, query)
        tally = _tally(cards, matches, query)
        return facets.every(facet, _counts(cards, matches, tally, [facet])[facet])


def _matches(cards: Columns, plan: plans.Plan, query: ResourceQuery) -> Matches:
    """Find what answers the words and the day; the facets are counted apart."""
    size = len(cards)
    if plan.slots:
        found = _worded(cards, plan)
    else:
        every = np.ones(size, np.bool_)
        found = Matches(np.arange(size), np.zeros(size), every, every)
    if query.updated:
        since = facets.days_ago(query.updated.days).toordinal()
        found = found.where(cards.updated_on[found.at] >= since)
    return found.where(found.complete) if query.words is Words.ALL else found


def _worded(cards: Columns, plan: plans.Plan) -> Matches:
    size = len(cards)
    weighed = plan.coefficients()
    found = postings([*weighed])
    score = np.zeros(size)
    held: dict[Phrase, Mask] = {}
    for term, coefficient in weighed.items():
        at = cards.places(found[term].ids)
        known = at >= 0  # published since the columns were read
        score[at[known]] += coefficient * _rarity(found[term], size) * found[term].impact[known]
        held[(term,)] = _mask(size, at)
    phrases = dialect().holding(plan.phrases_to_find)
    held |= {phrase: _mask(size, cards.places(ids)) for phrase, ids in phrases.items()}
    none = np.zeros(size, np.bool_)
    matched, complete, typed = none.copy(), ~none, ~none
    for slot in plan.slots:
        words = [slot.typed] if slot.quoted else [(word,) for word in slot.typed]
        others = np.logical_or.reduce([none, *(held[phrase] for phrase in slot.others)])
        all_typed = np.logical_and.reduce([held[word] for word in words])
        matched |= np.logical_or.reduce([others, *(held[word] for word in words)])
        complete &= all_typed | others
        typed &= all_typed
    at = np.nonzero(matched)[0]
    whole = matched if plan.is_one_word else complete
    return Matches(at, score[at], whole[at], typed[at])


def _rarity(found: Postings, size: int) -> float:
    holders = min(len(found.ids), size)
    return math.log(1 + (size - holders + 0.5) / (holders + 0.5))


def _mask(size: int, at: Array) -> Mask:
    found = np.zeros(size, np.bool_)
    found[at[at >= 0]] = True
    return found


def _tally(cards: Columns, matches: Matches, query: ResourceQuery) -> Tally:
    """Tell which matches pass each filter."""
    filters = query.filters()
    chosen = sets.holding({name: filters[name] for name in filters if name in facets.SHOWN})
    passes = {
        name: np.isin(cards.sets[matches.at, facets.SHOWN.index(name)], numbers)
        for name, numbers in chosen.items()
    }
    for name in filters.keys() - chosen.keys():
        holders = valued(name, filters[name]).values()
        at = cards.places(np.concatenate([np.empty(0, np.int64), *holders]))
        passes[name] = _mask(len(cards), at)[matches.at]
    return Tally(len(matches.at), passes)


def _counts(
    cards: Columns, matches: Matches, tally: Tally, counted: Sequence[str]
) -> Mapping[str, list[tuple[str, int]]]:
    """Count the values of facets, each under the filters of the others."""
    held = {
        name: cards.sets[matches.at, facets.SHOWN.index(name)]
        for name in counted
        if name in facets.SHOWN
    }
    found = tally.counts(held)
    for name in set(counted) - held.keys():
        kept = _mask(len(cards), matches.at[tally.others(name)])
        many = {
            value: int(kept[at[at >= 0]].sum())
            for value, ids in valued(name).items()
            for at in [cards.places(ids)]
        }
        found[name] = [(value, count) for value, count in many.items() if count]
    return found


def _page(cards: Columns, kept: Matches, plan: plans.Plan, query: ResourceQuery) -> Array:
    """Order the matches, those that hold all ideas first; give the places of the page asked for.

    Of equals, the first in the alphabet leads.
    """
    at = kept.at
    last = query.page * query.size
    match query.order:
        case Sort.RELEVANCE:
            leading = np.rint(_scores(cards, kept, plan) * MILLION)
            then = [cards.verified[at], cards.quality[at], cards.updated_on[at]]
        case Sort.UPDATED:
            leading, then = cards.updated_on[at], [cards.ids[at]]
        case Sort.QUALITY:
            leading, then = cards.quality[at], []
        case _:
            leading, then = cards.reuses[at], []
    if plan.slots:
        leading = leading + kept.complete * (float(leading.max(initial=0)) + 1)
    if query.size < 1:
        return at[:0]
    if len(at) > last:
        # Only what may stand on the page is ordered, and those that equal its last.
        least = np.partition(leading, len(at) - last)[len(at) - last]
        near = np.nonzero(leading >= least)[0]
        at, leading, then = at[near], leading[near], [key[near] for key in then]
    keys = [at, *(-key.astype(np.float64) for key in reversed([leading, *then]))]
    order = np.lexsort(keys)
    found: Array = at[order][last - query.size : last]
    return found


def _scores(cards: Columns, kept: Matches, plan: plans.Plan) -> NDArray[np.float64]:
    """Weigh the matches: their words, their use, their freshness, an exact title."""
    at = kept.at
    fresh = np.ones(len(at))
    for days, gain in reversed(weights.FRESH):
        fresh[cards.updated_on[at] >= facets.days_ago(days).toordinal()] = gain
    phrase = " ".join(plan.typed)
    bonus = np.ones(len(at))
    if len(plan.typed) > 1:
        inside = f" {phrase} "
        titles = cards.title_words[at]
        for match in np.nonzero(kept.typed)[0]:
            if inside in f" {titles[match]} ":
                bonus[match] = weights.PHRASE
    exact = (cards.title_words[at] == phrase) | (cards.acronym_words[at] == phrase)
    bonus[exact.astype(np.bool_)] = weights.EXACT
    found: NDArray[np.float64] = kept.score * cards.boost[at] * fresh * bonus
    return found
