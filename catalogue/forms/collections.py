"""Forms of collections."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from catalogue.forms.community import slug_of
from catalogue.models import Resource
from portal.lib.characters import plain_line


class CollectionForm(forms.Form):
    """Say what a collection is."""

    use_required_attribute = False
    title = forms.CharField(
        label=_("Titre du dossier"),
        max_length=120,
        validators=[plain_line],
        error_messages={"required": _("Donnez un titre au dossier.")},
    )
    summary = forms.CharField(
        label=_("En quelques phrases"),
        max_length=400,
        required=False,
        validators=[plain_line],
        help_text=_("Pour qui, à quelle question ce dossier répond."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class NewCollectionForm(CollectionForm):
    """Make a collection in the name of an organisation where one publishes."""

    organisation = forms.ChoiceField(label=_("Au nom de"))

    def __init__(self, data: Any = None, *, holders: Sequence[tuple[str, str]]) -> None:
        super().__init__(data)
        choice: Any = self.fields["organisation"]
        choice.choices = holders


class ArrangeForm(CollectionForm):
    """Describe a collection, order what it holds, add one card."""

    added = forms.CharField(
        label=_("Ajouter une ressource"),
        max_length=300,
        required=False,
        validators=[plain_line],
        help_text=_("L’adresse de sa fiche."),
    )

    def clean_added(self) -> Resource | None:
        """Find the card of the address."""
        line = self.cleaned_data["added"].strip()
        if not line:
            return None
        found = Resource.objects.public().filter(slug=slug_of(line)).first()
        if found is None:
            raise ValidationError(
                _("Cette adresse n’est pas celle d’une fiche en ligne."), code="unknown"
            )
        return found
