"""Forms of the invitations to take part in a challenge."""

from django import forms
from django.utils.translation import gettext_lazy as _


class GuestsForm(forms.Form):
    """Paste addresses, one a line."""

    addresses = forms.CharField(
        label=_("Adresses électroniques"),
        max_length=40_000,
        help_text=_(
            "Une par ligne, deux cents par jour au plus. Chaque personne reçoit une lettre, une "
            "seule fois ; la même liste, collée de nouveau, n’écrit à personne deux fois."
        ),
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off"}),
        error_messages={"required": _("Collez au moins une adresse.")},
    )

    @property
    def lines(self) -> list[str]:
        """Return the lines that were pasted."""
        text: str = self.cleaned_data["addresses"]
        return text.splitlines()
