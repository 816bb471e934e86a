"""The kind-specific fields of the nine kinds, one declaration per kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from catalogue.enums.cards import LinkType, ResourceKind
from catalogue.validators.card import CARD, CARD_NEEDS
from catalogue.validators.fields import (
    Field,
    FieldFault,
    FieldType,
    Section,
    Text,
    clean_value,
)

EMPTY: tuple[object, ...] = ("", None, [], ())


@dataclass(frozen=True)
class KindDetails:
    """The own fields of one kind."""

    kind: ResourceKind
    fields: tuple[Field, ...]
    needs: tuple[str, ...] = ()  # common columns compulsory to publish an owned resource
    subtypes: tuple[tuple[str, Text], ...] = ()
    by_name: dict[str, Field] = field(init=False, default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        self.by_name.update({f.name: f for f in self.fields})

    def clean(self, data: Mapping[str, object]) -> tuple[dict[str, object], list[FieldFault]]:
        """Bring raw values to their stored form.

        Empty values are dropped; an unknown name, a wrong value and a forbidden
        combination are faults. Returns the values and the faults.
        """
        values: dict[str, object] = {}
        faults = [
            FieldFault(name, _("Ce champ n’existe pas."))
            for name in data
            if name not in self.by_name
        ]
        for own in self.fields:
            try:
                value = clean_value(own, data.get(own.name, ""))
            except ValidationError as error:
                faults.append(FieldFault(own.name, " ".join(error.messages)))
                continue
            if value not in EMPTY:
                values[own.name] = value
        return values, faults + card_faults(values)

    def missing(self, values: Mapping[str, object]) -> list[Field]:
        """List the compulsory fields that hold nothing."""
        return [f for f in self.fields if f.needed and values.get(f.name) in EMPTY]

    def in_section(self, section: Section) -> list[Field]:
        """List the fields of one part of the page."""
        return [f for f in self.fields if f.section is section]


def card_faults(values: Mapping[str, object]) -> list[FieldFault]:
    """Refuse what the AI Act forbids: a false exemption, emotion inference at work."""
    faults = []
    if values.get("exemption") == "yes" and values.get("profiling") == "yes":
        message = _("Un système qui profile des personnes ne peut pas invoquer cette exemption.")
        faults.append(FieldFault("exemption", message))
    if values.get("emotion_inference") == "yes":
        message = _("Déduire les émotions au travail est interdit : cette fiche ne se publie pas.")
        faults.append(FieldFault("emotion_inference", message))
    return faults


def card_complete(values: Mapping[str, object]) -> bool:
    """Tell whether every compulsory question of the card has an answer."""
    return all(values.get(name) not in EMPTY for name in CARD_NEEDS)


def _fact(name: str, label: Text, kind: FieldType = FieldType.LINE, **more: object) -> Field:
    return Field(name, label, kind, section=Section.FACTS, **more)  # type: ignore[arg-type]


F = FieldType
VERSION = _fact("version", _("Version"))
DOI = _fact("paper", _("Article ou DOI"))
EXAMPLE = Field("example", _("Exemple prêt à lancer"), F.TEXT, max_length=4_000)
LIMITS = Field("limits", _("Limites connues"), F.LIST, _("Une par ligne."))
FILES = Field(
    "files",
    _("Fichiers"),
    F.ROWS,
    columns=(
        Field("title", _("Titre")),
        Field("url", _("Adresse"), F.URL),
        Field("format", _("Format")),
        Field("bytes", _("Taille en octets"), F.INTEGER),
        Field("sha256", _("Empreinte SHA-256"), max_length=64),
    ),
)
MATURITIES: tuple[tuple[str, Text], ...] = (
    ("prototype", _("Prototype")),
    ("trial", _("Expérimentation")),
    ("deployed", _("Déployée")),
    ("transferred", _("Transférée")),
    ("stopped", _("Arrêtée")),
)
FREQUENCIES: tuple[tuple[str, Text], ...] = (
    ("continuous", _("En continu")),
    ("several_daily", _("Plusieurs fois par jour")),
    ("daily", _("Quotidienne")),
    ("several_weekly", _("Plusieurs fois par semaine")),
    ("weekly", _("Hebdomadaire")),
    ("fortnightly", _("Toutes les deux semaines")),
    ("several_monthly", _("Plusieurs fois par mois")),
    ("monthly", _("Mensuelle")),
    ("bimonthly", _("Tous les deux mois")),
    ("quarterly", _("Trimestrielle")),
    ("three_yearly", _("Trois fois par an")),
    ("biannual", _("Semestrielle")),
    ("annual", _("Annuelle")),
    ("biennial", _("Tous les deux ans")),
    ("triennial", _("Tous les trois ans")),
    ("quinquennial", _("Tous les cinq ans")),
    ("decennial", _("Tous les dix ans")),
    ("irregular", _("Irrégulière")),
    ("punctual", _("Ponctuelle")),
    ("never", _("Jamais")),
    ("unknown", _("Inconnue")),
)
PERSONAL_DATA: tuple[tuple[str, Text], ...] = (
    ("none", _("Aucune donnée personnelle")),
    ("pseudonymised", _("Données pseudonymisées")),
    ("personal", _("Données personnelles")),
)
NEED_STATES: tuple[tuple[str, Text], ...] = (
    ("open", _("Ouvert")),
    ("answered", _("A reçu des réponses")),
    ("covered", _("Couvert")),
    ("closed", _("Clos")),
)

ALGORITHM = KindDetails(
    ResourceKind.ALGORITHM,
    (
        _fact("programming_languages", _("Langages"), F.LIST),
        VERSION,
        _fact("dependencies", _("Dépendances"), F.LIST),
        DOI,
        Field("inputs", _("Entrées"), F.TEXT),
        Field("outputs", _("Sorties"), F.TEXT),
        EXAMPLE,
        _fact("citation_url", _("Fichier CITATION.cff"), F.URL),
        _fact("maintenance", _("Maintenance")),
        *CARD,
    ),
    needs=("repository_url", "tasks"),
)
MODEL = KindDetails(
    ResourceKind.MODEL,
    (
        Field(**{**FILES.__dict__, "needed": True}),
        _fact("version", _("Version"), needed=True),
        _fact("created", _("Créé le"), F.DATE, needed=True),
        _fact("base_model", _("Modèle de base")),
        _fact("parameters", _("Paramètres"), F.INTEGER),
        _fact("library", _("Bibliothèque")),
        _fact("modalities", _("Modalités"), F.LIST),
        DOI,
        Field(
            "trained_on",
            _("Données d’apprentissage"),
            F.ROWS,
            columns=(
                Field("title", _("Titre")),
                Field("url", _("Adresse"), F.URL),
                Field("collection_date", _("Date de collecte"), F.DATE),
            ),
        ),
        Field(
            "declared_measures",
            _("Mesures déclarées par le producteur"),
            F.ROWS,
            _("Le portail ne les a pas vérifiées ; celles d’un challenge paraissent à part."),
            columns=(
                Field("task", _("Tâche")),
                Field("metric", _("Mesure")),
                Field("value", _("Résultat")),
                Field("dataset", _("Données d’évaluation")),
                Field("url", _("Source"), F.URL),
            ),
        ),
        EXAMPLE,
        *CARD,
    ),
)
DATASET = KindDetails(
    ResourceKind.DATASET,
    (
        Field(
            "distributions",
            _("Fichiers et accès"),
            F.ROWS,
            columns=(
                Field("title", _("Titre")),
                Field("description", _("Description")),
                Field("access_url", _("Page d’accès"), F.URL),
                Field("download_url", _("Téléchargement"), F.URL),
                Field("format", _("Format")),
                Field("media_type", _("Type de média")),
                Field("bytes", _("Taille en octets"), F.INTEGER),
                Field("sha256", _("Empreinte SHA-256"), max_length=64),
                Field("licence", _("Licence")),
            ),
            needed=True,
        ),
        _fact(
            "update_frequency",
            _("Mise à jour"),
            F.CHOICE,
            choices=FREQUENCIES,
            needed=True,
        ),
        _fact("last_update", _("Dernière mise à jour"), F.DATE),
        _fact(
            "temporal_coverage",
            _("Période couverte"),
            help=_("Deux dates : 2019-2025, ou 2024-01 à 2024-12."),
        ),
        _fact("granularity", _("Maille")),
        _fact("schema", _("Schéma"), help=_("Son nom, ou son adresse.")),
        _fact("schema_version", _("Version du schéma")),
        _fact("personal_data", _("Données personnelles"), F.CHOICE, choices=PERSONAL_DATA),
        Field("documentation", _("Documentation"), F.TEXT, max_length=8_000),
    ),
)
TECHNOLOGY = KindDetails(
    ResourceKind.TECHNOLOGY,
    (
        VERSION,
        _fact("platforms", _("Plateformes"), F.LIST),
        _fact("development_status", _("Avancement")),
        _fact("maintenance", _("Maintenance")),
        _fact("cost", _("Coût")),
        _fact("hosting", _("Hébergement")),
        _fact("standards", _("Standards"), F.LIST),
        _fact("endpoint_url", _("Adresse de l’interface"), F.URL),
        Field("endpoint_description", _("Description de l’interface"), F.TEXT),
        EXAMPLE,
        LIMITS,
    ),
    needs=("subtype",),
    subtypes=(
        ("software", _("Logiciel")),
        ("library", _("Bibliothèque")),
        ("api", _("Interface de programmation")),
        ("standard", _("Standard")),
        ("component", _("Composant ouvert")),
        ("compute", _("Calcul")),
    ),
)
NEED = KindDetails(
    ResourceKind.NEED,
    (
        Field("beneficiary", _("Qui a ce besoin"), needed=True),
        Field("situation", _("Situation actuelle"), F.TEXT, needed=True),
        Field("expected_result", _("Résultat attendu"), F.TEXT, needed=True),
        Field("existing_data", _("Données existantes"), F.TEXT),
        Field(
            "constraints",
            _("Contraintes"),
            F.TEXT,
            _("Données personnelles, secret des affaires."),
        ),
        Field("open_questions", _("Questions ouvertes"), F.LIST),
        _fact("state", _("État"), F.CHOICE, choices=NEED_STATES),
    ),
)
IDEA = KindDetails(
    ResourceKind.IDEA,
    (
        Field("problem", _("Problème"), F.TEXT, needed=True),
        Field("approach", _("Approche"), F.TEXT, needed=True),
        Field("sought", _("Ce qui est cherché"), F.TEXT, _("Équipe, données, financement.")),
        _fact("maturity", _("Maturité")),
    ),
)
SOLUTION = KindDetails(
    ResourceKind.SOLUTION,
    (
        Field("needs_served", _("Besoins servis"), F.TEXT, needed=True),
        _fact("maturity", _("Maturité"), F.CHOICE, choices=MATURITIES, needed=True),
        _fact("origin_challenge", _("Challenge d’origine")),
        _fact("demo_url", _("Démonstration"), F.URL),
        Field("reuse_conditions", _("Conditions de réutilisation"), F.TEXT),
        Field(
            "user_tests",
            _("Testé avec des personnes"),
            F.ROWS,
            columns=(
                Field("who", _("Avec qui")),
                Field("how_many", _("Combien"), F.INTEGER),
                Field("when", _("Quand"), F.DATE),
                Field("proof", _("Preuve")),
            ),
        ),
        *CARD,
    ),
)
NEWS = KindDetails(
    ResourceKind.NEWS,
    (
        Field("source_url", _("Source"), F.URL, needed=True, section=Section.FACTS),
        _fact("event_date", _("Date"), F.DATE, needed=True),
        _fact("expires_on", _("Jusqu’au"), F.DATE),
    ),
)
PROGRAMME = KindDetails(
    ResourceKind.PROGRAMME,
    (
        _fact("funder", _("Financeur"), needed=True),
        _fact("opens_on", _("Ouverture"), F.DATE, needed=True),
        _fact("closes_on", _("Clôture"), F.DATE, needed=True),
        Field("eligible", _("Publics éligibles"), F.TEXT, needed=True),
        _fact("amounts", _("Montants"), needed=True),
    ),
    needs=("contact",),
)

# Of every kind. The links are rows, made when the version that declares them goes online.
RELATIONS = Field(
    "relations",
    _("Liens avec d’autres fiches"),
    F.ROWS,
    _("L’adresse d’une fiche publiée, ou son titre exact. Le lien se lit des deux côtés."),
    columns=(
        Field("type", _("Cette fiche"), F.CHOICE, choices=tuple(LinkType.choices)),
        Field("target", _("L’autre fiche"), max_length=500),
    ),
)

DETAILS: dict[str, KindDetails] = {
    own.kind: replace(own, fields=(*own.fields, RELATIONS))
    for own in (ALGORITHM, MODEL, DATASET, TECHNOLOGY, NEED, IDEA, SOLUTION, NEWS, PROGRAMME)
}
