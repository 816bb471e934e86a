"""Propose a catalogue to harvest, and answer for the Region."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalogue.enums.harvest import HarvestFrequency, SourceKind
from portal.accounts.models import Organisation


class SourceForm(forms.Form):
    """What to harvest, in whose name, how often."""

    use_required_attribute = False
    organisation = forms.ChoiceField(
        label=_("Au nom de"), error_messages={"required": _("Choisissez une organisation.")}
    )
    title = forms.CharField(
        label=_("Nom du catalogue"),
        max_length=120,
        help_text=_("Celui que verront les lecteurs : « Catalogue de l’observatoire »."),
        error_messages={"required": _("Donnez un nom à ce catalogue.")},
    )
    kind = forms.ChoiceField(
        label=_("Sorte de catalogue"),
        choices=SourceKind.choices,
        help_text=_("Le protocole que parle ce catalogue ; son éditeur le sait."),
    )
    url = forms.CharField(
        label=_("Adresse"),
        max_length=500,
        widget=forms.URLInput,
        help_text=_(
            "CKAN : la racine du portail. DCAT : l’adresse du catalogue. data.gouv.fr : "
            "https://www.data.gouv.fr/api/1/datasets/?organization=… "
            "OAI-PMH et CSW : l’adresse du service. "
            "Hugging Face : https://huggingface.co/api/models?author=…"
        ),
        error_messages={"required": _("Donnez l’adresse de ce catalogue.")},
    )
    frequency = forms.ChoiceField(
        label=_("Rythme"), choices=HarvestFrequency.choices, initial=HarvestFrequency.WEEKLY
    )

    def __init__(self, *args: Any, holders: Sequence[Organisation], **options: Any) -> None:
        super().__init__(*args, **options)
        self.holders = {str(holder.public_id): holder for holder in holders}
        field: Any = self.fields["organisation"]
        field.choices = [(key, holder.name) for key, holder in self.holders.items()]

    def clean_organisation(self) -> Organisation:
        """Give the organisation itself."""
        return self.holders[self.cleaned_data["organisation"]]


class RefusalForm(forms.Form):
    """Why the Region does not harvest a source."""

    use_required_attribute = False
    message = forms.CharField(
        label=_("Raison, pour qui l’a proposée"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Dites pourquoi cette source est refusée.")},
    )
