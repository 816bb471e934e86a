"""Search in the database that holds the catalogue: its full text finds, its GROUP BY counts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import connection

from catalogue.search import fulltext, ranking
from catalogue.search import fulltext as plans
from catalogue.search import words as known_words
from catalogue.search.fulltext import Plan, dialect
from catalogue.search.models import IndexedName
from catalogue.search.query import (
    COUNTED,
    Correction,
    FacetCount,
    ResourceQuery,
    Results,
    Sort,
    Words,
)
from portal.lib import clock

FACET_SIZE = 50
# Values of one facet that are read when a reader searches inside it.
MOST_VALUES = 10_000
Counted = Iterable[tuple[str, int]]


def shown(
    counts: Mapping[str, Counted], query: ResourceQuery, facets: Sequence[str]
) -> dict[str, tuple[FacetCount, ...]]:
    """Keep the fifty most frequent values of each facet and those chosen, even without result."""
    found: dict[str, tuple[FacetCount, ...]] = {}
    for name in facets:
        chosen = getattr(query, name)
        rows = dict(counts[name])
        ranked = sorted(rows, key=lambda value: (-rows[value], value))[:FACET_SIZE]
        kept = [*ranked, *(value for value in chosen if value not in ranked)]
        named = labels_of(name, kept) if name == "organisation" else {}
        found[name] = tuple(
            FacetCount(value, rows.get(value, 0), named.get(value, "")) for value in kept
        )
    return found


def every(facet: str, counts: Counted) -> tuple[FacetCount, ...]:
    """Name every value of a facet, the most frequent first."""
    rows = sorted(counts, key=lambda row: (-row[1], row[0]))[:MOST_VALUES]
    labels: dict[str, str] = {}
    if facet == "organisation":
        for start in range(0, len(rows), 500):
            labels |= labels_of(facet, [value for value, _ in rows[start : start + 500]])
    return tuple(FacetCount(value, count, labels.get(value, "")) for value, count in rows)


def labels_of(facet: str, values: Sequence[str]) -> dict[str, str]:
    """Find the labels of values that are not words of ours."""
    if not values:
        return {}
    rows = IndexedName.objects.filter(facet=facet, value__in=list(values)).order_by("pk")
    return dict(rows.values_list("value", "label"))


def days_ago(days: int) -> date:
    """Give the day, in Paris, that lies so many days back."""
    return clock.paris_day(clock.now()) - timedelta(days=days)


# SQLite counts facets from the matches where these are fewer than one card in so many, else along
# the index of the facet; PostgreSQL chooses by itself.
FEW = 8
ORDERS = {
    Sort.UPDATED: "m.complete DESC, r.updated_on DESC, m.id DESC",
    Sort.QUALITY: "m.complete DESC, r.quality DESC, {title}, m.id",
    Sort.REUSES: "m.complete DESC, r.reuses DESC, {title}, m.id",
}
Part = tuple[str, list[Any]]  # a piece of SQL and its parameters


@dataclass
class Answer:
    """What one statement tells of the matches."""

    counts: dict[str, list[tuple[str, int]]]
    total: int = 0
    complete: int = 0
    ids: list[int] = field(default_factory=list)


class PlannedEngine:
    """What engines share: a query is planned, then answered; its first results are ordered again.

    An engine gives `answer`: the matches of a plan, counted and ordered its own way.
    """

    def __init__(self, *, counted: Sequence[str] = COUNTED) -> None:
        self.facets = tuple(counted)

    def answer(
        self, query: ResourceQuery, plan: Plan, facets: Sequence[str], *, counts_alone: bool
    ) -> Answer:
        """Count the matches by facet; counts_alone: every value, and no result."""
        raise NotImplementedError

    def search(self, query: ResourceQuery) -> Results:
        """Answer a query."""
        plan = plans.plan(query.q)
        offset = (query.page - 1) * query.size
        if plan.asked and not plan.slots:
            return Results(0, 0, (), dict.fromkeys(self.facets, ()), offset=offset)
        answer = self.answer(query, plan, self.facets, counts_alone=False)
        complete = answer.complete
        return Results(
            total=answer.total,
            complete=complete,
            ids=ranking.page(answer.ids, complete, query, plan),
            facets=shown(answer.counts, query, self.facets),
            highlights=plan.marked,
            correction=None if complete or not plan.slots else _correction(query, plan),
            offset=offset,
            also=plan.also,
        )

    def values(self, query: ResourceQuery, facet: str) -> Sequence[FacetCount]:
        """Count every value of a facet under the other filters."""
        plan = plans.plan(query.q)
        if plan.asked and not plan.slots:
            return ()
        return every(facet, self.answer(query, plan, [facet], counts_alone=True).counts[facet])


def _correction(query: ResourceQuery, plan: Plan) -> Correction | None:
    known = {word for slot in plan.slots if slot.others for word in slot.typed}
    return known_words.correction(query.q, known=known)


class DatabaseEngine(PlannedEngine):
    """Search with a bounded number of statements, however many cards there are."""

    def answer(
        self, query: ResourceQuery, plan: Plan, facets: Sequence[str], *, counts_alone: bool
    ) -> Answer:
        """Ask the database once."""
        start, most = (0, 0) if counts_alone else ranking.window(query, plan)
        return _Asked(query, plan).answer(facets, start, most)


class _Asked:
    """A query as SQL: its matches are a table `m`, that one statement counts and orders.

    id; complete: 1 when every idea is held; failed: the bit of the one facet whose filter is not
    passed, 0 when all are. What fails two is left out: it counts nowhere. So each facet is counted
    under the filters of the others in one pass.
    """

    def __init__(self, query: ResourceQuery, plan: Plan) -> None:
        self._query, self._plan = query, plan
        self._bits = {name: 1 << place for place, name in enumerate(query.filters())}

    def answer(self, counted: Sequence[str], start: int, most: int) -> Answer:
        """Count the results and the values of some facets, and list some results in order."""
        sql, params = self._matches()
        if connection.vendor == "sqlite":
            few, first, before = _keep(sql, params), "", []
        else:
            few, first, before = False, f"WITH m AS MATERIALIZED ({sql}) ", params
        parts = [self._totals(), self._page(start, most)]
        parts += self._counts(counted, few=few)
        found = Answer({name: [] for name in counted})
        pages: list[tuple[int, int]] = []
        told = " UNION ALL ".join(part for part, _values in parts)
        values = [value for _part, values in parts for value in values]
        for facet, value, number, other in fulltext.rows(f"{first}{told}", [*before, *values]):
            if facet in found.counts:
                found.counts[facet].append((value, number))
            elif facet == "#total":
                found.total, found.complete = number, other
            else:
                pages.append((number, other))
        found.ids = [pk for _place, pk in sorted(pages)]
        return found

    def _totals(self) -> Part:
        return (
            "SELECT '#total' AS facet, '' AS value, COUNT(*) AS number,"
            " CAST(COALESCE(SUM(complete), 0) AS BIGINT) AS other FROM m WHERE failed < 1",
            [],
        )

    def _page(self, start: int, most: int) -> Part:
        ranked = self._plan.slots and self._query.order is Sort.RELEVANCE
        sql, params = self._ranked(start + most) if ranked else self._sorted()
        return (
            "SELECT '#page', '', ROW_NUMBER() OVER (), id"  # noqa: S608 - ours
            f" FROM ({sql} LIMIT %s OFFSET %s) AS page",
            [*params, most, start],
        )

    def _sorted(self) -> Part:
        order = ORDERS[self._query.order].format(title=f"r.title_key COLLATE {dialect().binary}")
        return (
            "SELECT m.id FROM m JOIN catalogue_indexedresource r ON r.resource_id = m.id"  # noqa: S608 - ours
            f" WHERE m.failed < 1 ORDER BY {order}",
            [],
        )

    def _ranked(self, wanted: int) -> Part:
        """Order by the words; those that hold some alone are left out where enough hold all."""
        said, words = dialect(), fulltext.any_of(self._plan)
        return (
            "SELECT t.rowid AS id FROM catalogue_fulltext t"  # noqa: S608 - ours
            " CROSS JOIN m CROSS JOIN catalogue_indexedresource r"
            f" WHERE {said.to_score} AND m.id = t.rowid AND r.resource_id = t.rowid"
            " AND m.failed < 1 AND m.complete >="
            " (SELECT CASE WHEN SUM(complete) >= %s THEN 1 ELSE 0 END FROM m WHERE failed < 1)"
            f" ORDER BY m.complete DESC, {said.score} * r.boost DESC, t.rowid",
            [wanted, words] if said.scored else [words, wanted],
        )

    def _counts(self, names: Sequence[str], *, few: bool) -> Iterator[Part]:
        """Count in one pass the facets without a filter, then each of the others."""
        free = [name for name in names if name not in self._bits]
        if free:
            yield self._count(free, "failed < 1", few=few)
        for name in names:
            if name in self._bits:
                # PostgreSQL expects more rows of « < 1 » than of an equality
                passed = f"(failed < 1 OR failed = {self._bits[name]})"
                yield self._count([name], passed, few=few)

    def _count(self, names: Sequence[str], passed: str, *, few: bool) -> Part:
        facets, tables = "x.facet", "m CROSS JOIN catalogue_indexedfacet x"
        held = f"x.resource_id = m.id AND {passed}"
        if connection.vendor == "postgresql":
            # « IS TRUE »: the matches are read into a table of hashes once, not sought one by one.
            tables = "catalogue_indexedfacet x"
            held = f"(x.resource_id IN (SELECT id FROM m WHERE {passed})) IS TRUE"  # noqa: S608 - ours
        elif not few:
            tables = "catalogue_indexedfacet x CROSS JOIN m"
        elif len(names) > 1:
            facets = "+x.facet"  # each card's facets are read once, not sought one by one
        listed = ", ".join(f"'{name}'" for name in names)
        return (
            f"SELECT x.facet, x.value, COUNT(*), 0 FROM {tables}"  # noqa: S608 - ours
            f" WHERE {facets} IN ({listed}) AND {held} GROUP BY x.facet, x.value",
            [],
        )

    def _matches(self) -> Part:
        said, query = dialect(), self._query
        table, key, complete = "catalogue_indexedresource", "resource_id", "1"
        where, params, values = ["1 = 1"], [], []
        if self._plan.slots:
            table, key = "catalogue_fulltext", "rowid"
            where, values = [said.matches], [fulltext.any_of(self._plan)]
        if self._plan.slots and not self._plan.is_one_word:
            every = f"t.{key} IN (SELECT t.rowid FROM catalogue_fulltext t WHERE {said.matches})"  # noqa: S608 - ours
            complete = f"CASE WHEN {every} THEN 1 ELSE 0 END"
            params.append(fulltext.all_of(self._plan))
            if query.words is Words.ALL:
                where.append(every)
                values.append(fulltext.all_of(self._plan))
        if query.updated:
            recent = "SELECT resource_id FROM catalogue_indexedresource WHERE updated_on >= %s"
            where.append(f"t.{key} IN ({recent})")
            values.append(str(days_ago(query.updated.days)))
        failed, filters = self._failed(f"t.{key}")
        sql = (
            f"SELECT t.{key} AS id, {complete} AS complete, {failed} AS failed"  # noqa: S608 - ours
            f" FROM {table} t WHERE {' AND '.join(where)}"
        )
        if len(self._bits) > 1:
            bits = ", ".join(map(str, [0, *self._bits.values()]))
            sql = f"SELECT * FROM ({sql}) AS matching WHERE failed IN ({bits})"  # noqa: S608 - ours
        return sql, [*params, *filters, *values]

    def _failed(self, pk: str) -> Part:
        parts: list[str] = ["0"]
        params: list[Any] = []
        for name, values in self._query.filters().items():
            places = ", ".join(["%s"] * len(values))
            holders = (
                "SELECT resource_id FROM catalogue_indexedfacet"  # noqa: S608 - ours
                f" WHERE facet = %s AND value IN ({places})"
            )
            bit = self._bits[name]
            parts.append(f"CASE WHEN {pk} IN ({holders}) THEN 0 ELSE {bit} END")
            params += [name, *values]
        return " + ".join(parts), params


def _keep(sql: str, params: list[Any]) -> bool:
    """Keep the matches in the table that SQLite connections have; tell whether they are few."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM m")
        cursor.execute(f"INSERT INTO m {sql}", params)
        many = cursor.rowcount
        cursor.execute("SELECT COUNT(*) FROM catalogue_indexedresource")
        return bool(many * FEW < cursor.fetchone()[0])
