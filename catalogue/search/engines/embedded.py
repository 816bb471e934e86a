"""The embedded engine: the database finds, BM25F over our own term counts orders."""

import math
from collections.abc import Sequence
from typing import Any

from django.db.models import Count

from catalogue.models import IndexedResource, IndexedTerm
from catalogue.search import corrections, weights
from catalogue.search import plan as plans
from catalogue.search.engines import facets
from catalogue.search.engines.dialects import Dialect, Hits, Sql, dialect
from catalogue.search.query import ResourceQuery, Sort, Words
from catalogue.search.results import FacetCount, Results

# Names of the rows of an answer that are not counts of a facet.
TOTALS, PAGE = "=", "#"
Counts = dict[str, list[tuple[str, int]]]


class EmbeddedEngine:
    """Search in the database that holds the catalogue."""

    def __init__(self, *, counted: Sequence[str] = facets.SHOWN) -> None:
        self.facets = tuple(counted)

    def search(self, query: ResourceQuery) -> Results:
        """Answer a query in a constant number of statements."""
        plan = plans.plan(query.q)
        offset = (query.page - 1) * query.size
        if plan.asked and not plan.slots:
            return Results(0, 0, (), dict.fromkeys(self.facets, ()), offset=offset)
        speaks = dialect()
        hits = speaks.hits(_matches(speaks, plan, query))
        counts = self._answer(speaks, hits, plan, query)
        totals = dict(counts.pop(TOTALS))
        complete = totals["complete"] if plan.slots else totals["total"]
        ranked = sorted((place, int(pk)) for pk, place in counts.pop(PAGE))
        return Results(
            total=totals["total"],
            complete=complete,
            ids=[pk for _place, pk in ranked],
            facets=facets.shown(counts, query, self.facets),
            highlights=plan.marked,
            suggestion=corrections.corrected(query.q, complete=complete) if plan.slots else "",
            offset=offset,
        )

    def values(self, query: ResourceQuery, facet: str) -> Sequence[FacetCount]:
        """Count every value of a facet, with the first page of results."""
        plan = plans.plan(query.q)
        if plan.asked and not plan.slots:
            return ()
        speaks = dialect()
        hits = speaks.hits(_matches(speaks, plan, query))
        alone = EmbeddedEngine(counted=[facet])
        return facets.every(facet, alone._answer(speaks, hits, plan, query)[facet])

    def _answer(
        self, speaks: Dialect, hits: Hits, plan: plans.Plan, query: ResourceQuery
    ) -> Counts:
        """Count the facets and find the page in one statement: one reading of the matches."""
        places = ", ".join(["%s"] * len(self.facets))
        listed, values = _page(speaks, hits, plan, query)
        kept = _kept(query)
        sql = f"""
            SELECT f.facet, f.value, COUNT(*) FROM {_facet_source(hits, plan, query)}
            WHERE f.facet IN ({places}) AND {_counted(query)} GROUP BY f.facet, f.value
            UNION ALL SELECT '{TOTALS}', 'total', COUNT(*) FROM search_hit h WHERE {kept}
            UNION ALL SELECT '{TOTALS}', 'complete', COUNT(*) FROM search_hit h
            WHERE {kept} AND h.complete = 1
            UNION ALL {listed}
        """  # noqa: S608 - names of ours, values as parameters
        found: Counts = {name: [] for name in (*self.facets, TOTALS, PAGE)}
        for name, value, count in hits.rows(sql, [*self.facets, *values]):
            found[name].append((value, count))
        return found


def _kept(query: ResourceQuery) -> str:
    """Write the condition that a match passes every filter."""
    return "h.miss = 0" if query.filters() else "1 = 1"


def _counted(query: ResourceQuery) -> str:
    """Write the condition that a match passes every filter but the facet's own."""
    return "(h.miss = 0 OR h.which = f.facet)" if query.filters() else "1 = 1"


def _facet_source(hits: Hits, plan: plans.Plan, query: ResourceQuery) -> str:
    everything = not plan.slots and not query.is_filtered
    return "catalogue_indexedfacet f" if everything else hits.facet_join()


def _matches(speaks: Dialect, plan: plans.Plan, query: ResourceQuery) -> Sql:
    """Select each row that misses at most one filter: its id, completeness and the filter."""
    filters = list(query.filters().items())
    params: list[Any] = []
    complete = "1"
    if plan.slots and not plan.is_one_word:
        condition, values = speaks.all_words(plan.slots)
        complete, params = f"CASE WHEN {condition} THEN 1 ELSE 0 END", values
    columns = [f"{complete} AS complete"]
    for number, (name, values_of) in enumerate(filters):
        places = ", ".join(["%s"] * len(values_of))
        columns.append(
            "CASE WHEN d.resource_id IN (SELECT resource_id FROM catalogue_indexedfacet"  # noqa: S608
            f" WHERE facet = %s AND value IN ({places})) THEN 0 ELSE 1 END AS m{number}"
        )
        params += [name, *values_of]
    where, more = _conditions(speaks, plan, query)
    missed = " + ".join(f"m{n}" for n in range(len(filters))) or "0"
    which = " ".join(f"WHEN m{n} = 1 THEN %s" for n in range(len(filters)))
    which = f"CASE {which} ELSE '' END" if which else "''"
    rule = f"{missed} <= 1" + (" AND complete = 1" if query.words is Words.ALL else "")
    sql = f"""
        SELECT id, complete, {missed}, {which} FROM (
            SELECT d.resource_id AS id, {", ".join(columns)}
            FROM {speaks.searched if plan.slots else "catalogue_indexedresource"} d WHERE {where}
        ) AS candidate WHERE {rule}
    """  # noqa: S608 - names of ours, values as parameters
    return sql, [*[name for name, _ in filters], *params, *more]


