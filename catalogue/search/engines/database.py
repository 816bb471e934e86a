"""Search in the database that holds the catalogue: its full text finds, its GROUP BY counts."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

from catalogue.search import corrections, fulltext, ranking
from catalogue.search import plan as plans
from catalogue.search.engines import facets
from catalogue.search.fulltext import dialect
from catalogue.search.plan import Plan
from catalogue.search.query import ResourceQuery, Sort, Words
from catalogue.search.results import FacetCount, Results

# Facets are counted from the matches where these are few, else along the index of the facet.
FEW = 8
ORDERS = {
    Sort.RELEVANCE: "m.complete DESC, m.score DESC, m.id",
    Sort.UPDATED: "m.complete DESC, r.updated_on DESC, m.id DESC",
    Sort.QUALITY: "m.complete DESC, r.quality DESC, {title}, m.id",
    Sort.REUSES: "m.complete DESC, r.reuses DESC, {title}, m.id",
}


class DatabaseEngine:
    """Search with a bounded number of statements, however many cards there are."""

    def __init__(self, *, counted: Sequence[str] = facets.SHOWN) -> None:
        self.facets = tuple(counted)

    def search(self, query: ResourceQuery) -> Results:
        """Answer a query."""
        plan = plans.plan(query.q)
        offset = (query.page - 1) * query.size
        if plan.asked and not plan.slots:
            return Results(0, 0, (), dict.fromkeys(self.facets, ()), offset=offset)
        with matches(query, plan) as found:
            total, complete = found.totals()
            counts = found.counts(self.facets)
            ids = found.ids(*ranking.window(query, plan))
        return Results(
            total=total,
            complete=complete,
            ids=ranking.page(ids, complete, query, plan),
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
        with matches(query, plan) as found:
            return facets.every(facet, found.counts([facet])[facet])


class Matches:
    """What answers the words and the day of a query, as a table `m` of the statements that follow.

    id; complete: 1 when every idea is held; score: how well the words answer; failed: the bit of
    the one facet whose filter is not passed, 0 when all are. What fails two is left out: it counts
    nowhere. So each facet is counted under the filters of the others in one pass.
    """

    def __init__(self, query: ResourceQuery, plan: Plan) -> None:
        self._query, self._plan = query, plan
        self._bits = {name: 1 << place for place, name in enumerate(query.filters())}
        self.sql, self.params = self._select()
        # SQLite keeps the matches in a table of the connection; PostgreSQL finds them again.
        self._prefix, self._prefixed = "", []
        if connection.vendor == "postgresql":
            self._prefix, self._prefixed = f"WITH m AS MATERIALIZED ({self.sql}) ", self.params

    def totals(self) -> tuple[int, int]:
        """Count the results, and those of them that hold every idea."""
        ((total, complete),) = self._rows(
            "SELECT COUNT(*), COALESCE(SUM(complete), 0) FROM m WHERE failed = 0"
        )
        return total, complete

    def ids(self, start: int, most: int) -> list[int]:
        """List some of the results in their order."""
        order = ORDERS[self._query.order].format(title=f"r.title_key COLLATE {dialect().binary}")
        beside = "JOIN catalogue_indexedresource r ON r.resource_id = m.id" if "r." in order else ""
        sql = f"SELECT m.id FROM m {beside} WHERE m.failed = 0 ORDER BY {order} LIMIT %s OFFSET %s"  # noqa: S608 - ours
        return [pk for (pk,) in self._rows(sql, [most, start])]

    def counts(self, names: Sequence[str]) -> Mapping[str, list[tuple[str, int]]]:
        """Count the values of facets, each under the filters of the others; one statement."""
        found: dict[str, list[tuple[str, int]]] = {name: [] for name in names}
        parts, params = [], []
        for name in names:
            parts.append(
                "SELECT x.facet, x.value, COUNT(*) AS n FROM catalogue_indexedfacet x"
                " CROSS JOIN m WHERE m.id = x.resource_id AND x.facet = %s"
                " AND m.failed IN (0, %s) GROUP BY x.facet, x.value"
            )
            params += [name, self._bits.get(name, 0)]
        for name, value, many in self._rows(" UNION ALL ".join(parts), params):
            found[name].append((value, many))
        return found

    def _rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return fulltext.rows(f"{self._prefix}{sql}", [*self._prefixed, *params])

    def _select(self) -> tuple[str, list[Any]]:
        complete, score, beside = "1", "0", ""
        where: list[str] = []
        conditions: list[Any] = []
        params: list[Any] = []
        plan, said = self._plan, dialect()
        if plan.slots:
            beside = "JOIN catalogue_fulltext t ON t.rowid = r.resource_id"
            ids = f"SELECT t.rowid FROM catalogue_fulltext t WHERE {said.matches}"  # noqa: S608 - ours
            every = f"r.resource_id IN ({ids})"
            everything = [] if plan.is_one_word else [fulltext.all_of(plan)]
            if everything:
                complete = f"CASE WHEN {every} THEN 1 ELSE 0 END"
                params += everything
            score = f"{said.score} * r.boost"
            params += [fulltext.any_of(plan)] * said.scored
        failed, values = self._failed()
        params += values
        if plan.slots:
            where.append(said.matches)
            conditions.append(fulltext.any_of(plan))
            if self._query.words is Words.ALL and everything:
                where.append(every)
                conditions += everything
        if self._query.updated:
            where.append("r.updated_on >= %s")
            conditions.append(facets.days_ago(self._query.updated.days))
        sql = (
            f"SELECT r.resource_id AS id, {complete} AS complete, {score} AS score,"  # noqa: S608 - ours
            f" {failed} AS failed FROM catalogue_indexedresource r {beside}"
            f" WHERE {' AND '.join(where) or '1 = 1'}"
        )
        if len(self._bits) > 1:
            bits = ", ".join(map(str, [0, *self._bits.values()]))
            sql = f"SELECT * FROM ({sql}) each_of WHERE failed IN ({bits})"  # noqa: S608 - ours
        return sql, [*params, *conditions]

    def _failed(self) -> tuple[str, list[Any]]:
        parts, params = ["0"], []
        for name, values in self._query.filters().items():
            places = ", ".join(["%s"] * len(values))
            holders = (
                "SELECT resource_id FROM catalogue_indexedfacet"  # noqa: S608 - ours
                f" WHERE facet = %s AND value IN ({places})"
            )
            bit = self._bits[name]
            parts.append(f"CASE WHEN r.resource_id IN ({holders}) THEN 0 ELSE {bit} END")
            params += [name, *values]
        return " + ".join(parts), params


@contextmanager
def matches(query: ResourceQuery, plan: Plan) -> Iterator[Matches]:
    """Find the matches of a query."""
    found = Matches(query, plan)
    if connection.vendor != "sqlite":
        yield found
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS m (id INTEGER PRIMARY KEY, complete, score, failed)"
        )
        cursor.execute("DELETE FROM m")
        cursor.execute(f"INSERT INTO m {found.sql}", found.params)
        yield found
        cursor.execute("DELETE FROM m")
