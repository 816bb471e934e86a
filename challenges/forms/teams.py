"""Forms of the pages of a team."""

from django import forms
from django.utils.translation import gettext_lazy as _


class MergeForm(forms.Form):
    """Name the team that would take one's own in."""

    name = forms.CharField(
        label=_("Nom de l’autre équipe"),
        max_length=80,
        help_text=_("Son nom exact, tel que ses membres le lisent sur leur page d’équipe."),
        error_messages={"required": _("Écrivez le nom de l’équipe à rejoindre.")},
    )
