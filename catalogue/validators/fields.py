"""The declaration of one kind-specific field, and how a value of it is cleaned."""

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

Text = str | Promise
NUMBER = re.compile(r"[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)([eE][+-]?[0-9]+)?")
THOUSANDS = re.compile(r"[0-9]{1,3},[0-9]{3}")
check_url = URLValidator(schemes=["http", "https"])


class FieldType(StrEnum):
    """The shapes of a value."""

    LINE = "line"  # one line of text
    TEXT = "text"  # several lines of text
    URL = "url"  # http or https
    DATE = "date"  # YYYY, YYYY-MM or YYYY-MM-DD
    INTEGER = "integer"
    NUMBER = "number"  # a count or a measure, decimals after a comma or a point
    CHOICE = "choice"  # one of `choices`
    LIST = "list"  # list of lines
    ROWS = "rows"  # list of objects with the fields of `columns`


class Section(StrEnum):
    """Where a field stands on the page."""

    FACTS = "facts"  # short, in the side column
    BODY = "body"  # long, in the main column
    CARD = "card"  # questions of the explainability card, always shown


@dataclass(frozen=True)
class Field:
    """One kind-specific field: form, page, diff, API and exports read this."""

    name: str
    label: Text
    type: FieldType = FieldType.LINE
    help: Text = ""
    needed: bool = False  # compulsory to publish an owned resource
    section: Section = Section.BODY
    choices: tuple[tuple[str, Text], ...] = ()
    columns: tuple["Field", ...] = ()
    max_length: int = 2_000
    item: Callable[[str], str] = str  # brings one line of a list to its stored form

    def say(self, value: object) -> Text:
        """Give the words of a stored choice, or the value itself."""
        return dict(self.choices).get(str(value), str(value))


@dataclass(frozen=True)
class FieldFault:
    """One wrong or missing value, with the sentence to show."""

    field: str
    message: Text


MAX_ITEMS = 50
CLEANED_DATE = {4: "%Y", 7: "%Y-%m", 10: "%Y-%m-%d"}


def _line(field: Field, value: object) -> str:
    if not isinstance(value, str | int | float):
        raise ValidationError(_("Un texte est attendu."))
    text = str(value).replace("\x00", "").strip()
    if field.type is not FieldType.TEXT:
        text = " ".join(text.split())
    if len(text) > field.max_length:
        message = _("Ce texte dépasse %(limit)d caractères.")
        raise ValidationError(message, params={"limit": field.max_length})
    return text


def _url(field: Field, value: object) -> str:
    text = _line(field, value)
    if text:
        try:
            check_url(text)
        except ValidationError:
            raise ValidationError(
                _("Écrivez une adresse complète, qui commence par https://.")
            ) from None
    return text


def _date(field: Field, value: object) -> str:
    text = _line(field, value)
    if text:
        try:
            datetime.datetime.strptime(text, CLEANED_DATE[len(text)])  # noqa: DTZ007 - a day
        except (KeyError, ValueError):
            raise ValidationError(_("Écrivez une date : 2026, 2026-11 ou 2026-11-24.")) from None
    return text


def _integer(_field: Field, value: object) -> int | None:
    if value in ("", None):
        return None
    text = str(value).replace(" ", "").replace("\u202f", "")
    try:
        number = int("" if "_" in text else text)
    except ValueError:
        raise ValidationError(_("Écrivez un nombre entier.")) from None
    if not 0 <= number < 10**15:
        raise ValidationError(_("Ce nombre est hors des bornes."))
    return number


def _choice(field: Field, value: object) -> str:
    text = _line(field, value)
    if text and text not in dict(field.choices):
        raise ValidationError(_("Choisissez une des valeurs proposées."))
    return text


def _sequence(value: object) -> Sequence[object]:
    if value in (None, ""):
        return ()
    if isinstance(value, str):
        return value.splitlines()
    if not isinstance(value, list | tuple):
        raise ValidationError(_("Une liste est attendue."))
    if len(value) > MAX_ITEMS:
        raise ValidationError(_("Cinquante lignes au plus."))
    return value


def _list(field: Field, value: object) -> list[str]:
    lines = [field.item(_line(field, item)) for item in _sequence(value)]
    return list(dict.fromkeys(line for line in lines if line))


def _rows(field: Field, value: object) -> list[dict[str, object]]:
    rows = []
    for item in _sequence(value):
        if not isinstance(item, Mapping):
            raise ValidationError(_("Une liste de lignes est attendue."))
        row = {c.name: clean_value(c, item.get(c.name, "")) for c in field.columns}
        if any(v not in ("", None, []) for v in row.values()):
            rows.append(row)
    return rows


def _number(_field: Field, value: object) -> int | float | None:
    """Read a number of zero or more; a whole one stays an integer.

    « 1,234 » is 1.234 in French, and may be a thousand in English: there it is asked again.
    """
    if value in ("", None):
        return None
    text = re.sub(r"\s", "", str(value))
    if not NUMBER.fullmatch(text):
        raise ValidationError(_("Écrivez un nombre, par exemple 12,5."))
    if THOUSANDS.fullmatch(text) and not (get_language() or "fr").startswith("fr"):
        raise ValidationError(
            _("Ce nombre se lit de deux façons : écrivez %(whole)s ou %(decimal)s."),
            params={"whole": text.replace(",", ""), "decimal": text.replace(",", ".")},
        )
    number = float(text.replace(",", "."))
    if not 0 <= number < 10**15:
        raise ValidationError(_("Ce nombre est hors des bornes."))
    return int(number) if number.is_integer() else number


NEVER_TEXT = (FieldType.LIST, FieldType.ROWS, FieldType.INTEGER, FieldType.NUMBER)
CLEANERS = {
    FieldType.LINE: _line,
    FieldType.TEXT: _line,
    FieldType.URL: _url,
    FieldType.DATE: _date,
    FieldType.INTEGER: _integer,
    FieldType.NUMBER: _number,
    FieldType.CHOICE: _choice,
    FieldType.LIST: _list,
    FieldType.ROWS: _rows,
}


def clean_value(field: Field, value: object) -> object:
    """Bring a raw value to its stored form; raise ValidationError with a French sentence."""
    if value is None and field.type not in NEVER_TEXT:
        value = ""
    return CLEANERS[field.type](field, value)
