"""What a card holds of each facet of the panel, in one letter for each: counted as one text.

The letters of fifty thousand cards are read and counted in a few milliseconds, their rows are not.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from django.db.models import Q

from catalogue.models import IndexedSet
from portal.lib import canonical

Held = tuple[str, tuple[str, ...]]  # a facet and the values of it that a card holds
# The first letters stay free, and the halves of letters that no text may hold alone.
FIRST, HALVES, HALVES_END = 0x100, 0xD800, 0xE000
# Facets of which a card holds one value at most.
ALONE = frozenset({"kind", "scope", "access", "organisation"})
YES = "1"


def letters(wanted: Iterable[Held]) -> dict[Held, str]:
    """Give the letter of each set of values; one not seen yet receives its own."""
    keys = {_digest(held): held for held in sorted(set(wanted))}
    known = _numbers(keys)
    if new := [digest for digest in keys if digest not in known]:
        IndexedSet.objects.bulk_create(
            (
                IndexedSet(digest=digest, facet=keys[digest][0], held=list(keys[digest][1]))
                for digest in sorted(new)
            ),
            ignore_conflicts=True,
        )
        known |= _numbers(new)
    return {held: _letter(known[digest]) for digest, held in keys.items()}


def holding(filters: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Give, for each facet, the letters of the sets that hold one of some values; one query."""
    if not filters:
        return {}
    alone = filters.keys() & ALONE
    single = [_digest((name, (value,))) for name in sorted(alone) for value in filters[name]]
    rows = IndexedSet.objects.filter(
        Q(digest__in=single) | Q(facet__in=sorted(filters.keys() - alone))
    )
    found = dict.fromkeys(filters, "")
    for number, facet, held in rows.order_by("pk").values_list("pk", "facet", "held"):
        if not set(filters[facet]).isdisjoint(held):
            found[facet] += _letter(number)
    return found


class Tally:
    """What the matches of a query hold, counted by facet under the filters of the others."""

    def __init__(
        self, text: str, marks: Sequence[str], columns: Sequence[str], chosen: Mapping[str, str]
    ) -> None:
        """Read the letters of all matches.

        text: for each match YES or no for each mark, then a letter for each column. chosen: the
        facets in use, each with the letters that pass; YES for a mark.
        """
        names = [*marks, *columns]
        cells = np.frombuffer(text.encode("utf-32-le"), dtype="<u4").reshape(-1, len(names))
        self._columns = dict(zip(names, cells.T, strict=True))
        self._passes = {
            name: np.isin(self._columns[name], [ord(letter) for letter in letters])
            for name, letters in chosen.items()
        }
        self._all = self._under(self._passes)

    def _under(self, filters: Iterable[str]) -> Any:
        size = len(next(iter(self._columns.values())))
        return np.logical_and.reduce([np.ones(size, bool), *(self._passes[n] for n in filters)])

    @property
    def total(self) -> int:
        """Count the matches that pass every filter."""
        return int(self._all.sum())

    def marked(self, mark: str) -> int:
        """Count those of them that bear a mark."""
        return int((self._all & (self._columns[mark] == ord(YES))).sum())

    def counts(self, facets: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
        """Count the values of some facets, each under the filters of the others."""
        found: dict[str, dict[int, int]] = {}
        for name in facets:
            others = self._passes.keys() - {name}
            kept = self._under(others) if name in self._passes else self._all
            each, many = np.unique(self._columns[name][kept], return_counts=True)
            found[name] = {_number(int(e)): int(n) for e, n in zip(each, many, strict=True)}
        held = _held({number for row in found.values() for number in row})
        return {name: list(_spread(row, held).items()) for name, row in found.items()}


def _spread(row: Mapping[int, int], held: Mapping[int, list[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for number, many in row.items():
        for value in held.get(number, ()):
            total[value] += many
    return total


def _held(numbers: Iterable[int]) -> dict[int, list[str]]:
    rows = IndexedSet.objects.filter(pk__in=sorted(numbers)).order_by("pk")
    return dict(rows.values_list("pk", "held"))


def _numbers(digests: Iterable[str]) -> dict[str, int]:
    rows = IndexedSet.objects.filter(digest__in=list(digests)).order_by("pk")
    return dict(rows.values_list("digest", "pk"))


def _digest(held: Held) -> str:
    return canonical.digest(list(held))


def _letter(number: int) -> str:
    point = FIRST + number
    return chr(point if point < HALVES else point + HALVES_END - HALVES)


def _number(point: int) -> int:
    return point - FIRST if point < HALVES else point - FIRST - (HALVES_END - HALVES)
