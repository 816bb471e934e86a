"""The decision of a moderator."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalogue.enums import DecisionReason

PUBLISH, REQUEST_CHANGES, REFUSE = "publish", "request_changes", "refuse"


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
    reason = forms.ChoiceField(
        label=_("Motif"),
        required=False,
        choices=[("", "—"), *DecisionReason.choices],
        help_text=_("Pour un refus ou une demande de corrections."),
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

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
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


class FilterForm(forms.Form):
    """The filters of the queue."""

    kind = forms.CharField(required=False)
    order = forms.CharField(required=False)
