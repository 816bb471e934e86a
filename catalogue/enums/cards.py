"""The words of the catalogue: kinds, scopes, licences, access, states and their edges."""

from typing import NamedTuple

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Look(NamedTuple):
    """How a kind is shown: pigment, icon of the sprite and plural word."""

    tone: str
    icon: str
    plural: Promise


class ResourceKind(models.TextChoices):
    """The nine kinds of resource."""

    ALGORITHM = "algorithm", _("Algorithme")
    MODEL = "model", _("Modèle pré-entraîné")
    DATASET = "dataset", _("Jeu de données")
    TECHNOLOGY = "technology", _("Technologie")
    NEED = "need", _("Besoin")
    IDEA = "idea", _("Idée de projet")
    SOLUTION = "solution", _("Solution")
    NEWS = "news", _("Actualité")
    PROGRAMME = "programme", _("Programme")

    @property
    def tone(self) -> str:
        """Name the pigment of the kind."""
        return LOOKS[self].tone

    @property
    def icon(self) -> str:
        """Name the icon of the kind."""
        return LOOKS[self].icon

    @property
    def plural(self) -> Promise:
        """Say the kind in the plural."""
        return LOOKS[self].plural


LOOKS: dict[str, Look] = {
    ResourceKind.ALGORITHM: Look("lavande", "workflow", _("Algorithmes")),
    ResourceKind.MODEL: Look("calanque", "brain-circuit", _("Modèles pré-entraînés")),
    ResourceKind.DATASET: Look("olivier", "database", _("Jeux de données")),
    ResourceKind.TECHNOLOGY: Look("ardoise", "cpu", _("Technologies")),
    ResourceKind.NEED: Look("ocre", "hand-helping", _("Besoins")),
    ResourceKind.IDEA: Look("mimosa", "lightbulb", _("Idées de projet")),
    ResourceKind.SOLUTION: Look("pin", "puzzle", _("Solutions")),
    ResourceKind.NEWS: Look("ardoise", "newspaper", _("Actualités")),
    ResourceKind.PROGRAMME: Look("lavande", "compass", _("Programmes")),
}

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


class Access(models.TextChoices):
    """Who may use what the resource describes."""

    OPEN = "open", _("Accès ouvert")
    REGISTERED = "registered", _("Avec un compte")
    ON_REQUEST = "on_request", _("Sur demande")
    RESTRICTED = "restricted", _("Accès restreint")

    @property
    def tone(self) -> str:
        """Name the pigment of the access badge."""
        return "pin" if self is Access.OPEN else "ocre"

    @property
    def icon(self) -> str:
        """Name the icon of the access badge."""
        return "lock-open" if self is Access.OPEN else "lock"


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


class ContributionStatus(models.TextChoices):
    """Where a proposal stands in the review."""

    DRAFT = "draft", _("Brouillon")
    OFFERED = "offered", _("Attend l’avis de qui tient la fiche")
    SUBMITTED = "submitted", _("En relecture")
    CHANGES_REQUESTED = "changes_requested", _("Corrections demandées")
    PUBLISHED = "published", _("Publiée")
    REFUSED = "refused", _("Refusée")
    WITHDRAWN = "withdrawn", _("Retirée")
    ARCHIVED = "archived", _("Archivée")

    @property
    def tone(self) -> str:
        """Name the pigment of the state badge."""
        return STATUS_LOOKS[self][0]

    @property
    def icon(self) -> str:
        """Name the icon of the state badge."""
        return STATUS_LOOKS[self][1]


STATUS_LOOKS: dict[str, tuple[str, str]] = {
    ContributionStatus.DRAFT: ("ardoise", "pencil"),
    ContributionStatus.OFFERED: ("calanque", "users"),
    ContributionStatus.SUBMITTED: ("calanque", "hourglass"),
    ContributionStatus.CHANGES_REQUESTED: ("ocre", "message-square"),
    ContributionStatus.PUBLISHED: ("pin", "circle-check"),
    ContributionStatus.REFUSED: ("garance", "circle-x"),
    ContributionStatus.WITHDRAWN: ("ardoise", "undo-2"),
    ContributionStatus.ARCHIVED: ("ardoise", "inbox"),
}

