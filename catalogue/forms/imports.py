"""Bring a table of cards, then say what becomes of what it makes."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalogue.standards.readers import limits

DRAFTS, REVIEW = "drafts", "review"


class TableForm(forms.Form):
    """One file, and the organisation for which it is brought."""

    use_required_attribute = False

    organisation = forms.ChoiceField(
        label=_("Pour quelle organisation ?"),
        error_messages={"required": _("Choisissez une organisation.")},
    )
    file = forms.FileField(
        label=_("Fichier CSV"),
        help_text=_("En UTF-8, 5 Mo et 1 000 lignes au plus."),
        error_messages={"required": _("Déposez un fichier."), "empty": _("Ce fichier est vide.")},
    )

    def __init__(self, holders: Sequence[tuple[str, str]], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["organisation"]
        field.choices = [("", "—"), *holders] if len(holders) > 1 else list(holders)

    def clean_file(self) -> Any:
        """Refuse a file over the limit before it is read."""
        file = self.cleaned_data["file"]
        if file.size > limits.DOCUMENT_BYTES:
            raise forms.ValidationError(_("Ce fichier dépasse 5 Mo : coupez-le en plusieurs."))
        return file


class LaunchForm(forms.Form):
    """Import as drafts, or send to the review what is ready; the charter is accepted for it."""

    use_required_attribute = False

    then = forms.ChoiceField(
        label=_("Et ensuite ?"),
        widget=forms.RadioSelect,
        choices=[
            (DRAFTS, _("Garder les fiches en brouillon")),
            (REVIEW, _("Envoyer à la relecture celles qui sont prêtes")),
        ],
        initial=DRAFTS,
        error_messages={"required": _("Choisissez ce que deviennent les fiches.")},
    )
    charter = forms.BooleanField(label=_("J’accepte la charte de contribution."), required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for the charter when something is sent."""
        cleaned = super().clean() or {}
        if cleaned.get("then") == REVIEW and not cleaned.get("charter"):
            self.add_error("charter", _("Acceptez la charte pour envoyer vos propositions."))
        return cleaned
