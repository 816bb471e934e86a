"""Read a body by the form of the page, and name its faults as endpoints do."""

from typing import Any

from django import forms

from portal.lib.refusals import Invalid


def accepted(form: forms.Form) -> dict[str, Any]:
    """Return the values that the form of the page takes; raises Invalid with each fault."""
    if form.is_valid():
        return dict(form.cleaned_data)
    raise Invalid(
        faults=[
            {"field": name, "code": each["code"] or "invalid_value", "message": each["message"]}
            for name, errors in form.errors.get_json_data().items()
            for each in errors
        ]
    )
