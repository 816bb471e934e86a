"""Form of receipts: bring one to verify."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from challenges.client.receipts import MAX_BYTES


class ReceiptForm(forms.Form):
    """Bring a receipt to verify: a file, or its text."""

    file = forms.FileField(
        label=_("Fichier du récépissé"),
        required=False,
        max_length=200,
        error_messages={"empty": _("Ce fichier est vide.")},
        widget=forms.ClearableFileInput(attrs={"accept": ".json,application/json"}),
    )
    text = forms.CharField(
        label=_("Ou son texte"),
        required=False,
        help_text=_("Collez tout le contenu du fichier, de la première à la dernière accolade."),
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for one of the two; refuse what is longer than any receipt."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        file, text = cleaned.get("file"), str(cleaned.get("text") or "")
        if not file and not text:
            raise forms.ValidationError(_("Choisissez un fichier ou collez le texte du récépissé."))
        if (file.size if file else len(text.encode())) > MAX_BYTES:
            raise forms.ValidationError(
                _("C’est plus long qu’un récépissé : 256 ko au plus."), code="too_large"
            )
        return cleaned

    @property
    def content(self) -> bytes:
        """Return the bytes to verify; the file wins over the text."""
        file = self.cleaned_data.get("file")
        content: bytes = file.read() if file else self.cleaned_data["text"].encode()
        return content
