"""Propose a catalogue to harvest, and answer for the Region."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalogue.harvest.enums import HarvestFrequency, SourceKind
from catalogue.harvest.models import MOST_TRUSTED, Source
from catalogue.resources.queries import records as card_records
from portal.accounts.models import Organisation
from portal.lib.web.fields import PlainForm, box, choice, line, prose, whole


class SourceForm(PlainForm):
    """What to harvest, in whose name, how often."""

    organisation = choice(_("Au nom de"), fault=_("Choisissez une organisation."))
    title = line(
        _("Nom du catalogue"),
        120,
        _("Donnez un nom à ce catalogue."),
        _("Celui que verront les lecteurs : « Catalogue de l’observatoire »."),
        check=None,
    )
    kind = forms.ChoiceField(
        label=_("Sorte de catalogue"),
        choices=SourceKind.choices,
        help_text=_("Le protocole que parle ce catalogue ; son éditeur le sait."),
    )
    url = line(
        _("Adresse"),
        500,
        _("Donnez l’adresse de ce catalogue."),
        _(
            "CKAN : la racine du portail. DCAT : l’adresse du catalogue. data.gouv.fr : "
            "https://www.data.gouv.fr/api/1/datasets/?organization=… "
            "OAI-PMH et CSW : l’adresse du service. "
            "Hugging Face : https://huggingface.co/api/models?author=…"
        ),
        widget=forms.URLInput,
        check=None,
    )
    frequency = forms.ChoiceField(
        label=_("Rythme"), choices=HarvestFrequency.choices, initial=HarvestFrequency.WEEKLY
    )

    def __init__(self, *args: Any, holders: Sequence[Organisation], **options: Any) -> None:
        super().__init__(*args, **options)
        self.holders = {str(holder.public_id): holder for holder in holders}
        self.offer("organisation", ((key, holder.name) for key, holder in self.holders.items()))

    def clean_organisation(self) -> Organisation:
        return self.holders[self.cleaned_data["organisation"]]


class RefusalForm(PlainForm):
    """Why the Region does not harvest a source."""

    message = prose(
        _("Raison, pour qui l’a proposée"),
        2_000,
        _("Dites pourquoi cette source est refusée."),
        check=None,
    )


class RankForm(PlainForm):
    """How much a source is trusted beside others: whole, then by field."""

    priority = whole(
        _("Priorité de la source"),
        0,
        MOST_TRUSTED,
        _("De 0 à 100 : quand deux sources décrivent une fiche, la plus haute l’emporte."),
        error_messages={"required": _("Donnez une priorité, de 0 à 100.")},
    )
    completes = box(_("Peut compléter les fiches d’une autre source de la même organisation"))
    field = choice(_("Un champ où elle diffère"))
    field_priority = whole(_("Priorité pour ce champ"), 0, MOST_TRUSTED, required=False)

    def __init__(self, *args: Any, source: Source, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial = {"priority": source.priority, "completes": source.completes}
        labels = card_records.labels(card_records.fields())
        self.kept = {name: f"of_{name}" for name in source.priorities if name in labels}
        for name, key in self.kept.items():
            self.fields[key] = whole(
                _("Priorité pour « %(field)s »") % {"field": labels[name]},
                0,
                MOST_TRUSTED,
                _("Vide : celle de la source."),
                required=False,
                initial=source.priorities[name],
            )
        others = sorted((label, name) for name, label in labels.items() if name not in self.kept)
        self.offer("field", [("", _("Aucun")), *((name, label) for label, name in others)])

    def clean(self) -> dict[str, Any]:
        """Ask for a field and its priority together; give the priorities by field."""
        cleaned = super().clean() or {}
        added, value = cleaned.get("field"), cleaned.get("field_priority")
        if bool(added) != (value is not None) and not self.errors:
            missing = "field_priority" if added else "field"
            self.add_error(missing, _("Donnez le champ et sa priorité, ou ni l’un ni l’autre."))
        told = {name: cleaned.get(key) for name, key in self.kept.items()}
        if added:
            told[added] = value
        cleaned["priorities"] = {name: each for name, each in told.items() if each is not None}
        return cleaned
