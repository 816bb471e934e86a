"""Parts of files that are still coming: private, temporary, beside the objects of the store."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import models

from portal.lib import objects
from portal.lib.objects import Stored

# Which of these parts a row names.
Names = Callable[[Collection[str]], Iterable[str]]
_registered: list[Names] = []


def register(names: Names) -> None:
    """Register what tells the parts that the uploads of an app name."""
    if names not in _registered:
        _registered.append(names)


def put(name: str, chunks: Iterable[bytes], *, limit_bytes: int) -> Stored:
    """Keep a part under a name; raises TooLarge past the limit, and nothing is kept."""
    return objects.store().put_part(name, chunks, limit_bytes=limit_bytes)


def content(names: Sequence[str]) -> Iterator[bytes]:
    """Yield the bytes of some parts in order; raises FileNotFoundError."""
    store = objects.store()
    for name in names:
        with store.open_part(name) as file:
            yield from objects.pieces(file)


def drop(names: Iterable[str]) -> None:
    """Remove parts, those that are there."""
    store = objects.store()
    for name in names:
        store.delete_part(name)


def sweep(*, before: float) -> int:
    """Remove the parts put before an instant that no upload names; return how many.

    A process was killed between a part and the row that names it, or between the row that went and
    its parts. before: in seconds of the epoch, more than a part takes to arrive.
    """
    old = {name for name, at in objects.store().parts() if at <= before}
    lost = old - {one for names in _registered for one in names(old)}
    drop(sorted(lost))
    return len(lost)


def in_rows(rows: "models.QuerySet[Any]", names: Collection[str]) -> Iterator[str]:
    """Give the parts that uploads name; a part is named `<upload>/<part>`, of rows among these."""
    uploads = {found for name in names if (found := _upload(name))}
    for told in rows.filter(pk__in=uploads).order_by().values_list("parts", flat=True):
        yield from told


def _upload(name: str) -> UUID | None:
    try:
        return UUID(name.partition("/")[0])
    except ValueError:
        return None
