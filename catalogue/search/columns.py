"""What orders and counts the cards, as columns that each process keeps in memory.

A search reads the postings of its words alone: what the fifty thousand cards that hold them are
worth, and hold of each facet, is here. The database stays the truth: who writes the index notes
which cards it wrote (`touch`), and each search compares these notes with those it has followed.
"""

import secrets
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import islice
from threading import Lock
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import Count, Q, Sum
from numpy.typing import NDArray

from catalogue.models import IndexedChange, IndexedResource
from catalogue.search import sets
from catalogue.search.engines.facets import SHOWN

Array = NDArray[Any]
# More changed cards than this are followed by reading all cards again.
MOST_FOLLOWED = 5_000
# Notes kept: each search has them added up.
MOST_NOTES = 1_000
ANY = 1 << 62
# Sums of so many random numbers of this size stay whole numbers of the database.
BITS = 40
LOADED = 5_000
LOT = 500
READ = (
    "title_key",
    "resource_id",
    "letters",
    "boost",
    "verified",
    "quality",
    "reuses",
    "updated_on",
    "title_words",
    "acronym_words",
    "folded",
)


@dataclass(frozen=True, eq=False)
class Columns:
    """The indexed cards in the order of their titles; nothing here is ever changed in place.

    Each is of shape (n,), but `sets`: (n, 9), the number of the set of values that a card holds
    of each facet of the panel, 0 before it is known.
    """

    title_key: Array
    ids: Array
    sets: Array
    boost: Array
    verified: Array
    quality: Array
    reuses: Array
    updated_on: Array  # as ordinals
    title_words: Array
    acronym_words: Array
    folded: Array
    _places: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Note where each card stands."""
        places = np.full(int(self.ids.max()) + 2 if len(self.ids) else 1, -1, np.int32)
        places[self.ids] = np.arange(len(self.ids), dtype=np.int32)
        object.__setattr__(self, "_places", places)

    def __len__(self) -> int:
        """Count the cards."""
        return len(self.ids)

    def places(self, ids: Array) -> Array:
        """Find where cards stand; -1 for one that is not here."""
        last = len(self._places) - 1  # always -1
        found: Array = self._places[np.clip(ids, 0, last)]
        return found

    @cached_property
    def by_use(self) -> "Titles":
        """List the titles of the cards: the most used first, then the best, then the latest."""
        order = np.lexsort((self.ids, self.quality, self.verified, self.boost))[::-1]
        return Titles(self.ids[order], self.folded[order])

    def renewed(self, changed: Iterable["Range"], rows: Iterable[tuple[Any, ...]]) -> "Columns":
        """Replace some cards by what the index now says of them."""
        stays = np.ones(len(self), np.bool_)
        for first, last in changed:
            stays &= (self.ids < first) | (self.ids > last)
        kept = np.nonzero(stays)[0]
        keys, ids = self.title_key[kept], self.ids[kept]
        new = columns(rows)
        at = [
            bisect_left(range(len(kept)), key, key=lambda place: (keys[place], ids[place]))
            for key in zip(new.title_key, new.ids, strict=True)
        ]
        return Columns(
            *(
                np.insert(getattr(self, name)[kept], at, getattr(new, name), axis=0)
                for name in NAMES
            )
        )


class Titles:
    """The words of the titles of all cards, in one text: read at the speed of memory."""

    def __init__(self, ids: Array, folded: Array) -> None:
        self._ids = ids
        self._text = "\n".join(["", *folded, ""])
        self._ends = np.cumsum([1 + len(each) for each in folded])

    def holding(self, parts: Sequence[str], most: int) -> list[int]:
        """List the first cards whose titles hold all of some pieces of text, so many at most."""
        # The longest is thought the rarest.
        first, *others = sorted(parts, key=len, reverse=True)
        found: list[int] = []
        at = self._text.find(first)
        while at >= 0 and len(found) < most:
            begin, end = self._text.rfind("\n", 0, at), self._text.find("\n", at)
            if all(self._text.find(part, begin, end) >= 0 for part in others):
                found.append(int(self._ids[np.searchsorted(self._ends, at)]))
            at = self._text.find(first, end)
        return found


# A card written by the code of before has no letters until the index is repaired.
UNKNOWN = sets.NONE * len(SHOWN)
NAMES = tuple(each.name for each in fields(Columns) if each.init)


def columns(rows: Iterable[tuple[Any, ...]]) -> Columns:
    """Turn rows of READ into columns; some at a time, rows take much more room."""
    source = iter(rows)
    lots = [_lot([])]
    while some := list(islice(source, LOADED)):
        lots.append(_lot(some))
    found = {name: np.concatenate([getattr(lot, name) for lot in lots]) for name in NAMES}
    keys = list(zip(found["title_key"], found["ids"], strict=True))
    order = np.array(sorted(range(len(keys)), key=keys.__getitem__), np.int64)
    return Columns(**{name: found[name][order] for name in NAMES})


def _lot(rows: Sequence[tuple[Any, ...]]) -> Columns:
    read = dict(zip(READ, zip(*rows, strict=True), strict=True)) if rows else {}

    def column(name: str, kind: Any) -> Array:
        found = np.empty(len(rows), kind)
        found[:] = read.get(name, ())
        return found

    letters = "".join(each or UNKNOWN for each in read.get("letters", ()))
    return Columns(
        title_key=column("title_key", object),
        ids=column("resource_id", np.int64),
        sets=sets.numbers(letters).reshape(-1, len(SHOWN)),
        boost=column("boost", np.float64),
        verified=column("verified", np.bool_),
        quality=column("quality", np.int16),
        reuses=column("reuses", np.int64),
        updated_on=np.array([day.toordinal() for day in read.get("updated_on", ())], np.int32),
        title_words=column("title_words", object),
        acronym_words=column("acronym_words", object),
        folded=column("folded", object),
    )


Range = tuple[int, int]  # the first and the last of some cards
Notes = dict[int, Range]  # what the note of each random number tells


class Kept:
    """The columns of one database as this process last read them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._notes: Notes | None = None
        self._columns = columns([])

    def current(self) -> Columns:
        """Give the columns as the database has them: one query when nothing changed.

        A note that is new, or that is not there any more (what it told was undone, or is old),
        makes its cards be read again: whatever became of it, what is then read is true.
        """
        with self._lock:
            many, total = IndexedChange.objects.aggregate(n=Count("*"), sum=Sum("token")).values()
            known = self._notes
            if known is not None and (many, total or 0) == (len(known), sum(known)):
                return self._columns
            # Notes first: what is written after them is read twice, never missed.
            rows = IndexedChange.objects.order_by("pk").values_list("token", "first", "last")
            notes: Notes = {token: (first, last) for token, first, last in rows}
            differ = {said for _, said in notes.items() ^ (known or {}).items()}
            if known is None or sum(1 + last - first for first, last in differ) > MOST_FOLLOWED:
                every = IndexedResource.objects.order_by().values_list(*READ)
                self._columns = columns(every.iterator(LOADED))
            else:
                self._columns = self._columns.renewed(differ, read(differ))
            self._notes = notes
            return self._columns


