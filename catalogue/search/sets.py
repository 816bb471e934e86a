"""What a card holds of each facet of the panel, in one letter for each.

The letters of a hundred thousand cards are soon read and counted, their rows are not.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from catalogue.models import IndexedSet
from portal.lib import canonical

Held = tuple[str, tuple[str, ...]]  # a facet and the values of it that a card holds
# The first letters stay free, and the halves of letters that no text may hold alone.
FIRST, HALVES, HALVES_END = 0x100, 0xD800, 0xE000
# Facets of which a card holds one value at most.
ALONE = frozenset({"kind", "scope", "access", "organisation"})
NONE = chr(FIRST)
Numbers = NDArray[np.int32]
Mask = NDArray[np.bool_]


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


def holding(filters: Mapping[str, Collection[str]]) -> dict[str, list[int]]:
    """Give, for each facet, the numbers of the sets that hold one of some values; one query."""
    if not filters:
        return {}
    alone = filters.keys() & ALONE
    single = [_digest((name, (value,))) for name in sorted(alone) for value in filters[name]]
    rows = IndexedSet.objects.filter(
        Q(digest__in=single) | Q(facet__in=sorted(filters.keys() - alone))
    )
    found: dict[str, list[int]] = {name: [] for name in filters}
    for number, facet, held in rows.order_by("pk").values_list("pk", "facet", "held"):
        if not set(filters[facet]).isdisjoint(held):
            found[facet].append(number)
    return found


class Tally:
    """What the matches of a query hold, counted by facet under the filters of the others."""

    def __init__(self, size: int, passes: Mapping[str, Mask]) -> None:
        """Take the filters in use: for each of the matches, whether it passes."""
        self._size, self._passes = size, passes
        self.all = self.under(passes)

    def under(self, filters: Iterable[str]) -> Mask:
        """Tell the matches that pass some of the filters."""
        kept = np.ones(self._size, np.bool_)
        for name in filters:
            kept &= self._passes[name]
        return kept

    def others(self, facet: str) -> Mask:
        """Tell the matches that pass the filters of the other facets."""
        return self.under(self._passes.keys() - {facet}) if facet in self._passes else self.all

    def counts(self, held: Mapping[str, Numbers]) -> dict[str, list[tuple[str, int]]]:
        """Count the values of facets; held: the number of the set of each match."""
        many: dict[str, Any] = {n: np.bincount(row[self.others(n)]) for n, row in held.items()}
        found = {n: {int(at): int(row[at]) for at in np.nonzero(row)[0]} for n, row in many.items()}
        known = _held({number for row in found.values() for number in row})
        return {name: list(_spread(row, known).items()) for name, row in found.items()}


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


def numbers(letters: str) -> Numbers:
    """Read the numbers of sets from their letters, NONE as 0; shape (len(letters),)."""
    points = np.frombuffer(letters.encode("utf-32-le"), "<u4").astype(np.int32)
    points[points >= HALVES] -= HALVES_END - HALVES
    found: Numbers = points - FIRST
    return found
