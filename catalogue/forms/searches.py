"""Forms of saved searches."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalogue.enums import AlertFrequency
from portal.lib.characters import plain_line


class SearchForm(forms.Form):
    """Name a search and choose how often it writes."""

    use_required_attribute = False
    title = forms.CharField(
        label=_("Nom de la recherche"),
        max_length=120,
        validators=[plain_line],
        help_text=_("Il fait l’objet de vos courriels."),
        error_messages={"required": _("Donnez un nom à cette recherche.")},
    )
    frequency = forms.ChoiceField(
        label=_("Me prévenir"),
        widget=forms.RadioSelect,
        choices=AlertFrequency.choices,
        initial=AlertFrequency.DAILY,
        error_messages={"required": _("Choisissez une fréquence.")},
    )


class AddressForm(SearchForm):
    """The same for somebody without an account, at an address that a link confirms."""

    email = forms.EmailField(
        label=_("Adresse électronique"),
        max_length=254,
        help_text=_("Elle ne sert qu’à cette alerte. Un lien vous demandera de la confirmer."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": _("Donnez l’adresse qui recevra les courriels."),
            "invalid": _("Cette adresse n’est pas complète : il y faut un « @ » et un domaine."),
        },
    )
    # Filled by machines alone: the field is hidden from people.
    site = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A letter is the only proof of the address: a feed alone would prove nothing.
        frequency: Any = self.fields["frequency"]
        frequency.choices = [
            (value, label)
            for value, label in AlertFrequency.choices
            if value != AlertFrequency.FEED
        ]
