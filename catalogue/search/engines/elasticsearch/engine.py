"""Answer a query from the server: matches, order, page and facets in one request."""

from collections.abc import Mapping, Sequence
from typing import Any

from catalogue.search import ranking
from catalogue.search.engines import database
from catalogue.search.engines.database import Answer, PlannedEngine
from catalogue.search.engines.elasticsearch.client import (
    SEARCH_SECONDS,
    Address,
    Away,
    connect,
    named_failures,
)
from catalogue.search.fulltext import SYNONYM, WEIGHTS, Plan
from catalogue.search.query import COUNTED, ResourceQuery, Sort, Words
from catalogue.search.synonyms import Phrase, Slot

Clause = dict[str, Any]
# A result with all the words comes before any other.
COMPLETE_FIRST = 1e6


def request_body(
    query: ResourceQuery, plan: Plan, counted: Sequence[str], *, size: int = database.FACET_SIZE
) -> Clause:
    """Write the whole search. size: values counted for each facet."""
    complete = _complete(plan)
    filters = _filters(query)
    start, most = ranking.window(query, plan)
    matches = _matches(query, plan, complete)
    return {
        "query": _ordered(query, plan, matches, complete),
        "post_filter": {"bool": {"filter": list(filters.values())}},
        "sort": _sort(query.order),
        "from": start,
        "size": most,
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
        since = database.days_ago(query.updated.days).isoformat()
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
    synonyms = {word for phrase in plan.phrases for word in phrase} - set(plan.typed)
    scored = [_scored(plan.typed, 1.0), *([_scored(sorted(synonyms), SYNONYM)] if synonyms else [])]
    return {
        "function_score": {
            "query": {"bool": {"filter": matches, "should": scored}},
            "functions": [
                {"field_value_factor": {"field": "boost"}},
                *({"filter": each, "weight": COMPLETE_FIRST} for each in _all(complete)),
            ],
            "score_mode": "multiply",
            "boost_mode": "multiply",
        }
    }


def _scored(words: Sequence[str], boost: float) -> Clause:
    fields = [f"{name}^{weight}" for name, weight in WEIGHTS.items()]
    return {"combined_fields": {"query": " ".join(words), "fields": fields, "boost": boost}}


def _sort(order: Sort) -> list[Clause | str]:
    keys: list[str] = {
        Sort.RELEVANCE: [],
        Sort.UPDATED: ["updated_on", "id"],
        Sort.QUALITY: ["quality"],
        Sort.REUSES: ["reuses"],
    }[order]
    last: list[Clause | str] = [] if "id" in keys else [{"title_key": "asc"}, {"id": "asc"}]
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


# Of the time that a search has, what the server may take: it then says so itself.
SHARE = 0.8


class ElasticsearchEngine(PlannedEngine):
    """Search in the index behind the alias; raises Away in time (0.6 s), or Refused."""

    def __init__(
        self,
        address: Address,
        *,
        counted: Sequence[str] = COUNTED,
        seconds: float = SEARCH_SECONDS,
    ) -> None:
        super().__init__(counted=counted)
        self.address = address
        self.seconds = seconds

    def answer(
        self, query: ResourceQuery, plan: Plan, facets: Sequence[str], *, counts_alone: bool
    ) -> Answer:
        """Ask the server once."""
        size = database.MOST_VALUES if counts_alone else database.FACET_SIZE
        body = request_body(query, plan, facets, size=size)
        told = self._ask({**body, "size": 0, "from": 0} if counts_alone else body)
        found = told["aggregations"]
        return Answer(
            counts={name: _counted(found[name]) for name in facets},
            total=told["hits"]["total"]["value"],
            complete=found["complete"]["doc_count"],
            ids=[int(hit["_id"]) for hit in told["hits"]["hits"]],
        )

    def _ask(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        client = connect(self.address).options(request_timeout=self.seconds)
        with named_failures():
            answer = client.search(
                index=self.address.alias,
                body={**body, "timeout": f"{round(self.seconds * SHARE * 1_000)}ms"},
                allow_partial_search_results=False,
            )
        if answer["timed_out"]:
            raise Away("the search was cut short")
        return answer.body


def _counted(found: Mapping[str, Any]) -> list[tuple[str, int]]:
    rows = [*found["values"]["buckets"], *found.get("chosen", {}).get("buckets", ())]
    return list({row["key"]: row["doc_count"] for row in rows}.items())
