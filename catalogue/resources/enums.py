"""The words of cards: kinds, scopes, licences, access, links, files, removals."""

from enum import StrEnum
from typing import Any, Self

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.lib.columns import Shown


class ResourceKind(models.TextChoices):
    """The nine kinds of resource."""

    # Of each: value, pigment, icon of the sprite, plural, word.
    tone: str
    icon: str
    plural: Promise

    def __new__(cls, value: str, tone: str = "", icon: str = "", plural: Any = "") -> Self:
        member = str.__new__(cls, value)
        member._value_, member.tone, member.icon, member.plural = value, tone, icon, plural
        return member

    ALGORITHM = "algorithm", "lavande", "workflow", _("Algorithmes"), _("Algorithme")
    MODEL = (
        "model",
        "calanque",
        "brain-circuit",
        _("Modèles pré-entraînés"),
        _("Modèle pré-entraîné"),
    )
    DATASET = "dataset", "olivier", "database", _("Jeux de données"), _("Jeu de données")
    TECHNOLOGY = "technology", "ardoise", "cpu", _("Technologies"), _("Technologie")
    NEED = "need", "ocre", "hand-helping", _("Besoins"), _("Besoin")
    IDEA = "idea", "mimosa", "lightbulb", _("Idées de projet"), _("Idée de projet")
    SOLUTION = "solution", "pin", "puzzle", _("Solutions"), _("Solution")
    NEWS = "news", "ardoise", "newspaper", _("Actualités"), _("Actualité")
    PROGRAMME = "programme", "lavande", "compass", _("Programmes"), _("Programme")


# Kinds whose own card carries a quality ring; news and programmes are read, not reused.
SCORED_KINDS = frozenset(ResourceKind) - {ResourceKind.NEWS, ResourceKind.PROGRAMME}
# Kinds for which a licence has no meaning.
UNLICENSED_KINDS = frozenset(
    {ResourceKind.NEED, ResourceKind.IDEA, ResourceKind.NEWS, ResourceKind.PROGRAMME}
)


class Scope(models.TextChoices):
    """The territory for which a resource was made."""

    # Wagtail translates the English word « Locale »: the context tells ours apart.
    LOCAL = "local", pgettext_lazy("échelle", "Locale")
    REGIONAL = "regional", _("Régionale")
    NATIONAL = "national", _("Nationale")
    EUROPEAN = "european", _("Européenne")
    UNKNOWN = "unknown", pgettext_lazy("échelle", "Non précisée")  # its source tells none


class ModelSize(models.TextChoices):
    """How many parameters a model has."""

    SMALL = "small", _("Moins de 100 millions de paramètres")
    MEDIUM = "medium", _("100 millions à 1 milliard")
    LARGE = "large", _("1 à 10 milliards")
    HUGE = "huge", _("Plus de 10 milliards")

    @classmethod
    def of(cls, parameters: int) -> "ModelSize":
        """Give the size of a model of so many parameters."""
        bounds = {cls.SMALL: 100_000_000, cls.MEDIUM: 1_000_000_000, cls.LARGE: 10_000_000_000}
        return next((size for size, bound in bounds.items() if parameters < bound), cls.HUGE)


class Access(Shown):
    """Who may use what the resource describes."""

    OPEN = "open", "ardoise", "lock-open", _("Accès libre")
    REGISTERED = "registered", "ocre", "lock", _("Avec un compte")
    ON_REQUEST = "on_request", "ocre", "lock", _("Sur demande")
    RESTRICTED = "restricted", "ocre", "lock", _("Accès restreint")


class LicenceStatus(models.TextChoices):
    """What is known of the licence."""

    DECLARED = "declared", _("Déclarée")
    TO_CONFIRM = "to_confirm", _("À confirmer")
    NONE = "none", _("Aucune licence")
    NOT_APPLICABLE = "not_applicable", _("Sans objet")


class Deposit(models.TextChoices):
    """Whether the depositor holds the resource or only describes it."""

    OWNED = "owned", _("Déposée par son détenteur")
    REFERENCED = "referenced", _("Fiche de référencement")


# As it is asked.
DEPOSITS = (
    (Deposit.OWNED.value, _("Oui, je la dépose")),
    (Deposit.REFERENCED.value, _("Non, je la signale")),
)


class Lifecycle(models.TextChoices):
    """The life of the thing described."""

    ACTIVE = "active", _("Active")
    EXPERIMENTAL = "experimental", _("Expérimentale")
    TRANSFERRED = "transferred", _("Transférée")
    STOPPED = "stopped", _("Arrêtée")
    UNKNOWN = "unknown", _("Non renseignée")


class UseCase(models.TextChoices):
    """The six use cases of the programme."""

    MOBILITY_SELF_ASSESSMENT = (
        "mobility_self_assessment",
        _("Autodiagnostic des projets de mobilité"),
    )
    SME_NEEDS = "sme_needs", _("Besoins en compétences des petites entreprises")
    TRAINING_PROCUREMENT = (
        "training_procurement",
        _("Orientation de la commande publique de formation"),
    )
    YOUTH_ADVISOR = "youth_advisor", _("Accompagnement des jeunes")
    SCHOOL_GUIDANCE = "school_guidance", _("Orientation au lycée et à l’université")
    EMPLOYEE_TRANSITION = "employee_transition", _("Parcours des salariés en poste")


