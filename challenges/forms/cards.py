"""What kind of card a winning entry becomes."""

from django import forms
from django.utils.translation import gettext_lazy as _


class CardForm(forms.Form):
    """One choice among three kinds."""

    kind = forms.ChoiceField(
        label=_("Nature de la fiche"),
        choices=[
            ("solution", _("Solution")),
            ("algorithm", _("Algorithme")),
            ("model", _("Modèle pré-entraîné")),
        ],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choisissez une solution, un algorithme ou un modèle."),
            "invalid_choice": _("Choisissez une solution, un algorithme ou un modèle."),
        },
    )
