"""A card written by a program: the fields that the form takes, each cleaned as the form does."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.contributions import record_checks
from catalogue.contributions.forms.steps import OwnField, Step, asked, form_field
from catalogue.resources import words
from catalogue.resources.enums import UNLICENSED_KINDS, Deposit, LicenceStatus
from catalogue.resources.fields import COMMON_BY_NAME, Field, FieldType, Text, language_choices
from portal.lib.refusals import Invalid

NO_FIELD = gettext_lazy("Ce champ n’existe pas.")
NOT_OF_KIND = gettext_lazy("Ce type de fiche n’a pas ce champ.")


def taken(kind: str, *, deposit: str = Deposit.OWNED) -> list[Field]:
    """List every field that the form takes for a kind, in its order, the licences last.

    The holder, and the state of the licence that the licences decide, are not among them.
    """
    found = [own for step in Step for own in asked(step, kind, deposit=deposit)]
    if kind in UNLICENSED_KINDS:
        return found
    needed = record_checks.needs_licence({"kind": kind, "deposit": deposit})
    return [*found, replace(COMMON_BY_NAME["licences"], needed=needed)]


def clean(kind: str, given: Mapping[str, Any], *, told: Mapping[str, Any]) -> dict[str, Any]:
    """Bring the given part of a record to its stored form; null empties a field.

    given: common fields, and under `details` those of the kind. told: the record so far; what is
    given back as it was told changes nothing, whatever its field, and its rare languages stay.
    Nothing is left out in silence: raises Invalid with each name or value that the form would not
    take, as endpoints name faults.
    """
    own = {field.name: field for field in taken(kind)}
    values: dict[str, Any] = {}
    faults: list[dict[str, str]] = []
    for place, name, value in _flat(given, faults):
        field = own.get(name)
        if not place and name in told and value == told[name]:
            continue  # what is given back as it was read changes nothing
        if field is None or (name in COMMON_BY_NAME) is bool(place):
            known = not place and name in COMMON_BY_NAME and name != "licence_status"
            faults.append(_fault(place + name, "unknown_field", NOT_OF_KIND if known else NO_FIELD))
            continue
        try:
            values |= _cleaned(field, value, told)
        except ValidationError as error:
            faults.append(_fault(place + name, "invalid_value", " ".join(error.messages)))
    if faults:
        raise Invalid(faults=faults)
    return values


def _fault(field: str, code: str, message: Text) -> dict[str, str]:
    return {"field": field, "code": code, "message": str(message)}


def _flat(given: Mapping[str, Any], faults: list[dict[str, str]]) -> list[tuple[str, str, Any]]:
    """List (place, name, value) of what is given, own fields under « details. »."""
    found = [("", name, value) for name, value in given.items() if name != "details"]
    details = given.get("details") or {}
    if not isinstance(details, Mapping):
        faults.append(
            _fault("details", "invalid_value", _("Un objet est attendu : champ, valeur."))
        )
        return found
    return [*found, *(("details.", name, value) for name, value in details.items())]


def _cleaned(field: Field, value: Any, told: Mapping[str, Any]) -> dict[str, Any]:
    if field.name == "licences":
        return _licences(OwnField(field).clean(value))
    if field.name == "languages":
        field = replace(field, choices=language_choices(told.get("languages") or ()))
    if field.type is FieldType.ROWS:
        _refuse_columns(field, value)
    return {field.name: form_field(field).clean(value)}


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
