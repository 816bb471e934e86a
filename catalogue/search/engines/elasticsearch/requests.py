"""From a query to the body of one search: matches, order, page and facets in one request."""

from collections.abc import Sequence
from typing import Any

from catalogue.search import weights
from catalogue.search.engines import facets
from catalogue.search.plan import Plan
from catalogue.search.query import ResourceQuery, Sort, Words
from catalogue.search.synonyms import Phrase, Slot

Clause = dict[str, Any]
# A result with all the words comes before any other. Multiplying by a power of two keeps every
# bit of a score, where adding a large number would lose those that order.
COMPLETE_FIRST = float(2**60)


def body(
    query: ResourceQuery, plan: Plan, counted: Sequence[str], *, size: int = facets.FACET_SIZE
) -> Clause:
    """Write the whole search. size: values counted for each facet."""
    complete = _complete(plan)
    filters = _filters(query)
    matches = _matches(query, plan, complete)
    return {
        "query": _ordered(query, plan, matches, complete),
        "post_filter": {"bool": {"filter": list(filters.values())}},
        "sort": _sort(query.order),
        "from": (query.page - 1) * query.size,
        "size": query.size,
        "track_total_hits": True,
        "_source": False,
        "aggs": {
            "complete": {
                "filter": {"bool": {"filter": [*filters.values(), *_all(complete)]}},
            },
            **{name: _facet(name, query, filters, size) for name in counted},
        },
    }


def _filters(query: ResourceQuery) -> dict[str, Clause]:
    return {
        name: {"terms": {f"facets.{name}": list(values)}}
        for name, values in query.filters().items()
    }


def _matches(query: ResourceQuery, plan: Plan, complete: Clause | None) -> list[Clause]:
    """List what every match holds, filters of facets apart."""
    found = []
    if plan.slots:
        words = [word for slot in plan.slots if not slot.quoted for word in slot.typed]
        ways = [{"terms": {"words": words}}] if words else []
        ways += [_phrase(slot.typed) for slot in plan.slots if slot.quoted]
        ways += [_phrase(phrase) for phrase in plan.phrases]
        found.append(_any(ways))
    if query.updated:
        since = facets.days_ago(query.updated.days).isoformat()
        found.append({"range": {"updated_on": {"gte": since}}})
    if query.words is Words.ALL:
        found += _all(complete)
    return found


def _complete(plan: Plan) -> Clause | None:
    """Say what a result with every word holds; None when every match does."""
    if not plan.slots or plan.is_one_word:
        return None
    return {"bool": {"filter": [_slot(slot) for slot in plan.slots]}}


def _slot(slot: Slot) -> Clause:
    if slot.quoted:
        return _phrase(slot.typed)
    typed = {"bool": {"filter": [_word(word) for word in slot.typed]}}
    return _any([typed, *(_phrase(phrase) for phrase in slot.others)])


def _phrase(phrase: Phrase) -> Clause:
    if len(phrase) == 1:
        return _word(phrase[0])
    return {"match_phrase": {"words": " ".join(phrase)}}


def _word(word: str) -> Clause:
    return {"term": {"words": word}}


def _any(ways: list[Clause]) -> Clause:
    if len(ways) == 1:
        return ways[0]
    return {"bool": {"should": ways, "minimum_should_match": 1}}


def _all(clause: Clause | None) -> list[Clause]:
    return [clause] if clause else []


def _ordered(
    query: ResourceQuery, plan: Plan, matches: list[Clause], complete: Clause | None
) -> Clause:
    """Give each match the score that orders it."""
    if query.order is not Sort.RELEVANCE or not plan.slots:
        first = [{"constant_score": {"filter": complete}}] if complete else []
        return {"bool": {"filter": matches or [{"match_all": {}}], "should": first}}
    weighed = [
        {"term": {"weighed": {"value": term, "boost": coefficient}}}
        for term, coefficient in plan.coefficients().items()
    ]
    return {
        "function_score": {
            "query": {"bool": {"filter": matches, "should": weighed}},
            "functions": [
                {"field_value_factor": {"field": "boost"}},
                *_fresh(),
                *_bonuses(plan),
                *({"filter": each, "weight": COMPLETE_FIRST} for each in _all(complete)),
            ],
            "score_mode": "multiply",
            "boost_mode": "multiply",
        }
    }


def _fresh() -> list[Clause]:
    found, before = [], None
    for days, gain in weights.FRESH:
        bounds = {"gte": facets.days_ago(days).isoformat()} | ({"lt": before} if before else {})
        found.append({"filter": {"range": {"updated_on": bounds}}, "weight": gain})
        before = bounds["gte"]
    return found


def _bonuses(plan: Plan) -> list[Clause]:
    words = " ".join(plan.typed)
    exact = _any([{"term": {"title_words": words}}, {"term": {"acronym_words": words}}])
    found = [{"filter": exact, "weight": weights.EXACT}]
    if len(plan.typed) > 1:
        phrase = {"match_phrase": {"title_words.phrase": words}}
        near = {"bool": {"filter": [phrase], "must_not": [exact]}}
        found.append({"filter": near, "weight": weights.PHRASE})
    return found


def _sort(order: Sort) -> list[Clause | str]:
    keys: list[str] = {
        Sort.RELEVANCE: ["verified", "quality", "updated_on"],
        Sort.UPDATED: ["updated_on", "id"],
        Sort.QUALITY: ["quality"],
        Sort.REUSES: ["reuses"],
    }[order]
    last: list[Clause | str] = [{"title_key": "asc"}]
    if "id" not in keys:
        last.append({"id": "asc"})
    return ["_score", *({key: "desc"} for key in keys), *last]


def _facet(name: str, query: ResourceQuery, filters: dict[str, Clause], size: int) -> Clause:
    """Count the values of a facet under every other filter; those chosen are always counted."""
    field = f"facets.{name}"
    others = [clause for other, clause in filters.items() if other != name]
    order = [{"_count": "desc"}, {"_key": "asc"}]
    inside = {"values": {"terms": {"field": field, "size": size, "order": order}}}
    if chosen := getattr(query, name):
        inside["chosen"] = {"terms": {"field": field, "include": list(chosen), "size": len(chosen)}}
    return {"filter": {"bool": {"filter": others}}, "aggs": inside}
