"""The form of a new token."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal.accounts.enums import TokenScope

SCOPE_DUTIES = {
    TokenScope.READ: _(
        "Vos équipes, vos soumissions, vos scores, votre quota, vos contributions, vos recherches."
    ),
    TokenScope.ENTER: _("Vérifier un fichier, soumettre, choisir, retirer."),
    TokenScope.TEAM: _("Accepter un règlement, créer une équipe, inviter."),
    TokenScope.ORGANISE: _("Importer un challenge, emporter ceux que vous organisez."),
    TokenScope.CONTRIBUTE: _(
        "Écrire dans le catalogue : fiches, envois à la Région, recherches, suivis, "
        "réutilisations, discussions, signalements. Ce que la Région a répondu se lit avec "
        "« Lire »."
    ),
}


class TokenForm(forms.Form):
    """Name a token, say what it permits and for how long."""

    name = forms.CharField(
        label=_("Nom du jeton"),
        max_length=80,
        help_text=_("Pour le reconnaître : la machine ou le programme qui s’en sert."),
        error_messages={"required": _("Donnez un nom à ce jeton.")},
    )
    scopes = forms.MultipleChoiceField(
        label=_("Ce qu’il permet"),
        choices=[(scope.value, scope.label) for scope in TokenScope],
        widget=forms.CheckboxSelectMultiple,
        initial=[TokenScope.READ.value, TokenScope.ENTER.value],
        error_messages={"required": _("Cochez au moins une case.")},
    )
    days = forms.TypedChoiceField(label=_("Durée"), coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        days: Any = self.fields["days"]
        days.choices = [
            (each, ngettext("%(n)d jour", "%(n)d jours", each) % {"n": each})
            for each in settings.TOKEN_DAYS
        ]
        scopes: Any = self.fields["scopes"]
        scopes.descriptions = {scope.value: words for scope, words in SCOPE_DUTIES.items()}

    @property
    def wanted(self) -> list[TokenScope]:
        """Return the scopes that were ticked."""
        return [TokenScope(value) for value in self.cleaned_data["scopes"]]