def _conditions(speaks: Dialect, plan: plans.Plan, query: ResourceQuery) -> Sql:
    parts: list[str] = ["1 = 1"]
    params: list[Any] = []
    if plan.slots:
        condition, params = speaks.any_word(plan.slots)
        parts.append(condition)
    if query.updated:
        parts.append(
            "d.resource_id IN"
            " (SELECT resource_id FROM catalogue_indexedresource WHERE updated_on >= %s)"
        )
        params = [*params, facets.days_ago(query.updated.days)]
    return " AND ".join(parts), params


def _page(speaks: Dialect, hits: Hits, plan: plans.Plan, query: ResourceQuery) -> Sql:
    """Select the page as rows of (PAGE, id, place)."""
    score, params = _score(plan)
    scored, values = _scored(hits, plan)
    keys = {
        Sort.RELEVANCE: [speaks.rounded(score), "d.verified", "d.quality", "d.updated_on"],
        Sort.UPDATED: ["d.updated_on", "d.resource_id"],
        Sort.QUALITY: ["d.quality"],
        Sort.REUSES: ["d.reuses"],
    }[query.order]
    named = ", ".join(f"{key} AS k{n}" for n, key in enumerate(["h.complete", *keys]))
    first = ", ".join(f"k{n} DESC" for n in range(len(keys) + 1))
    sql = f"""
        SELECT '{PAGE}', CAST(id AS TEXT),
            ROW_NUMBER() OVER (ORDER BY {first}, kt {speaks.binary}, id) FROM (
            SELECT h.id AS id, {named}, d.title_key AS kt FROM search_hit h
            JOIN catalogue_indexedresource d ON d.resource_id = h.id {scored}
            WHERE {_kept(query)}
            ORDER BY {first}, d.title_key {speaks.binary}, h.id
            LIMIT %s OFFSET %s
        ) AS page
    """  # noqa: S608 - names of ours, values as parameters
    ordering = params if query.order is Sort.RELEVANCE else []
    offset = (query.page - 1) * query.size
    return sql, [*ordering, *values, query.size, offset]


def _score(plan: plans.Plan) -> Sql:
    fresh = " ".join(f"WHEN d.updated_on >= %s THEN {gain}" for _, gain in weights.FRESH)
    score = f"d.boost * CASE {fresh} ELSE 1 END"
    params: list[Any] = [facets.days_ago(days) for days, _ in weights.FRESH]
    if not plan.slots:
        return score, params
    phrase = " ".join(plan.typed)
    bonus = (
        f"CASE WHEN d.title_words = %s OR d.acronym_words = %s THEN {weights.EXACT}"
        f" WHEN ' ' || d.title_words || ' ' LIKE %s THEN {weights.PHRASE} ELSE 1 END"
    )
    like = f"% {phrase} %" if len(plan.typed) > 1 else ""
    return f"s.score * {score} * {bonus}", [*params, phrase, phrase, like]


def _scored(hits: Hits, plan: plans.Plan) -> Sql:
    """Join the BM25F sum of each match as `s`."""
    if not plan.slots:
        return "", []
    coefficients = plan.coefficients()
    rarity = _rarity(list(coefficients))
    cases = " ".join(["WHEN %s THEN CAST(%s AS DOUBLE PRECISION)"] * len(coefficients))
    places = ", ".join(["%s"] * len(coefficients))
    sql = f"""
        JOIN (
            SELECT t.resource_id AS id, SUM(CASE t.term {cases} END * t.impact) AS score
            FROM {hits.term_join()} WHERE t.term IN ({places}) GROUP BY t.resource_id
        ) s ON s.id = h.id
    """  # noqa: S608 - names of ours, values as parameters
    params: list[Any] = []
    for term, coefficient in coefficients.items():
        params += [term, coefficient * rarity[term]]
    return sql, [*params, *coefficients]


def _rarity(terms: list[str]) -> dict[str, float]:
    total = IndexedResource.objects.count()
    found = dict(
        IndexedTerm.objects.filter(term__in=terms)
        .values_list("term")
        .annotate(holders=Count("*"))
        .order_by("term")
    )
    return {
        term: math.log(1 + (total - found.get(term, 0) + 0.5) / (found.get(term, 0) + 0.5))
        for term in terms
    }
