"""The fields of cards: common columns, those of each kind, the questions asked of an AI."""

import datetime
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from babel import Locale
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from catalogue.resources import words
from catalogue.resources.enums import (
    DEPOSITS,
    LANGUAGES,
    Access,
    Barrier,
    Beneficiary,
    Lifecycle,
    LinkType,
    ResourceKind,
    Scope,
    Task,
    UseCase,
)

Text = str | Promise
NUMBER = re.compile(r"[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)([eE][+-]?[0-9]+)?")
THOUSANDS = re.compile(r"[0-9]{1,3},[0-9]{3}")
check_url = URLValidator(schemes=["http", "https"])


class FieldType(StrEnum):
    """The shapes of a value."""

    LINE = "line"  # one line of text
    TEXT = "text"  # several lines of text
    URL = "url"  # http or https
    DATE = "date"  # YYYY, YYYY-MM or YYYY-MM-DD
    INTEGER = "integer"
    NUMBER = "number"  # a count or a measure, decimals after a comma or a point
    CHOICE = "choice"  # one of `choices`
    LIST = "list"  # list of lines
    ROWS = "rows"  # list of objects with the fields of `columns`


class Section(StrEnum):
    """Where a field stands on the page."""

    FACTS = "facts"  # short, in the side column
    BODY = "body"  # long, in the main column
    CARD = "card"  # questions of the explainability card, always shown


F = FieldType


@dataclass(frozen=True)
class Field:
    """One kind-specific field: form, page, diff, API and exports read this."""

    name: str
    label: Text
    type: FieldType = FieldType.LINE
    help: Text = ""
    needed: bool = False  # compulsory to publish an owned resource
    section: Section = Section.BODY
    choices: tuple[tuple[str, Text], ...] = ()
    columns: tuple["Field", ...] = ()
    max_length: int = 2_000
    item: Callable[[str], str] = str  # brings one line of a list to its stored form
    names_persons: bool = False  # then on no former version of a card

    def say(self, value: object) -> Text:
        """Give the words of a stored choice, or the value itself."""
        return dict(self.choices).get(str(value), str(value))


@dataclass(frozen=True)
class FieldFault:
    """One wrong or missing value, with the sentence to show."""

    field: str
    message: Text


MAX_ITEMS = 50
CLEANED_DATE = {4: "%Y", 7: "%Y-%m", 10: "%Y-%m-%d"}
# As written in French: 24/11/2026, 1/3/2026, 11/2026.
WRITTEN_DATE = re.compile(r"(?:(\d{1,2})[/.])?(\d{1,2})[/.](\d{4})")


def _line(field: Field, value: object) -> str:
    if not isinstance(value, str | int | float):
        raise ValidationError(_("Un texte est attendu."))
    text = str(value).replace("\x00", "").strip()
    if field.type is not FieldType.TEXT:
        text = " ".join(text.split())
    if len(text) > field.max_length:
        message = _("Ce texte dépasse %(limit)d caractères.")
        raise ValidationError(message, params={"limit": field.max_length})
    return text


def _url(field: Field, value: object) -> str:
    text = _line(field, value)
    if text:
        try:
            check_url(text)
        except ValidationError:
            raise ValidationError(
                _("Écrivez une adresse complète, qui commence par https://.")
            ) from None
    return text


def _date(field: Field, value: object) -> str:
    text = _line(field, value)
    if written := WRITTEN_DATE.fullmatch(text):
        text = "-".join(part.zfill(2) for part in reversed(written.groups()) if part)
    if text:
        try:
            datetime.datetime.strptime(text, CLEANED_DATE[len(text)])  # noqa: DTZ007 - a day
        except (KeyError, ValueError):
            raise ValidationError(_("Écrivez une date : 24/11/2026, 11/2026 ou 2026.")) from None
    return text


def _integer(_field: Field, value: object) -> int | None:
    if value in ("", None):
        return None
    text = str(value).replace(" ", "").replace("\u202f", "")
    try:
        number = int("" if "_" in text else text)
    except ValueError:
        raise ValidationError(_("Écrivez un nombre entier.")) from None
    _require_usual(number)
    return number


def _require_usual(number: float) -> None:
    if not 0 <= number < 10**15:
        raise ValidationError(_("Ce nombre est hors des bornes."))


def _choice(field: Field, value: object) -> str:
    text = _line(field, value)
    if text and text not in dict(field.choices):
        raise ValidationError(_("Choisissez une des valeurs proposées."))
    return text


