"""The fields that all kinds share: labels, hints and limits, read by forms, diff and checks."""

from collections.abc import Iterable

from babel import Locale
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from catalogue.enums.cards import (
    LANGUAGES,
    Access,
    Barrier,
    Beneficiary,
    Deposit,
    Lifecycle,
    Scope,
    Task,
    UseCase,
)
from catalogue.validators import places
from catalogue.validators.fields import Field, FieldType, Section, Text

F = FieldType
TITLE_MAX_CHARACTERS = 120
SUMMARY_MAX_CHARACTERS = 280
FEWEST_TAGS = 3
MOST_TAGS = 8


def _pairs(choices: object) -> tuple[tuple[str, str], ...]:
    return tuple(choices)  # type: ignore[arg-type]  # Django's choices are pairs


def language_choices(told: Iterable[str]) -> tuple[tuple[str, Text], ...]:
    """Give the usual languages, then those that a card already tells, by their names in CLDR."""
    names = Locale.parse((get_language() or "fr").replace("-", "_")).languages
    others = [code for code in told if code not in LANGUAGES]
    return (*_pairs(LANGUAGES.items()), *((code, names.get(code, code)) for code in others))


COMMON: tuple[Field, ...] = (
    Field(
        "title",
        _("Titre"),
        F.LINE,
        _("Ce que fait la ressource, en moins de dix mots. Évitez les sigles sans leur développé."),
        needed=True,
        max_length=TITLE_MAX_CHARACTERS,
    ),
    Field("title_en", _("Titre en anglais"), max_length=TITLE_MAX_CHARACTERS),
    Field("acronym", _("Sigle"), max_length=20),
    Field("alternate_titles", _("Autres noms"), F.LIST, _("Anciens noms, un par ligne.")),
    Field(
        "deposit",
        _("Lien avec la ressource"),
        F.CHOICE,
        needed=True,
        choices=_pairs(Deposit.choices),
    ),
    Field(
        "producer_name",
        _("Détenteur"),
        F.LINE,
        _("Qui tient la ressource que vous signalez."),
        max_length=160,
    ),
    Field("subtype", _("Sorte"), F.CHOICE),
    Field(
        "homepage_url",
        _("Page de la ressource"),
        F.URL,
        _("Adresse complète, en https://."),
        max_length=500,
    ),
    Field("repository_url", _("Dépôt du code"), F.URL, max_length=500),
    Field("documentation_url", _("Adresse de la documentation"), F.URL, max_length=500),
    Field(
        "summary",
        _("Résumé"),
        F.TEXT,
        _("Deux phrases qui apparaissent dans les résultats de recherche."),
        needed=True,
        max_length=SUMMARY_MAX_CHARACTERS,
    ),
    Field(
        "description",
        _("Description"),
        F.TEXT,
        _("Mise en forme Markdown. Les titres, listes, tableaux et blocs de code sont admis."),
        needed=True,
        max_length=20_000,
    ),
    Field("scope", _("Échelle"), F.CHOICE, needed=True, choices=_pairs(Scope.choices)),
    Field("scope_note", _("Précision sur l’échelle"), max_length=120),
    Field(
        "territories",
        _("Territoires"),
        F.LIST,
        _("Nom, sorte et code : « Bouches-du-Rhône (département 13) », « Arles (commune) »."),
        item=places.stored,
    ),
    Field("use_cases", _("Cas d’usage"), F.LIST, choices=_pairs(UseCase.choices)),
    Field("beneficiaries", _("Pour qui"), F.LIST, choices=_pairs(Beneficiary.choices)),
    Field("barriers", _("Verrou levé"), F.LIST, choices=_pairs(Barrier.choices)),
    Field("publics", _("Publics"), F.LIST, _("Un par ligne.")),
    Field("tasks", _("Tâches"), F.LIST, choices=_pairs(Task.choices)),
    Field("languages", _("Langues"), F.LIST, choices=_pairs(LANGUAGES.items())),
    Field("rome_codes", _("Codes ROME"), F.LIST, _("Un par ligne : M1805.")),
    Field(
        "tags",
        _("Mots-clés"),
        F.LIST,
        _(
            "Trois à huit, séparés par des virgules. "
            "Choisissez d’abord parmi les mots déjà employés."
        ),
    ),
    Field("lifecycle", _("Vie de la ressource"), F.CHOICE, choices=_pairs(Lifecycle.choices)),
    Field(
        "lifecycle_note",
        _("Précision sur la vie de la ressource"),
        F.TEXT,
        _("À qui elle a été transférée, ou pourquoi elle s’est arrêtée et ce qu’on en retient."),
    ),
    Field(
        "licences",
        _("Licence"),
        F.LIST,
        _("Un identifiant SPDX, ou plusieurs : MIT, EUPL-1.2, etalab-2.0."),
        section=Section.FACTS,
    ),
    Field("licence_status", _("État de la licence"), F.CHOICE, section=Section.FACTS),
    Field("licence_note", _("Précision sur la licence"), max_length=300),
    Field("access", _("Accès"), F.CHOICE, choices=_pairs(Access.choices), section=Section.FACTS),
    Field(
        "contact",
        _("Contact"),
        F.LINE,
        _("Adresse d’un service ou d’une page, plutôt que d’une personne."),
        max_length=200,
    ),
    Field("organisation", _("Au nom de"), F.CHOICE),
    Field("authors", _("Auteurs"), F.LIST, _("Un par ligne.")),
)
COMMON_BY_NAME: dict[str, Field] = {each.name: each for each in COMMON}

# What an owned resource, then a referenced one, must hold; kinds add their own.
OWNED_NEEDS = ("title", "summary", "description", "scope")
REFERENCED_NEEDS = ("title", "summary", "homepage_url", "producer_name", "scope", "licence_status")
