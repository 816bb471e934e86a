"""Forms about who runs a challenge, and what they announce."""

from django import forms
from django.utils.translation import gettext_lazy as _

from challenges.enums import OrganiserRole
from portal.lib.characters import plain_text

ROLES = {
    OrganiserRole.OWNER: _("Responsable : tout, et qui organise"),
    OrganiserRole.ORGANISER: _("Organisateur : tout, sauf qui organise"),
    OrganiserRole.JURY: _("Jury : lit le suivi, n’agit pas"),
}
SHORT = {
    OrganiserRole.OWNER: _("Responsable"),
    OrganiserRole.ORGANISER: _("Organisateur"),
    OrganiserRole.JURY: _("Jury"),
}


class OrganiserRoleForm(forms.Form):
    """Choose what a person does for a challenge."""

    role = forms.ChoiceField(
        label=_("Rôle"), choices=list(ROLES.items()), initial=OrganiserRole.ORGANISER
    )


class OrganiserInvitationForm(OrganiserRoleForm):
    """Invite a person to run a challenge."""

    email = forms.EmailField(
        label=_("Adresse électronique"),
        max_length=254,
        help_text=_("Celle de son compte. L’invitation vaut sept jours, pour cette adresse."),
        error_messages={
            "required": _("Écrivez l’adresse de la personne à inviter."),
            "invalid": _("Cette adresse n’est pas valable. Exemple : prenom.nom@exemple.fr"),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    field_order = ("email", "role")


class AnnouncementForm(forms.Form):
    """Announce something to everybody."""

    text = forms.CharField(
        label=_("Annonce"),
        max_length=2_000,
        validators=[plain_text],
        help_text=_(
            "Publique, datée, jamais modifiée. Les inscrits la reçoivent aussi par courriel."
        ),
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Écrivez l’annonce.")},
    )
