"""Columns and constraints that many tables share."""

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    from portal.accounts.models import User


class Shown(models.TextChoices):
    """Choices shown as badges: each is a value, a pigment, an icon of the sprite, its words."""

    tone: str
    icon: str

    def __new__(cls, value: str, tone: str = "", icon: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_, member.tone, member.icon = value, tone, icon
        return member


MemberT = TypeVar("MemberT", bound=StrEnum | models.TextChoices)


class Member(Generic[MemberT]):
    """The word of a column as a member of its list: `state_enum = Member("state", State)`."""

    def __init__(self, column: str, enum: type[MemberT]) -> None:
        self.column, self.enum = column, enum

    def __get__(self, row: models.Model, model: type[models.Model]) -> MemberT:
        return self.enum(getattr(row, self.column))


RowT = TypeVar("RowT", bound=models.Model)


class LockableQuerySet(models.QuerySet[RowT]):
    """Rows that an action holds while it changes them."""

    def locked(self, row: RowT) -> RowT:
        """Return the fresh row, held until the end of the transaction."""
        return self.select_for_update(of=("self",)).get(pk=row.pk)


ClosedList = type[StrEnum] | type[models.TextChoices]


def word(enum: ClosedList, **options: Any) -> "models.CharField[Any, Any]":
    """Return a text column for one word of a closed list, with its labels where it has some."""
    if issubclass(enum, models.TextChoices):
        return models.CharField(max_length=24, choices=enum.choices, **options)
    choices = [(each.value, each.value) for each in enum]
    return models.CharField(max_length=24, choices=choices, **options)


def within(field: str, enum: ClosedList, *, name: str) -> models.CheckConstraint:
    """Refuse, in the database, a word that is not of the list."""
    values = sorted(each.value for each in enum)
    return models.CheckConstraint(condition=models.Q(**{f"{field}__in": values}), name=name)


def set_together(*columns: str, name: str, words: str = "") -> models.CheckConstraint:
    """Refuse a row where only some of these columns are set. words: a text, empty without them."""
    unset = models.Q(**{f"{column}__isnull": True for column in columns})
    whole = models.Q(**{f"{column}__isnull": False for column in columns})
    if words:
        unset &= models.Q(**{words: ""})
        whole &= ~models.Q(**{words: ""})
    return models.CheckConstraint(condition=unset | whole, name=name)


def set_exactly(when: models.Q, *columns: str, name: str) -> models.CheckConstraint:
    """Refuse a row where these columns are not set when, and only when, they have to be."""
    unset = models.Q(**{f"{column}__isnull": True for column in columns})
    whole = models.Q(**{f"{column}__isnull": False for column in columns})
    return models.CheckConstraint(condition=(when & whole) | (~when & unset), name=name)


def person(related_name: str = "+") -> "models.ForeignKey[User, User]":
    """Return the key of a person, whose account is never deleted under the row."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name=related_name
    )


def someone(related_name: str = "+") -> "models.ForeignKey[User | None, User | None]":
    """Return the key of who did something: nobody before it is done."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name=related_name,
    )