def _sequence(value: object) -> Sequence[object]:
    if value is None or isinstance(value, str):
        return (value or "").splitlines()
    if not isinstance(value, list | tuple):
        raise ValidationError(_("Une liste est attendue."))
    if len(value) > MAX_ITEMS:
        raise ValidationError(_("Cinquante lignes au plus."))
    return value


def _list(field: Field, value: object) -> list[str]:
    lines = [field.item(_line(field, item)) for item in _sequence(value)]
    return list(dict.fromkeys(line for line in lines if line))


def _rows(field: Field, value: object) -> list[dict[str, object]]:
    rows = []
    for item in _sequence(value):
        if not isinstance(item, Mapping):
            raise ValidationError(_("Une liste de lignes est attendue."))
        row = {c.name: clean_value(c, item.get(c.name, "")) for c in field.columns}
        if any(v not in ("", None, []) for v in row.values()):
            rows.append(row)
    return rows


def _number(_field: Field, value: object) -> int | float | None:
    """Read a number of zero or more; a whole one stays an integer.

    « 1,234 » is 1.234 in French, and may be a thousand in English: there it is asked again.
    """
    if value in ("", None):
        return None
    text = re.sub(r"\s", "", str(value))
    if not NUMBER.fullmatch(text):
        raise ValidationError(_("Écrivez un nombre, par exemple 12,5."))
    if THOUSANDS.fullmatch(text) and not (get_language() or "fr").startswith("fr"):
        raise ValidationError(
            _("Ce nombre se lit de deux façons : écrivez %(whole)s ou %(decimal)s."),
            params={"whole": text.replace(",", ""), "decimal": text.replace(",", ".")},
        )
    number = float(text.replace(",", "."))
    _require_usual(number)
    return int(number) if number.is_integer() else number


NEVER_TEXT = (FieldType.LIST, FieldType.ROWS, FieldType.INTEGER, FieldType.NUMBER)
CLEANERS = {
    FieldType.LINE: _line,
    FieldType.TEXT: _line,
    FieldType.URL: _url,
    FieldType.DATE: _date,
    FieldType.INTEGER: _integer,
    FieldType.NUMBER: _number,
    FieldType.CHOICE: _choice,
    FieldType.LIST: _list,
    FieldType.ROWS: _rows,
}


def clean_value(field: Field, value: object) -> object:
    """Bring a raw value to its stored form; raise ValidationError with a French sentence."""
    if value is None and field.type not in NEVER_TEXT:
        value = ""
    return CLEANERS[field.type](field, value)


YES_NO: tuple[tuple[str, Text], ...] = (("no", _("Non")), ("yes", _("Oui")))

AI_ACT_CLASSES: tuple[tuple[str, Text], ...] = (
    ("annex_iii_4a", _("Annexe III, 4 a : recrutement ou sélection")),
    (
        "annex_iii_4b",
        _("Annexe III, 4 b : conditions de travail, promotion, rupture, tâches, suivi"),
    ),
    ("annex_iii_3", _("Annexe III, 3 : éducation et orientation")),
    ("none", _("Hors annexe III")),
)


def _question(
    name: str,
    label: Text,
    hint: Text = "",
    *,
    kind: FieldType = F.TEXT,
    choices: tuple[tuple[str, Text], ...] = (),
) -> Field:
    return Field(name, label, kind, hint, section=Section.CARD, choices=choices, max_length=4_000)


