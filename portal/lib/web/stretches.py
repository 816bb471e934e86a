"""Number the pages of a long list without counting through it: each is a stretch of its order."""

from typing import Any

from django.core.cache import cache
from django.core.paginator import EmptyPage, Page, Paginator
from django.db.models import Count, F, Max, Min, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.functional import cached_property

KEPT_SECONDS = 600
Mark = tuple[Any, ...]


class Stretches(Paginator):  # type: ignore[type-arg]
    """Pages of a list, from the first row of one to the first row of the next, both by their key.

    rows: a query in an order that names each row: a column that is unique, or a column then the
    primary key. The firsts are found once, in one reading of the keys, and kept ten minutes under
    the name: any firsts cut the whole list, so no row is lost or told twice while they are kept,
    but a page may hold some rows more or fewer. They are found anew when the list begins elsewhere
    or has another number of pages. A page is then a range of an index, the last as cheap as the
    first, where OFFSET reads all the rows that it passes over.
    """

    def __init__(self, rows: "QuerySet[Any]", size: int, *, name: str) -> None:
        super().__init__(rows, size)
        self.rows, self.name = rows, f"stretches:{name}:{size}"
        self.order = [str(each) for each in rows.query.order_by]

    @cached_property
    def count(self) -> int:
        """Count the rows."""
        return int(self._extent["total"])

    def page(self, number: Any) -> "Page[Any]":
        """Give the rows of a page; raises EmptyPage past the last, PageNotAnInteger."""
        number = self.validate_number(number)
        rows, firsts = self.rows, self._firsts
        if number > len(firsts) + 1:
            raise EmptyPage  # the list became shorter between two readings
        if number > 1:
            rows = rows.filter(self._from(firsts[number - 2]))
        if number <= len(firsts):
            rows = rows.filter(self._before(firsts[number - 1]))
        return Page(rows, number, self)

    @cached_property
    def _extent(self) -> dict[str, Any]:
        ends = {"total": Count("pk"), "first": Min(self.order[0]), "last": Max(self.order[0])}
        return dict(self.rows.order_by().aggregate(**ends))

    @cached_property
    def _firsts(self) -> list[Mark]:
        """Give the key of the first row of each page but page 1, which begins with the list."""
        if self.num_pages == 1:
            return []
        begins, firsts = cache.get(self.name) or (None, [])
        if begins != self._extent["first"] or len(firsts) != self.num_pages - 1:
            begins, firsts = self._extent["first"], self._found()
            cache.set(self.name, (begins, firsts), KEPT_SECONDS)
        return list(firsts)

    def _found(self) -> list[Mark]:
        place = Window(RowNumber(), order_by=[F(each).asc() for each in self.order])
        turns = self.rows.prefetch_related(None).annotate(
            turn=(place - 1) % self.per_page, place=place
        )
        found = turns.filter(turn=0, place__gt=1).values_list(*self.order)
        return list(found)[: self.num_pages - 1]

    def _from(self, mark: Mark) -> Q:
        column, *rest = self.order
        found = Q(**{f"{column}__gte": mark[0]})
        return found & ~Q(**{column: mark[0], f"{rest[0]}__lt": mark[1]}) if rest else found

    def _before(self, mark: Mark) -> Q:
        column, *rest = self.order
        if not rest:
            return Q(**{f"{column}__lt": mark[0]})
        return Q(**{f"{column}__lte": mark[0]}) & ~Q(
            **{column: mark[0], f"{rest[0]}__gte": mark[1]}
        )
