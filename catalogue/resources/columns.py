"""Columns, constraints and locks that models of the catalogue declare alike."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings
from django.db import models

from catalogue.resources import addresses

if TYPE_CHECKING:
    from portal.accounts.models import Organisation, User


Named = TypeVar("Named", bound=models.Model)


def names() -> models.JSONField:
    """Declare a column that holds a list of strings."""
    return models.JSONField(default=list, blank=True)


def some(
    model: type[Named] | str,
    on_delete: Callable[..., None] = models.SET_NULL,
    *,
    related_name: str = "+",
) -> "models.ForeignKey[Named | None, Named | None]":
    """Declare a row that may be named: nothing before it is, nor once it is gone."""
    return models.ForeignKey(
        model, null=True, blank=True, on_delete=on_delete, related_name=related_name
    )


def someone(
    on_delete: Callable[..., None] = models.SET_NULL, *, related_name: str = "+"
) -> "models.ForeignKey[User | None, User | None]":
    """Declare who did something: nobody before it is done, nor once their account is erased."""
    return some(settings.AUTH_USER_MODEL, on_delete, related_name=related_name)


def some_organisation(
    on_delete: Callable[..., None] = models.SET_NULL, *, related_name: str = "+"
) -> "models.ForeignKey[Organisation | None, Organisation | None]":
    """Declare an organisation that may be named."""
    return some("accounts.Organisation", on_delete, related_name=related_name)


class PageKeyField(models.CharField):
    """The digest of an address column, taken anew at each save, as an automatic date is."""

    def __init__(self, *args: Any, of: str = "homepage_url", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.of = of

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        """Compute the digest."""
        key = addresses.same_page_digest(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, key)
        return key

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Stand in migrations as the column it is."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


REMOTE_ID_CHARACTERS = 500
