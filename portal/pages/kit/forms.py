"""Prepare form fields: label, hint, error and the attributes that tie them together."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import (
    BaseForm,
    CheckboxInput,
    CheckboxSelectMultiple,
    Field,
    FileInput,
    RadioSelect,
    Select,
    Textarea,
)
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Fault:
    """Point an error at the field that holds it."""

    target: str
    label: str
    message: str


def field_context(
    bound: BoundField,
    *,
    label: str = "",
    hint: str = "",
    rows: int = 0,
    optional: str = "",
) -> dict[str, Any]:
    """Prepare one field for `components/field.html`.

    label, hint: replace those of the form. optional: replaces « facultatif ».
    A form field may carry `descriptions`, a dict of a choice's value to its explanation.
    """
    name = bound.auto_id or bound.html_name
    hint = hint or str(bound.help_text or "")
    maxlength = _counted(bound)
    attrs = _attributes(bound, name=name, hint=hint, maxlength=maxlength)
    kind = _kind(bound)
    if rows and kind == "text":
        attrs["rows"] = str(rows)
    single = kind in ("text", "check", "file", "hidden")
    return {
        "kind": kind,
        "id": name,
        "field": bound,
        "label": label or bound.label,
        "hint": hint,
        "errors": messages(bound),
        "optional": "" if bound.field.required else (optional or _("facultatif")),
        "maxlength": maxlength,
        "count": len(str(bound.value() or "")),
        "control": bound.as_widget(attrs=attrs) if single else "",
        "options": [] if single else _options(bound),
    }


def _kind(bound: BoundField) -> str:
    if bound.is_hidden:
        return "hidden"
    match bound.field.widget:
        case RadioSelect() | CheckboxSelectMultiple():
            return "choices"
        case CheckboxInput():
            return "check"
        case FileInput():
            return "file"
        case _:
            return "text"


def _counted(bound: BoundField) -> int:
    if not isinstance(bound.field.widget, Textarea):
        return 0
    return int(getattr(bound.field, "max_length", None) or 0)


def _attributes(bound: BoundField, *, name: str, hint: str, maxlength: int) -> dict[str, Any]:
    described = [f"{name}_hint"] if hint else []
    described += [f"{name}_error"] if bound.errors else []
    described += [f"{name}_count"] if maxlength else []
    attrs: dict[str, Any] = {}
    if _kind(bound) == "text":
        own = bound.field.widget.attrs.get("class", "")
        attrs["class"] = f"input {own}".strip()
    if described:
        attrs["aria-describedby"] = " ".join(described)
    return attrs


def _options(bound: BoundField) -> list[dict[str, Any]]:
    descriptions = getattr(bound.field, "descriptions", {})
    shown = []
    for option in bound:
        data = option.data
        attrs = data["attrs"] | {"type": data["type"], "name": data["name"]}
        if data["value"] is not None:
            attrs["value"] = str(data["value"])
        shown.append(
            {
                "id": option.id_for_label,
                "label": data["label"],
                "description": descriptions.get(data["value"], ""),
                "attrs": {
                    key: value
                    for key, value in attrs.items()
                    if value not in (False, None) and key != "required"
                },
                "checked": bool(data["selected"]),
            }
        )
    return shown


def faults(forms: Iterable[BaseForm]) -> list[Fault]:
    """List the errors of some forms in the order of their fields, form-wide ones first."""
    found: list[Fault] = []
    for form in forms:
        found += [Fault("", "", str(error)) for error in form.non_field_errors()]
        for bound in form:
            target = bound.auto_id or bound.html_name
            if _kind(bound) == "choices":
                target = f"{target}_0"
            found += [Fault(target, str(bound.label), message) for message in messages(bound)]
    return found


def messages(bound: BoundField) -> list[str]:
    """Say the errors of a field; where the form has no words for an empty one, say what to do."""
    return [
        _what_to_do(bound) if _is_bare(error) else message
        for error in bound.errors.as_data()
        for message in error.messages
    ]


def _is_bare(error: ValidationError) -> bool:
    """Recognise Django's own words for an empty field, which name no act."""
    bare = str(Field.default_error_messages["required"])
    return error.code == "required" and error.messages == [bare]


def _what_to_do(bound: BoundField) -> str:
    match bound.field.widget:
        case CheckboxSelectMultiple():
            return _("Cochez au moins une réponse.")
        case RadioSelect() | Select():
            return _("Choisissez une réponse.")
        case CheckboxInput():
            return _("Cochez cette case pour continuer.")
        case FileInput():
            return _("Choisissez un fichier.")
        case _:
            return _("Remplissez ce champ.")
