"""Put a library's forms into our words; the kit gives them their looks."""

from typing import Any

from django import forms


class Dressed(forms.Form):
    """A form without placeholders whose `labels` and `hints`, by field name, are ours."""

    labels: dict[str, Any] = {}
    hints: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = self.labels.get(name, field.label)
            field.help_text = self.hints.get(name, field.help_text)
            field.widget.attrs.pop("placeholder", None)
