"""Refuse writes to rows that only an action may write."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import models

_open: ContextVar[frozenset[type[models.Model]]] = ContextVar(
    "writable_models", default=frozenset()
)


class WriteRefused(RuntimeError):
    """Raised when code outside an action writes a guarded row."""


@contextmanager
def writes(*guarded: type[models.Model]) -> Iterator[None]:
    """Permit writes to these models inside the block. For actions only."""
    token = _open.set(_open.get() | frozenset(guarded))
    try:
        yield
    finally:
        _open.reset(token)


def _check(model: type[models.Model], verb: str) -> None:
    if not any(issubclass(model, permitted) for permitted in _open.get()):
        raise WriteRefused(f"{model.__name__}.{verb}: use the action of its app")


class GuardedQuerySet(models.QuerySet[Any]):
    """A QuerySet whose writing methods work inside `writes` only."""

    def update(self, **values: Any) -> int:
        _check(self.model, "update")
        return super().update(**values)

    def delete(self) -> tuple[int, dict[str, int]]:
        _check(self.model, "delete")
        return super().delete()

    def bulk_create(self, *args: Any, **kwargs: Any) -> list[Any]:
        _check(self.model, "bulk_create")
        return super().bulk_create(*args, **kwargs)

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        _check(self.model, "bulk_update")
        return super().bulk_update(*args, **kwargs)


class Immutable(models.Model):
    """A row that `save()` and `delete()` leave alone outside an action."""

    objects: Any = GuardedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        _check(type(self), "save")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        _check(type(self), "delete")
        return super().delete(*args, **kwargs)