def read(cards: Collection[Range]) -> list[tuple[Any, ...]]:
    """Read what the columns say of some cards; what was written alone, all at once."""
    alone = sorted(first for first, last in cards if first == last)
    asked = [Q(pk__in=alone[at : at + LOT]) for at in range(0, len(alone), LOT)]
    asked += [Q(pk__gte=first, pk__lte=last) for first, last in cards if first != last]
    found: dict[int, tuple[Any, ...]] = {}
    for some in asked:
        rows = IndexedResource.objects.filter(some).order_by("pk").values_list(*READ)
        found |= {row[1]: row for row in rows}
    return list(found.values())


_kept: dict[str, Kept] = {}


def current() -> Columns:
    """Give the columns of the database in use."""
    return _kept.setdefault(str(connection.settings_dict["NAME"]), Kept()).current()


def forget() -> None:
    """Keep nothing: the next search reads every card."""
    _kept.clear()


def touch(first: int, last: int | None = None) -> None:
    """Note that the index of a card, or of some in a row, was written; in that transaction."""
    IndexedChange.objects.create(
        token=secrets.randbits(BITS), first=first, last=first if last is None else last
    )


@transaction.atomic
def tidy(most: int = MOST_NOTES) -> None:
    """Replace many notes by one that has every process read all cards again."""
    notes = IndexedChange.objects.select_for_update(skip_locked=True).order_by("pk")
    found = list(notes.values_list("pk", flat=True)) if notes.count() > most else []
    if found:
        IndexedChange.objects.filter(pk__in=found).delete()
        touch(0, ANY)
