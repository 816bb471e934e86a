"""Form by which a team tries its code on the public sample."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.lib.files import safe_name


class TrialForm(forms.Form):
    """Send a package of code."""

    file = forms.FileField(
        label=_("Votre archive de code"),
        error_messages={
            "required": _("Choisissez l’archive à essayer."),
            "empty": _("Ce fichier est vide."),
        },
        widget=forms.ClearableFileInput(attrs={"accept": ".zip"}),
    )

    @property
    def file_name(self) -> str:
        """Return the displayable name of the archive."""
        return safe_name(self.cleaned_data["file"].name or "")

    def refuse(self, field: str, said: str, code: str) -> None:
        """Put a refusal beside its field."""
        self.add_error(field, ValidationError(said, code=code))