class Barrier(models.TextChoices):
    """The four obstacles named by the founding text."""

    NATURAL_LANGUAGE_DATA = "natural_language_data", _("Données en langage naturel")
    STEREOTYPED_PATHS = "stereotyped_paths", _("Parcours stéréotypés")
    UNDERSTANDABLE_ALGORITHMS = "understandable_algorithms", _("Algorithmes compréhensibles")
    ASSEMBLE_DATA = "assemble_data", _("Assemblage des données")


class Beneficiary(models.TextChoices):
    """The three families of people served."""

    INDIVIDUALS = "individuals", _("Individus")
    COMPANIES = "companies", _("Entreprises")
    COUNSELLORS = "counsellors", _("Acteurs de l’accompagnement")


class Task(models.TextChoices):
    """What an algorithm, a model or a solution does."""

    MATCHING = "matching", _("Appariement offre-profil")
    SKILL_EXTRACTION = "skill_extraction", _("Extraction de compétences")
    OCCUPATION_CODING = "occupation_coding", _("Classification de métiers")
    TRAINING_RECOMMENDATION = "training_recommendation", _("Recommandation de formation")
    FORECASTING = "forecasting", _("Prévision")
    GUIDANCE = "guidance", _("Orientation")
    ANONYMISATION = "anonymisation", _("Anonymisation")
    FAIRNESS = "fairness", _("Mesure de l’équité")
    EXPLANATION = "explanation", _("Explication")
    LANGUAGE_MODELLING = "language_modelling", _("Modélisation du langage")
    DATA_LINKAGE = "data_linkage", _("Rapprochement de données")
    OTHER = "other", _("Autre tâche")


class LinkType(models.TextChoices):
    """How one resource bears on another: a value, as read from the target, as from the source."""

    inverse: Promise

    def __new__(cls, value: str, inverse: Any = "") -> Self:
        member = str.__new__(cls, value)
        member._value_, member.inverse = value, inverse
        return member

    DERIVED_FROM = "derived_from", _("A donné"), _("Dérive de")
    TRAINED_ON = "trained_on", _("A servi à entraîner"), _("Entraîné sur")
    REPLACES = "replaces", _("Remplacé par"), _("Remplace")
    PART_OF = "part_of", _("Comprend"), _("Fait partie de")
    DOCUMENTS = "documents", _("Documenté par"), _("Documente")
    ANSWERS = "answers", _("A pour réponse"), _("Répond à")
    USES = "uses", _("Utilisé par"), _("Utilise")


class RemovalReason(models.TextChoices):
    """The class of reason shown by a tombstone."""

    PERSONAL_DATA = "personal_data", _("Données personnelles")
    ILLEGAL = "illegal", _("Contenu illicite")
    RIGHTS = "rights", _("Droits d’un tiers")
    OWNER = "owner", _("À la demande de son détenteur")
    DUPLICATE = "duplicate", _("Doublon d’une autre fiche")
    OTHER = "other", _("Autre motif")


class Guarantee(models.TextChoices):
    """What a card proves, as a facet."""

    CARD = "card", _("Fiche d’explicabilité complète")
    FAIRNESS = "fairness", _("Équité mesurée")
    CHALLENGE = "challenge", _("Évalué sur un challenge")


LANGUAGES: dict[str, Promise] = {
    "fr": _("Français"),
    "en": _("Anglais"),
    "it": _("Italien"),
    "es": _("Espagnol"),
    "de": _("Allemand"),
    "oc": _("Occitan"),
    "pt": _("Portugais"),
    "nl": _("Néerlandais"),
    "ar": _("Arabe"),
    "mul": _("Plusieurs langues"),
}


class FileState(Shown):
    """Whether a file may be given: nobody receives one before it was examined."""

    WAITING = "waiting", "ocre", "hourglass", _("Examen en cours")
    SOUND = "sound", "pin", "check", _("Examiné")
    REFUSED = "refused", "garance", "circle-x", _("Refusé")


class FileSign(StrEnum):
    """What an examination says of a file, in the order in which it is told."""

    INFECTED = "infected"
    UNREADABLE = "unscannable"
    LOST = "lost"
    MISMATCH = "mismatch"
    BOMB = "archive"
    UNEXAMINED = "unexamined"
    EXECUTABLE = "executable"
    INERT = "inert"


# What keeps a file from everybody, and a proposal that names it from being sent.
FORBIDDING = frozenset(
    {FileSign.INFECTED, FileSign.UNREADABLE, FileSign.LOST, FileSign.MISMATCH, FileSign.BOMB}
)
# What keeps it so long as the machine cannot read it: the same bytes, sent again, are read again.
UNREAD = frozenset({FileSign.UNREADABLE, FileSign.LOST})


class TransferKind(models.TextChoices):
    """Who asked that a card change hands."""

    OFFER = "offer", _("Proposé par qui la tient")
    CLAIM = "claim", _("Demandé par l’organisation qui la reprendrait")
    REGION = "region", _("Demandé par la Région")


class VersionOrigin(models.TextChoices):
    """By which way a version went online."""

    REVIEWED = "reviewed", _("Modification relue par la Région")
    HARVESTED = "harvested", _("Mise à jour par la source")
    TRANSFERRED = "transferred", _("Transfert à une autre organisation")
    OPENED = "opened", _("Reprise à l’ouverture du portail")
