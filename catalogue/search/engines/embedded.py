"""The embedded engine: the database finds, BM25F over our own term counts orders."""

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Count

from catalogue.models import IndexedFacet, IndexedResource, IndexedTerm
from catalogue.search import plan as plans
from catalogue.search import spelling, weights
from catalogue.search.engines.dialects import Dialect, Hits, Sql, dialect
from catalogue.search.query import ResourceQuery, Sort, Words
from catalogue.search.results import FacetCount, Results
from portal.lib import clock

# Facets counted with each search, in the order of the panel.
SHOWN = (
    "kind",
    "scope",
    "task",
    "use_case",
    "access",
    "licence",
    "language",
    "guarantee",
    "organisation",
)
FACET_SIZE = 50


class EmbeddedEngine:
    """Search in the database that holds the catalogue."""

    def __init__(self, *, facets: Sequence[str] = SHOWN) -> None:
        self.facets = tuple(facets)

    def search(self, query: ResourceQuery) -> Results:
        """Answer a query in a constant number of statements."""
        plan = plans.plan(query.q)
        offset = (query.page - 1) * query.size
        if plan.asked and not plan.slots:
            return Results(0, 0, (), dict.fromkeys(self.facets, ()), offset=offset)
        speaks = dialect()
        hits = speaks.hits(_matches(speaks, plan, query))
        counts, total, complete = self._counts(
            hits, everything=not (plan.slots or query.is_filtered)
        )
        ids = _page(speaks, hits, plan, query, offset) if total > offset else []
        return Results(
            total=total,
            complete=complete if plan.slots else total,
            ids=ids,
            facets=_shown(counts, query, self.facets),
            highlights=plan.marked,
            suggestion=_suggestion(plan) if plan.slots and not complete else "",
            offset=offset,
        )

    def _counts(
        self, hits: Hits, *, everything: bool
    ) -> tuple[dict[str, list[tuple[str, int]]], int, int]:
        places = ", ".join(["%s"] * len(self.facets))
        source, condition = hits.facet_join(), "(h.miss = 0 OR h.which = f.facet)"
        if everything:
            source, condition = "catalogue_indexedfacet f", "1 = 1"
        sql = f"""
            SELECT f.facet, f.value, COUNT(*) FROM {source}
            WHERE f.facet IN ({places}) AND {condition} GROUP BY f.facet, f.value
            UNION ALL SELECT '', 'total', COUNT(*) FROM search_hit WHERE miss = 0
            UNION ALL SELECT '', 'complete', COUNT(*) FROM search_hit
            WHERE miss = 0 AND complete = 1
        """  # noqa: S608 - names of ours, values as parameters
        found: dict[str, list[tuple[str, int]]] = {name: [] for name in (*self.facets, "")}
        for facet, value, count in _rows(hits, sql, self.facets):
            found[facet].append((value, count))
        totals = dict(found.pop(""))
        return found, totals["total"], totals["complete"]


def _rows(hits: Hits, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    prefix, before = hits.prefix()
    with connection.cursor() as cursor:
        cursor.execute(prefix + sql, [*before, *params])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


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
            FROM catalogue_indexedresource d WHERE {where}
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
        parts.append("d.updated_on >= %s")
        params = [*params, _days_ago(query.updated.days)]
    return " AND ".join(parts), params


def _days_ago(days: int) -> str:
    return (clock.paris_day(clock.now()) - timedelta(days=days)).isoformat()


def _page(
    speaks: Dialect, hits: Hits, plan: plans.Plan, query: ResourceQuery, offset: int
) -> list[int]:
    score, params = _score(plan)
    scored, values = _scored(hits, plan)
    keys = {
        Sort.RELEVANCE: [speaks.rounded(score), "d.verified", "d.quality", "d.updated_on"],
        Sort.UPDATED: ["d.updated_on"],
        Sort.QUALITY: ["d.quality"],
        Sort.REUSES: ["d.reuses"],
    }[query.sort]
    order = ", ".join(f"{key} DESC" for key in ["h.complete", *keys])
    sql = f"""
        SELECT h.id FROM search_hit h
        JOIN catalogue_indexedresource d ON d.resource_id = h.id {scored}
        WHERE h.miss = 0
        ORDER BY {order}, d.title_key {speaks.binary}, h.id LIMIT %s OFFSET %s
    """  # noqa: S608 - names of ours, values as parameters
    ordering = params if query.sort is Sort.RELEVANCE else []
    return [row[0] for row in _rows(hits, sql, [*values, *ordering, query.size, offset])]


def _score(plan: plans.Plan) -> Sql:
    fresh = " ".join(f"WHEN d.updated_on >= %s THEN {gain}" for _, gain in weights.FRESH)
    score = f"d.boost * CASE {fresh} ELSE 1 END"
    params: list[Any] = [_days_ago(days) for days, _ in weights.FRESH]
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


def _shown(
    counts: dict[str, list[tuple[str, int]]], query: ResourceQuery, facets: Sequence[str]
) -> dict[str, tuple[FacetCount, ...]]:
    labels = _labels(counts)
    found: dict[str, tuple[FacetCount, ...]] = {}
    for name in facets:
        chosen = getattr(query, name)
        rows = dict(counts[name])
        ranked = sorted(rows, key=lambda value: (-rows[value], value))[:FACET_SIZE]
        kept = [*ranked, *(value for value in chosen if value not in ranked)]
        found[name] = tuple(
            FacetCount(value, rows.get(value, 0), labels.get((name, value), "")) for value in kept
        )
    return found


def _labels(counts: dict[str, list[tuple[str, int]]]) -> dict[tuple[str, str], str]:
    named = [value for value, _ in counts.get("organisation", ())]
    rows = (
        IndexedFacet.objects.filter(facet="organisation", value__in=named[:500])
        .exclude(label="")
        .values_list("value", "label")
        .distinct()
        .order_by("value", "label")
    )
    return {("organisation", value): label for value, label in rows}


def _suggestion(plan: plans.Plan) -> str:
    """Correct the words that no card holds; empty when none can be."""
    words = plan.typed
    known = set(
        IndexedTerm.objects.filter(term__in=words).values_list("term", flat=True).distinct()
    )
    corrected = [word if word in known else _near(word) for word in words]
    return "" if corrected == words or None in corrected else " ".join(map(str, corrected))


def _near(word: str) -> str | None:
    if not spelling.allowed(word):
        return None
    same_letter = IndexedTerm.objects.filter(
        term__gte=word[0], term__lt=chr(ord(word[0]) + 1)
    ).exclude(title=0, acronym=0, organisation=0)
    return spelling.nearest(word, same_letter.values_list("term", flat=True).distinct())
