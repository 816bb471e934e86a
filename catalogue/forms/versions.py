"""Why a former version of a card is withheld."""

from django import forms
from django.utils.translation import gettext_lazy as _


class WithholdForm(forms.Form):
    """The reason, read by the moderators alone."""

    use_required_attribute = False
    reason = forms.CharField(
        label=_("Pourquoi ne plus montrer cette version ?"),
        help_text=_("Lu par les modérateurs seulement : ne répétez pas ce qui doit disparaître."),
        max_length=300,
        error_messages={"required": _("Dites pourquoi cette version n’est plus montrée.")},
    )