CARD: tuple[Field, ...] = (
    _question(
        "intended_purpose",
        _("À quoi il sert, pour qui"),
        _("But, personnes qui l’utilisent, personnes concernées."),
    ),
    _question("users", _("Qui l’utilise"), _("Métier, formation, cadre d’usage.")),
    _question(
        "people_affected",
        _("Personnes concernées"),
        _("Ceux dont le système parle, ou pour qui il décide, même sans l’utiliser."),
    ),
    _question("excluded_uses", _("À ne pas faire"), _("Usages exclus, un par ligne."), kind=F.LIST),
    _question(
        "ai_act_class",
        _("Statut au regard du règlement européen"),
        kind=F.CHOICE,
        choices=AI_ACT_CLASSES,
    ),
    _question("ai_act_reason", _("Raison de ce statut")),
    _question(
        "exemption",
        _("Exemption de l’article 6, paragraphe 3, invoquée"),
        kind=F.CHOICE,
        choices=YES_NO,
    ),
    _question("profiling", _("Profile des personnes"), kind=F.CHOICE, choices=YES_NO),
    _question(
        "emotion_inference",
        _("Déduit des émotions au travail"),
        kind=F.CHOICE,
        choices=YES_NO,
    ),
    _question("provider", _("Fournisseur"), _("Qui répond du système, s’il est autre.")),
    _question("market_date", _("Mis sur le marché ou en service le"), kind=F.DATE),
    _question(
        "eu_database",
        _("Numéro dans la base européenne"),
        _("Celui de l’enregistrement d’un système à haut risque."),
        kind=F.LINE,
    ),
    _question(
        "training_data",
        _("Sur quoi il a appris"),
        _("Provenance, période, territoire, représentativité, données personnelles."),
    ),
    _question(
        "group_results",
        _("Résultats par groupe"),
        _("Méthode, groupes comparés, effectifs ; rien pour un groupe de moins de onze."),
    ),
    _question("limits", _("Limites connues"), _("Une par ligne."), kind=F.LIST),
    _question(
        "oversight",
        _("Qui garde la main"),
        _("Qui valide, ce qu’il est interdit d’automatiser."),
    ),
    _question(
        "explanation",
        _("Comment il explique"),
        _("Explication donnée à la personne, fidélité mesurée."),
    ),
    _question("logs", _("Journaux, contact et recours")),
    _question(
        "energy_wh",
        _("Énergie, en wattheures"),
        _("Pour l’apprentissage, ou pour mille usages : dites lequel dans la méthode."),
        kind=F.NUMBER,
    ),
    _question(
        "co2_grams",
        _("Émissions, en grammes d’équivalent CO₂"),
        _("Pour la même chose que l’énergie."),
        kind=F.NUMBER,
    ),
    _question(
        "footprint", _("Empreinte environnementale"), _("Ce qui est compté, et par quelle méthode.")
    ),
)

CARD_NEEDS = (  # without which a card is not complete
    "intended_purpose",
    "excluded_uses",
    "ai_act_class",
    "training_data",
    "limits",
    "oversight",
    "explanation",
)


TITLE_MAX_CHARACTERS, SUMMARY_MAX_CHARACTERS = 120, 280
FEWEST_TAGS, MOST_TAGS = 3, 8


def _pairs(choices: object) -> tuple[tuple[str, str], ...]:
    return tuple(choices)  # type: ignore[arg-type]  # Django's choices are pairs


def language_choices(told: Iterable[str]) -> tuple[tuple[str, Text], ...]:
    """Give the languages that a card tells, in its order, by their names; then other usual ones."""
    names = Locale.parse((get_language() or "fr").replace("-", "_")).languages
    first = {code: LANGUAGES.get(code, names.get(code, code)) for code in told}
    return _pairs((first | {c: LANGUAGES[c] for c in LANGUAGES if c not in first}).items())


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
        _("Cette ressource est-elle la vôtre ?"),
        F.CHOICE,
        needed=True,
        choices=DEPOSITS,
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
    Field(
        "scope", _("Échelle"), F.CHOICE, needed=True, choices=_pairs(Scope.choices[:-1])
    ),  # but unknown
    Field("scope_note", _("Précision sur l’échelle"), max_length=120),
    Field(
        "territories",
        _("Territoires"),
        F.LIST,
        _("Nom, sorte et code : « Bouches-du-Rhône (département 13) », « Arles (commune) »."),
        item=words.place_stored,
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
            "Trois à huit, séparés par des virgules, gardés en minuscules. "
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
        names_persons=True,
    ),
    Field("organisation", _("Au nom de"), F.CHOICE),
    Field("authors", _("Auteurs"), F.LIST, _("Un par ligne."), names_persons=True),
)
COMMON_BY_NAME: dict[str, Field] = {each.name: each for each in COMMON}

# What an owned resource, then a referenced one, must hold; kinds add their own.
OWNED_NEEDS = ("title", "summary", "description", "deposit", "scope")
REFERENCED_NEEDS = ("title", "summary", "homepage_url", "producer_name", "scope", "licence_status")


EMPTY: tuple[object, ...] = ("", None, [], ())


def is_same(one: object, other: object) -> bool:
    """Say whether two stored values are one: what is empty is alike."""
    return bool(one == other) or (one in EMPTY and other in EMPTY)


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


VERSION = _fact("version", _("Version"))
DOI = _fact("paper", _("Article ou DOI"))
CITATION = Field("citation", _("Citation (BibTeX)"), F.TEXT, max_length=4_000, names_persons=True)
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
    ("anonymised", _("Données anonymisées, d’origine personnelle")),
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
        replace(FILES, needed=True, help=_("Ou la page de la ressource, si elle y mène.")),
        VERSION,
        _fact("created", _("Date de création"), F.DATE),
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
        CITATION,
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
        _fact("update_frequency", _("Mise à jour"), F.CHOICE, choices=FREQUENCIES, needed=True),
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
        CITATION,
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