# The only edges of the review. REFUSED and WITHDRAWN are ends: a new try is a new row.
CONTRIBUTION_EDGES: dict[ContributionStatus, frozenset[ContributionStatus]] = {
    ContributionStatus.DRAFT: frozenset(
        {ContributionStatus.OFFERED, ContributionStatus.SUBMITTED, ContributionStatus.WITHDRAWN}
    ),
    # A change of somebody else's card: its owner answers first, and never publishes it.
    ContributionStatus.OFFERED: frozenset(
        {ContributionStatus.SUBMITTED, ContributionStatus.WITHDRAWN}
    ),
    ContributionStatus.SUBMITTED: frozenset(
        {
            ContributionStatus.CHANGES_REQUESTED,
            ContributionStatus.PUBLISHED,
            ContributionStatus.REFUSED,
            ContributionStatus.WITHDRAWN,
        }
    ),
    ContributionStatus.CHANGES_REQUESTED: frozenset(
        {ContributionStatus.SUBMITTED, ContributionStatus.WITHDRAWN}
    ),
    ContributionStatus.PUBLISHED: frozenset({ContributionStatus.ARCHIVED}),
    ContributionStatus.ARCHIVED: frozenset({ContributionStatus.PUBLISHED}),
    ContributionStatus.REFUSED: frozenset(),
    ContributionStatus.WITHDRAWN: frozenset(),
}

OPEN_CONTRIBUTIONS = frozenset(
    {
        ContributionStatus.DRAFT,
        ContributionStatus.OFFERED,
        ContributionStatus.SUBMITTED,
        ContributionStatus.CHANGES_REQUESTED,
    }
)


class OwnerAnswer(models.TextChoices):
    """What who holds a card made of the change that somebody proposes of it."""

    ACCEPTED = "accepted", _("Favorable")
    DECLINED = "declined", _("Défavorable")
    SILENT = "silent", _("Sans réponse dans le délai")


class DecisionOutcome(models.TextChoices):
    """What a moderator decided."""

    CHANGES_REQUESTED = "changes_requested", _("Corrections demandées")
    PUBLISHED = "published", _("Publiée")
    REFUSED = "refused", _("Refusée")


class DecisionReason(models.TextChoices):
    """Why a contribution was sent back or refused."""

    OFF_TOPIC = "off_topic", _("Hors sujet")
    DUPLICATE = "duplicate", _("Doublon")
    LICENCE = "licence", _("Licence")
    PERSONAL_DATA = "personal_data", _("Données personnelles")
    ILLEGAL = "illegal", _("Contenu illicite")
    INSUFFICIENT = "insufficient", _("Information insuffisante")
    PROMOTION = "promotion", _("Promotion")
    OTHER = "other", _("Autre")


class LinkType(models.TextChoices):
    """How one resource bears on another, read from source to target."""

    DERIVED_FROM = "derived_from", _("Dérive de")
    TRAINED_ON = "trained_on", _("Entraîné sur")
    REPLACES = "replaces", _("Remplace")
    PART_OF = "part_of", _("Fait partie de")
    DOCUMENTS = "documents", _("Documente")
    ANSWERS = "answers", _("Répond à")
    USES = "uses", _("Utilise")

    @property
    def inverse(self) -> Promise:
        """Say the link as read from the target."""
        return INVERSE_LINKS[self]


INVERSE_LINKS: dict[str, Promise] = {
    LinkType.DERIVED_FROM: _("A donné"),
    LinkType.TRAINED_ON: _("A servi à entraîner"),
    LinkType.REPLACES: _("Remplacé par"),
    LinkType.PART_OF: _("Comprend"),
    LinkType.DOCUMENTS: _("Documenté par"),
    LinkType.ANSWERS: _("A pour réponse"),
    LinkType.USES: _("Utilisé par"),
}


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
