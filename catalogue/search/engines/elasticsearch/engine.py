"""Answer a query from the server."""

from collections.abc import Mapping, Sequence
from typing import Any

from catalogue.search import corrections, ranking
from catalogue.search import plan as plans
from catalogue.search.engines import facets
from catalogue.search.engines.elasticsearch import requests
from catalogue.search.engines.elasticsearch.client import (
    SEARCH_SECONDS,
    Address,
    Away,
    connect,
    named_failures,
)
from catalogue.search.query import ResourceQuery
from catalogue.search.results import FacetCount, Results

# Of the time that a search has, what the server may take: it then says so itself.
SHARE = 0.8


class ElasticsearchEngine:
    """Search in the index behind the alias; raises Away in time (0.6 s), or Refused."""

    def __init__(
        self,
        address: Address,
        *,
        counted: Sequence[str] = facets.SHOWN,
        seconds: float = SEARCH_SECONDS,
    ) -> None:
        self.address = address
        self.seconds = seconds
        self.facets = tuple(counted)

    def search(self, query: ResourceQuery) -> Results:
        """Answer a query in one request."""
        plan = plans.plan(query.q)
        offset = (query.page - 1) * query.size
        if plan.asked and not plan.slots:
            return Results(0, 0, (), dict.fromkeys(self.facets, ()), offset=offset)
        answer = self._ask(requests.body(query, plan, self.facets))
        found = answer["aggregations"]
        counts = {name: _counted(found[name]) for name in self.facets}
        complete = found["complete"]["doc_count"]
        ids = [int(hit["_id"]) for hit in answer["hits"]["hits"]]
        return Results(
            total=answer["hits"]["total"]["value"],
            complete=complete,
            ids=ranking.page(ids, complete, query, plan),
            facets=facets.shown(counts, query, self.facets),
            highlights=plan.marked,
            suggestion=corrections.corrected(query.q, complete=complete) if plan.slots else "",
            offset=offset,
        )

    def values(self, query: ResourceQuery, facet: str) -> Sequence[FacetCount]:
        """Count every value of a facet in one request."""
        plan = plans.plan(query.q)
        if plan.asked and not plan.slots:
            return ()
        body = requests.body(query, plan, [facet], size=facets.MOST_VALUES)
        answer = self._ask({**body, "size": 0, "from": 0})
        return facets.every(facet, _counted(answer["aggregations"][facet]))

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
