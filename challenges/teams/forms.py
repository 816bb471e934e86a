"""Forms by which people take part: rules, teams, invitations, registrations."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from challenges.organising.models.challenges import Terms
from challenges.teams.actions.teams import offer_behind
from challenges.teams.models import Team, TeamInvitation
from datasets.access.models import Grant
from portal.accounts.models import User
from portal.audit import denials
from portal.audit.record import reference
from portal.lib.refusals import Hidden
from portal.lib.web.fields import box, invited_address, line


class TeamForm(forms.Form):
    """Name a team."""

    name = line(
        _("Nom de l’équipe"),
        80,
        _("Donnez un nom à votre équipe."),
        _("Public : il paraît au classement. Il se change jusqu’à la clôture."),
    )


class TermsForm(forms.Form):
    """Accept one version of the rules, sign the uses that one grant forbids: what there is."""

    terms = forms.IntegerField(widget=forms.HiddenInput)
    uses = forms.CharField(widget=forms.HiddenInput)
    accepted = box(
        _("J’ai lu le règlement et je l’accepte"), _("Cochez la case pour accepter le règlement.")
    )
    signed = box(
        _("Je m’engage à ne faire aucun usage interdit des données de ce challenge"),
        _("Cochez la case pour signer : ces données ne servent qu’à la finalité de leur accès."),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        version: Terms | None,
        grant: Grant | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        """Lay the form out. grant: the one whose forbidden uses are still to be signed."""
        shown = {"terms": version and version.number, "uses": grant and grant.number}
        super().__init__(data, initial={**(initial or {}), **shown})
        self.version, self.grant = version, grant
        if grant is None:
            del self.fields["uses"], self.fields["signed"]
        if version is None:
            del self.fields["terms"], self.fields["accepted"]

    def clean_terms(self) -> int:
        """Refuse an acceptance of a version that is no longer in force."""
        number: int = self.cleaned_data["terms"]
        if self.version is None or number != self.version.number:
            self._ask_again("terms", self.version and self.version.number, "accepted")
            raise forms.ValidationError(
                _("Le règlement a changé depuis l’affichage de cette page. Relisez-le.")
            )
        return number

    def clean_uses(self) -> str:
        """Refuse the signature of uses that another grant has replaced."""
        number: str = self.cleaned_data["uses"]
        if self.grant is None or number != self.grant.number:
            self._ask_again("uses", self.grant and self.grant.number, "signed")
            raise forms.ValidationError(
                _("Les usages interdits ont changé depuis l’affichage de cette page. Relisez-les.")
            )
        return number

    def _ask_again(self, name: str, value: object, tick: str) -> None:
        """Show what is in force now, its box empty: a tick given to other words does not stay."""
        kept = {each: self.data.get(each) for each in self.data if each != tick}
        self.data = kept | {name: value}


class LinkForm(forms.Form):
    """Say which team one joins."""

    link = line(
        _("Lien ou code de l’équipe"),
        500,
        _("Collez le lien que l’équipe vous a donné, ou son code."),
    )

    def __init__(self, data: Any = None, *, by: User) -> None:
        super().__init__(data)
        self.by = by

    def clean_link(self) -> Team | TeamInvitation:
        """Find what it lets one join; a wrong link of a letter is written down as a denial."""
        try:
            return offer_behind(self.cleaned_data["link"])
        except Hidden as refusal:
            if refusal.denied is not None:
                denials.note(by=self.by, on=reference(refusal.denied))
            raise forms.ValidationError(
                _("Aucune équipe n’a ce lien ou ce code : vérifiez-le auprès d’elle.")
            ) from refusal


class TakePartForm(TermsForm, TeamForm):
    """Accept the rules and name one's team, at once."""

    field_order = ("name", "terms", "accepted", "uses", "signed")


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
