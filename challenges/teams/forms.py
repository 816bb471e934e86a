"""Forms by which people take part: rules, teams, invitations, registrations."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from challenges.organising.models.challenges import Terms
from portal.lib.web.fields import box, invited_address, line


class TermsForm(forms.Form):
    """Accept one version of the rules."""

    terms = forms.IntegerField(widget=forms.HiddenInput)
    accepted = box(
        _("J’ai lu le règlement et je l’accepte"), _("Cochez la case pour accepter le règlement.")
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

    email = invited_address(
        _("L’invitation est valable sept jours, une seule fois, pour cette adresse.")
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

    members = box(_("Nos noms figurent au classement et sur le certificat de l’équipe"))
    method = box(_("Notre fiche de méthode figure dans le bilan public"))
    card = box(_("L’organisateur peut proposer une fiche de notre solution au catalogue"))
