"""The decision of a moderator."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalogue.enums import DecisionReason, RemovalReason

PUBLISH, REQUEST_CHANGES, REFUSE = "publish", "request_changes", "refuse"

# Ready sentences: (word of the button, text added to the message).
SNIPPETS: dict[str, tuple[Promise, Promise]] = {
    "personal_data": (
        _("Données personnelles"),
        _(
            "Retirez les données personnelles : préférez l’adresse d’un service "
            "à celle d’une personne."
        ),
    ),
    "fairness": (
        _("Mesure d’équité"),
        _("Indiquez les résultats par groupe, même si l’échantillon est petit, et la méthode."),
    ),
    "licence": (
        _("Licence manquante"),
        _("Indiquez la licence : sans elle, personne ne peut réutiliser la ressource."),
    ),
    "limits": (
        _("Limites"),
        _("Dites les limites connues et ce qu’il ne faut pas faire de la ressource."),
    ),
}


class DecisionForm(forms.Form):
    """What to do with a proposal, why, and what to tell its author."""

    use_required_attribute = False
    outcome = forms.ChoiceField(
        label=_("Décision"),
        widget=forms.RadioSelect,
        choices=[
            (PUBLISH, _("Publier")),
            (REQUEST_CHANGES, _("Demander des corrections")),
            (REFUSE, _("Refuser")),
        ],
        error_messages={"required": _("Choisissez une décision.")},
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = forms.ChoiceField(
        label=_("Motif"),
        required=False,
        choices=[("", "—"), *DecisionReason.choices],
        help_text=_("Pour un refus ou une demande de corrections."),
    )
    concerned = forms.MultipleChoiceField(
        label=_("Champs concernés"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    message = forms.CharField(
        label=_("Message à l’auteur"),
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "Dites quoi changer, où, et pourquoi. Le message est conservé dans l’historique."
        ),
    )

    def __init__(
        self, *args: Any, concerned: Sequence[tuple[str, str]] = (), **options: Any
    ) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["concerned"]
        field.choices = concerned
        outcome: Any = self.fields["outcome"]
        outcome.descriptions = {
            PUBLISH: _("Visible tout de suite"),
            REQUEST_CHANGES: _("L’auteur répond, la fiche revient"),
            REFUSE: _("Motif et message obligatoires"),
        }

    def clean(self) -> dict[str, Any]:
        """Ask for a reason and a message, except to publish."""
        cleaned = super().clean() or {}
        if cleaned.get("outcome") in (REQUEST_CHANGES, REFUSE):
            if not cleaned.get("reason"):
                self.add_error("reason", _("Choisissez un motif."))
            if not str(cleaned.get("message") or "").strip():
                self.add_error("message", _("Écrivez à l’auteur ce qui manque ou ce qui gêne."))
        return cleaned


class RemovalForm(forms.Form):
    """Why a card is to be removed, and what its address may still say."""

    use_required_attribute = False
    reason = forms.ChoiceField(
        label=_("Motif"),
        choices=RemovalReason.choices,
        help_text=_("Il est affiché à l’adresse de la fiche."),
    )
    keep_title = forms.BooleanField(
        label=_("Garder le titre à l’adresse de la fiche"), required=False, initial=True
    )
    explanation = forms.CharField(
        label=_("Explication pour la deuxième personne et pour l’auteur"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Dites pourquoi cette fiche doit être retirée.")},
    )
