"""A card written by a program: the fields that the form takes, each cleaned as the form does."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from catalogue.contributions import record_checks
from catalogue.contributions.forms.steps import OwnField, Step, TagsField, asked, form_field
from catalogue.resources import words
from catalogue.resources.enums import UNLICENSED_KINDS, Deposit, LicenceStatus
from catalogue.resources.fields import COMMON_BY_NAME, Field, FieldType, language_choices

NO_FIELD = gettext_noop("Ce champ n’existe pas.")
NOT_OF_KIND = gettext_noop("Ce type de fiche n’a pas ce champ.")


@dataclass(frozen=True)
class Fault:
    """One value that does not fit: where it stands, a code, a sentence."""

    field: str
    code: str
    message: str

    def to_json(self) -> dict[str, str]:
        """Give it as endpoints name faults."""
        return {"field": self.field, "code": self.code, "message": self.message}


@dataclass(frozen=True)
class Cleaned:
    """The values that fit, under the names of the record, and the faults of the others."""

    values: dict[str, Any]
    faults: list[Fault]


def taken(kind: str, *, deposit: str = Deposit.OWNED) -> list[Field]:
    """List every field that the form takes for a kind, in its order, the licences last.

    The holder, and the state of the licence that the licences decide, are not among them.
    """
    found = [own for step in Step for own in asked(step, kind, deposit=deposit)]
    if kind in UNLICENSED_KINDS:
        return found
    needed = record_checks.needs_licence({"kind": kind, "deposit": deposit})
    return [*found, replace(COMMON_BY_NAME["licences"], needed=needed)]


def clean(kind: str, given: Mapping[str, Any], *, told: Mapping[str, Any]) -> Cleaned:
    """Bring the given part of a record to its stored form; null empties a field.

    given: common fields, and under `details` those of the kind. told: the record so far; what is
    given back as it was told changes nothing, whatever its field, and its rare languages stay.
    Nothing is left out in silence: each name or value that the form would not take is a fault.
    """
    own = {field.name: field for field in taken(kind)}
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for place, name, value in _flat(given, faults):
        field = own.get(name)
        if not place and name in told and value == told[name]:
            continue  # what is given back as it was read changes nothing
        if field is None or (name in COMMON_BY_NAME) is bool(place):
            known = not place and name in COMMON_BY_NAME and name != "licence_status"
            faults.append(
                Fault(place + name, "unknown_field", _(NOT_OF_KIND if known else NO_FIELD))
            )
            continue
        try:
            values |= _cleaned(field, value, told)
        except ValidationError as error:
            faults.append(Fault(place + name, "invalid_value", " ".join(error.messages)))
    return Cleaned(values, faults)


def _flat(given: Mapping[str, Any], faults: list[Fault]) -> list[tuple[str, str, Any]]:
    """List (place, name, value) of what is given, own fields under « details. »."""
    found = [("", name, value) for name, value in given.items() if name != "details"]
    details = given.get("details") or {}
    if not isinstance(details, Mapping):
        faults.append(Fault("details", "invalid_value", _("Un objet est attendu : champ, valeur.")))
        return found
    return [*found, *(("details.", name, value) for name, value in details.items())]


def _cleaned(field: Field, value: Any, told: Mapping[str, Any]) -> dict[str, Any]:
    if field.name == "licences":
        return _licences(OwnField(field).clean(value))
    if field.name == "tags":
        return {"tags": _tags(field, value)}
    if field.name == "languages":
        field = replace(field, choices=language_choices(told.get("languages") or ()))
    if field.type is FieldType.ROWS:
        _refuse_columns(field, value)
    return {field.name: form_field(field).clean(value)}


def _tags(field: Field, value: Any) -> list[str]:
    text = ",".join(OwnField(field).clean(value)) if isinstance(value, list) else value
    if text is not None and not isinstance(text, str):
        raise ValidationError(_("Une liste est attendue."))
    return TagsField(field).clean(text)


def _refuse_columns(field: Field, value: Any) -> None:
    """Name the first column of a row that the field does not have, rather than drop it."""
    known = {column.name for column in field.columns}
    rows = value if isinstance(value, list) else []
    others = (name for row in rows if isinstance(row, Mapping) for name in row if name not in known)
    if (other := next(others, None)) is not None:
        sentence = _("La colonne « %(name)s » n’existe pas.")
        raise ValidationError(sentence, params={"name": other[:64]})


def _licences(texts: list[str]) -> dict[str, Any]:
    """Read licences as the form does: known to SPDX, or none yet, which is to confirm."""
    found = [words.known_licence(text) for text in texts]
    status = LicenceStatus.DECLARED if found else LicenceStatus.TO_CONFIRM
    return {"licences": found, "licence_status": str(status)}
