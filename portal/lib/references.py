"""Which objects of the private store something refers to: the apps say it, this module asks."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from django.db import models

from portal.lib import clock, objects

FEW = 500
DIGEST_CHARACTERS = 64
# Which of these sha256 a row names.
Names = Callable[[Collection[str]], Iterable[str]]
_registered: list[Names] = []


def register(names: Names) -> None:
    """Register what tells the objects that an app refers to."""
    if names not in _registered:
        _registered.append(names)


def in_columns(tables: Iterable[type[models.Model]], hashes: Collection[str]) -> Iterator[str]:
    """Give what stands in any column of 64 characters of these tables, some more than asked.

    Every such column counts, also one that holds a digest of something else: a column that comes
    later is never forgotten, and what is kept for nothing costs little.
    """
    for table in tables:
        yield from in_rows(table._base_manager.all(), hashes)  # noqa: SLF001  # Django’s own


def in_rows(rows: "models.QuerySet[Any]", hashes: Collection[str]) -> Iterator[str]:
    """Give what stands in any column of 64 characters of these rows, as `in_columns`."""
    for field in rows.model._meta.concrete_fields:  # noqa: SLF001  # Django’s own
        if isinstance(field, models.CharField) and field.max_length == DIGEST_CHARACTERS:
            found = rows.order_by()
            if len(hashes) <= FEW:
                found = found.filter(**{f"{field.attname}__in": list(hashes)})
            for each in found.values_list(field.attname, flat=True).iterator():
                yield each or ""


def referenced(hashes: Collection[str]) -> set[str]:
    """Return those of these sha256 that a row, an upload or an import names."""
    wanted = set(hashes)
    return {one for names in _registered for one in names(wanted) if one in wanted}


def unnamed(*, hours: float) -> list[str]:
    """List the objects put so many hours ago at least that nothing names."""
    before = earlier(hours)
    old = {sha256 for sha256, at in objects.store().ages() if at <= before}
    return sorted(old - referenced(old))


def earlier(hours: float) -> float:
    """Return the instant so many hours ago, in seconds of the epoch."""
    return clock.now().timestamp() - hours * 3_600
