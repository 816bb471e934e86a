"""What a team shows of itself."""

from django import forms
from django.utils.translation import gettext_lazy as _


class DisclosureForm(forms.Form):
    """Three boxes, none ticked by default."""

    members = forms.BooleanField(
        label=_("Nos noms figurent au classement et sur le certificat de l’équipe"), required=False
    )
    method = forms.BooleanField(
        label=_("Notre fiche de méthode figure dans le bilan public"), required=False
    )
    card = forms.BooleanField(
        label=_("L’organisateur peut proposer une fiche de notre solution au catalogue"),
        required=False,
    )
