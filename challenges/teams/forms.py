"""Forms by which people take part: rules, teams, invitations, registrations."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from challenges.models import Terms
from portal.lib.fields import line


class TermsForm(forms.Form):
    """Accept one version of the rules."""

    terms = forms.IntegerField(widget=forms.HiddenInput)
    accepted = forms.BooleanField(
        label=_("J’ai lu le règlement et je l’accepte"),
        error_messages={"required": _("Cochez la case pour accepter le règlement.")},
    )

    def __init__(self, data: Any = None, *, version: Terms) -> None:
        super().__init__(data, initial={"terms": version.number})
        self.version = version

    def clean_terms(self) -> int:
        """Refuse an acceptance of a version that is no longer in force."""
        number: int = self.cleaned_data["terms"]
        if number != self.version.number:
            raise forms.ValidationError(
                _("Le règlement a changé depuis l’affichage de cette page. Relisez-le.")
            )
        return number


class TeamForm(forms.Form):
    """Name a new team."""

    name = line(
        _("Nom de l’équipe"),
        80,
        _("Donnez un nom à votre équipe."),
        _("Ce nom est public : il paraît au classement."),
    )


class InvitationForm(forms.Form):
    """Invite a person by e-mail."""

    email = forms.EmailField(
        label=_("Adresse électronique"),
        max_length=254,
        help_text=_("L’invitation est valable sept jours, une seule fois, pour cette adresse."),
        error_messages={
            "required": _("Écrivez l’adresse de la personne à inviter."),
            "invalid": _("Cette adresse n’est pas valable. Exemple : prenom.nom@exemple.fr"),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


class RefusalForm(forms.Form):
    """Refuse a person who asks to take part."""

    reason = line(
        _("Motif du refus"),
        500,
        _("Dites pourquoi l’inscription est refusée."),
        _("La personne le lira."),
    )


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
