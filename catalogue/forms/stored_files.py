"""Bring a file to a draft, or take one out."""

from django import forms
from django.utils.translation import gettext_lazy as _


class FileForm(forms.Form):
    """One file to bring, or the identifier of one to take out."""

    use_required_attribute = False

    file = forms.FileField(label=_("Déposer un fichier"), required=False, allow_empty_file=True)
    remove = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, object]:
        """Ask for one of the two."""
        cleaned = super().clean() or {}
        if not self.errors and not cleaned.get("file") and not cleaned.get("remove"):
            self.add_error("file", _("Choisissez un fichier."))
        return cleaned

    @property
    def faults(self) -> list[str]:
        """List what is wrong, in words."""
        return [str(fault) for faults in self.errors.values() for fault in faults]
