"""What orders and counts the cards, as columns that each process keeps in memory.

A search reads the postings of its words alone: what the fifty thousand cards that hold them are
worth, and hold of each facet, is here. The database stays the truth: who writes the index notes
which cards it wrote (`touch`), and each search compares these notes with those it has followed.
"""

import os
import secrets
import time
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from itertools import islice
from threading import Lock
from typing import Any, NamedTuple

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
# Seconds after which all cards are read again, for what was changed beside `index.write`.
OLD = 900.0
# Seconds before that at which who keeps them beside the requests reads them again.
AGEING = 90.0
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
    _titles: "Titles | None" = field(init=False, repr=False, default=None)
    _making: Lock = field(init=False, repr=False, default_factory=Lock)

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

    def by_use(self) -> "Titles":
        """List the titles of the cards: the most used first, then the best, then the latest."""
        with self._making:
            if self._titles is None:
                order = np.lexsort((self.ids, self.quality, self.verified, self.boost))[::-1]
                object.__setattr__(self, "_titles", Titles(self.ids[order], self.folded[order]))
            assert self._titles is not None  # noqa: S101 - for the checker of types
            return self._titles

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
        if not all(part in self._text for part in others):
            return found
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
    found = {name: np.concatenate([lot[name] for lot in lots]) for name in NAMES}
    keys = list(zip(found["title_key"], found["ids"], strict=True))
    order = np.array(sorted(range(len(keys)), key=keys.__getitem__), np.int64)
    return Columns(**{name: found[name][order] for name in NAMES})


def _lot(rows: Sequence[tuple[Any, ...]]) -> dict[str, Array]:
    read = dict(zip(READ, zip(*rows, strict=True), strict=True)) if rows else {}

    def column(name: str, kind: Any) -> Array:
        found = np.empty(len(rows), kind)
        found[:] = read.get(name, ())
        return found

    letters = [each if len(each) == len(SHOWN) else UNKNOWN for each in read.get("letters", ())]
    return {
        "title_key": column("title_key", object),
        "ids": column("resource_id", np.int64),
        "sets": sets.numbers("".join(letters)).reshape(-1, len(SHOWN)),
        "boost": column("boost", np.float64),
        "verified": column("verified", np.bool_),
        "quality": column("quality", np.int16),
        "reuses": column("reuses", np.int64),
        "updated_on": np.array([day.toordinal() for day in read.get("updated_on", ())], np.int32),
        "title_words": column("title_words", object),
        "acronym_words": column("acronym_words", object),
        "folded": column("folded", object),
    }


Range = tuple[int, int]  # the first and the last of some cards


class Note(NamedTuple):
    """A note as it was read; replaces: the sum of the tokens of those that it stands for."""

    pk: int
    token: int
    first: int
    last: int
    replaces: int | None


class Followed(NamedTuple):
    """The columns, and the notes that were read before them."""

    notes: frozenset[Note]
    total: int
    columns: Columns
    until: float  # when they are read anew even so: what changed without a note heals


class Kept:
    """The columns of one database as this process last read them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._followed: Followed | None = None

    def current(self) -> Columns:
        """Give the columns as the database has them: one query when nothing changed.

        A note that is new, or that is not there any more (what it told was undone, or is old),
        makes its cards be read again: whatever became of it, what is then read is true.
        """
        many, total = IndexedChange.objects.aggregate(n=Count("*"), sum=Sum("token")).values()
        seen = self._followed
        if seen and (many, total or 0) == (len(seen.notes), seen.total) and not _is_old(seen):
            return seen.columns
        with self._lock:
            notes = _notes()
            seen = self._followed
            changed = None if seen is None or _is_old(seen) else _changed(seen.notes, notes)
            if seen and changed is not None:
                found = seen.columns.renewed(changed, read(changed)) if changed else seen.columns
                self._followed = seen._replace(notes=notes, total=_total(notes), columns=found)
            else:
                self._followed = _anew(notes)
            return self._followed.columns

    def renew(self) -> None:
        """Read all cards again while searches go on with those of before.

        What changes meanwhile is followed by the next search: its notes are not among those that
        were read first.
        """
        if self._followed is None:
            self.current()  # whoever searches meanwhile waits for this reading
        else:
            self._followed = _anew(_notes())

    def is_ageing(self) -> bool:
        """Tell whether all cards will soon be read again by a search."""
        seen = self._followed
        return seen is None or time.monotonic() > seen.until - AGEING


def _notes() -> frozenset[Note]:
    """Read the notes; before the cards: what is written later is read twice, never missed."""
    rows = IndexedChange.objects.order_by("pk").values_list(*Note._fields)
    return frozenset(Note(*row) for row in rows)


def _total(notes: Iterable[Note]) -> int:
    return sum(each.token for each in notes)


def _anew(notes: frozenset[Note]) -> Followed:
    return Followed(notes, _total(notes), columns(_every()), time.monotonic() + OLD)


def _is_old(seen: Followed) -> bool:
    return time.monotonic() > seen.until


def _changed(known: frozenset[Note], notes: frozenset[Note]) -> set[Range] | None:
    """Tell the cards to read again; None: all of them."""
    new, gone = notes - known, known - notes
    replacing = [each for each in new if each.replaces is not None]
    if replacing:
        if sum(each.token for each in gone) != sum(each.replaces or 0 for each in replacing):
            return None  # some that were replaced had not been followed
        new, gone = new.difference(replacing), frozenset()
    found = {(each.first, each.last) for each in new | gone}
    return found if sum(1 + last - first for first, last in found) <= MOST_FOLLOWED else None


def _every() -> Iterator[tuple[Any, ...]]:
    """Read all cards, some at a time; no cursor of the server is left open."""
    last = 0
    while True:
        rows = IndexedResource.objects.filter(pk__gt=last).order_by("pk").values_list(*READ)
        lot = list(rows[:LOADED])
        yield from lot
        if len(lot) < LOADED:
            return
        last = lot[-1][1]


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
# A fork has none of the threads that may hold a lock here: it reads for itself.
os.register_at_fork(after_in_child=_kept.clear)


def kept() -> Kept:
    """Give what this process keeps of the database in use."""
    name = str(connection.settings_dict["NAME"])
    return _kept.get(name) or _kept.setdefault(name, Kept())


def current() -> Columns:
    """Give the columns of the database in use."""
    return kept().current()


def touch(first: int, last: int | None = None, replaces: int | None = None) -> None:
    """Note that the index of a card, or of some in a row, was written; in that transaction."""
    IndexedChange.objects.create(
        token=secrets.randbits(BITS),
        first=first,
        last=first if last is None else last,
        replaces=replaces,
    )


def touch_all() -> None:
    """Have every process read all cards again."""
    touch(0, ANY)


@transaction.atomic
def tidy(most: int = MOST_NOTES) -> None:
    """Replace the older notes by one; a process that followed them reads nothing again."""
    notes = IndexedChange.objects.select_for_update(skip_locked=True).order_by("pk")
    if notes.count() <= most:
        return
    every = list(notes.values_list("pk", "token"))
    old = every[: len(every) - most // 2]
    for start in range(0, len(old), LOT):
        lot = [pk for pk, _ in old[start : start + LOT]]
        IndexedChange.objects.filter(pk__in=lot).delete()
    touch(0, 0, sum(token for _, token in old))
