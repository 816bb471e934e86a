"""The words of the catalogue: kinds, scopes, licences, access, states and their edges."""

from enum import StrEnum
from typing import Any, Self

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Shown(models.TextChoices):
    """Choices shown as badges: each is a value, a pigment, an icon of the sprite, its words."""

    tone: str
    icon: str

    def __new__(cls, value: str, tone: str = "", icon: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_, member.tone, member.icon = value, tone, icon
        return member


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


class Access(Shown):
    """Who may use what the resource describes."""

    OPEN = "open", "pin", "lock-open", _("Accès ouvert")
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


class ContributionStatus(Shown):
    """Where a proposal stands in the review."""

    DRAFT = "draft", "ardoise", "pencil", _("Brouillon")
    OFFERED = "offered", "calanque", "users", _("Attend l’avis de qui tient la fiche")
    SUBMITTED = "submitted", "calanque", "hourglass", _("En relecture")
    CHANGES_REQUESTED = "changes_requested", "ocre", "message-square", _("Corrections demandées")
    PUBLISHED = "published", "pin", "circle-check", _("Publiée")
    REFUSED = "refused", "garance", "circle-x", _("Refusée")
    WITHDRAWN = "withdrawn", "ardoise", "undo-2", _("Retirée")
    ARCHIVED = "archived", "ardoise", "inbox", _("Archivée")


S = ContributionStatus
# The only edges of the review. REFUSED and WITHDRAWN are ends: a new try is a new row.
CONTRIBUTION_EDGES: dict[ContributionStatus, frozenset[ContributionStatus]] = {
    S.DRAFT: frozenset({S.OFFERED, S.SUBMITTED, S.WITHDRAWN}),
    # A change of somebody else's card: its owner answers first, and never publishes it.
    S.OFFERED: frozenset({S.SUBMITTED, S.WITHDRAWN}),
    S.SUBMITTED: frozenset({S.CHANGES_REQUESTED, S.PUBLISHED, S.REFUSED, S.WITHDRAWN}),
    S.CHANGES_REQUESTED: frozenset({S.SUBMITTED, S.WITHDRAWN}),
    S.PUBLISHED: frozenset({S.ARCHIVED}),
    S.ARCHIVED: frozenset({S.PUBLISHED}),
    S.REFUSED: frozenset(),
    S.WITHDRAWN: frozenset(),
}

OPEN_CONTRIBUTIONS = frozenset({S.DRAFT, S.OFFERED, S.SUBMITTED, S.CHANGES_REQUESTED})


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


class BatchState(Shown):
    """Where an import stands: read and told, asked for, under way, done."""

    READ = "read", "ocre", "eye", _("À confirmer")
    WAITING = "waiting", "calanque", "hourglass", _("En attente")
    RUNNING = "running", "calanque", "hourglass", _("En cours")
    DONE = "done", "pin", "circle-check", _("Importé")


class RowOutcome(Shown):
    """What one row does, or would do, to the cards of its organisation."""

    CREATE = "create", "pin", _("Nouvelle fiche")
    UPDATE = "update", "calanque", _("Modification")
    UNCHANGED = "unchanged", _("Inchangée")
    REFUSED = "refused", "garance", _("Refusée")
    EXAMPLE = "example", _("Ligne d’exemple")


class AlertFrequency(models.TextChoices):
    """How often a saved search writes to its owner."""

    DAILY = "daily", _("Chaque jour où il y a du nouveau")
    WEEKLY = "weekly", _("Une fois par semaine")
    FEED = "feed", _("Jamais : seulement un flux Atom privé")


class ReuseKind(models.TextChoices):
    """What was made with resources of the catalogue."""

    APPLICATION = "application", _("Application ou service")
    STUDY = "study", _("Étude ou recherche")
    VISUALISATION = "visualisation", _("Visualisation")
    PRESS = "press", _("Article de presse")
    TRAINING = "training", _("Formation")


class ReviewState(Shown):
    """Where a reuse or a feedback stands with the Region."""

    WAITING = "waiting", "calanque", "hourglass", _("En relecture")
    PUBLISHED = "published", "pin", "circle-check", _("Publié")
    REFUSED = "refused", "garance", "circle-x", _("Refusé")
    WITHDRAWN = "withdrawn", "ardoise", "undo-2", _("Retiré")


class MessageState(models.TextChoices):
    """Who reads a message: nobody but its author and the Region, everybody, or its place only."""

    HELD = "held", _("En attente de la Région")
    SHOWN = "shown", _("Publié")
    HIDDEN = "hidden", _("Masqué")


class FileState(models.TextChoices):
    """Whether a file may be given: nobody receives one before it was examined."""

    WAITING = "waiting", _("Examen en cours")
    SOUND = "sound", _("Examiné")
    REFUSED = "refused", _("Refusé")


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


class SourceKind(models.TextChoices):
    """What a harvested catalogue speaks; the values are formats of `standards.readers`."""

    DCAT = "dcat", _("DCAT (catalogue RDF)")
    CKAN = "ckan", _("CKAN")
    DATAGOUV = "datagouv", _("data.gouv.fr")
    CSW = "csw", _("CSW (catalogue géographique)")
    OAI = "oai", _("OAI-PMH")
    CROISSANT = "croissant", _("Croissant")
    HF = "hf", _("Cartes Hugging Face")


class SourceStatus(Shown):
    """Where a source stands: proposed, then run by schedule once the Region approved it."""

    PROPOSED = "proposed", "calanque", "hourglass", _("Proposée")
    APPROVED = "approved", "pin", "circle-check", _("Approuvée")
    PAUSED = "paused", "ocre", "circle-pause", _("En pause")
    REFUSED = "refused", "garance", "circle-x", _("Refusée")


class HarvestFrequency(models.TextChoices):
    """How often a source is read."""

    DAILY = "daily", _("Chaque jour")
    WEEKLY = "weekly", _("Chaque semaine")


class RunState(Shown):
    """Where one passage over a source stands."""

    WAITING = "waiting", "ardoise", "hourglass", _("En attente")
    RUNNING = "running", "calanque", "clock", _("En cours")
    COMPLETE = "complete", "pin", "circle-check", _("Terminé")
    SUSPICIOUS = "suspicious", "ocre", "triangle-alert", _("Suspect : rien n’a été touché")
    FAILED = "failed", "garance", "circle-x", _("Interrompu")


class ItemState(models.TextChoices):
    """What a passage did of one record of a source."""

    CREATED = "created", _("Créée")
    UPDATED = "updated", _("Mise à jour")
    UNCHANGED = "unchanged", _("Inchangée")
    SKIPPED = "skipped", _("Laissée de côté")
    REFUSED = "refused", _("Refusée")
    FAILED = "failed", _("Illisible")
    REMARKED = "remarked", _("Page lue avec des remarques")
    MISSING = "missing", _("Absente")
    ARCHIVED = "archived", _("Archivée")


class LinkState(models.TextChoices):
    """What the last check of a link found; only GONE and ERROR count against it."""

    UNKNOWN = "unknown", _("Non vérifié")
    OK = "ok", _("Répond")
    MOVED = "moved", _("A déménagé")
    GONE = "gone", _("Introuvable")
    ERROR = "error", _("Ne répond pas")
    BLOCKED = "blocked", _("Refuse les robots")


class ReportCategory(models.TextChoices):
    """What a notice says is wrong with a content."""

    ILLEGAL = "illegal", _("Contenu illicite")
    PERSONAL_DATA = "personal_data", _("Données personnelles")
    COPYRIGHT = "copyright", _("Droits d’auteur")
    SECURITY = "security", _("Sécurité")
    SPAM = "spam", _("Spam")
    EXPLICIT = "explicit", _("Contenu explicite")
    DISCRIMINATION = "discrimination", _("Discrimination")
    OTHER = "other", _("Autre")


# Whoever reports sexual abuse of children need not say who they are: regulation (EU) 2022/2065,
# article 16, paragraph 2, c.
NAMELESS = frozenset({ReportCategory.EXPLICIT})
# What one moderator may hide before a second one looks.
URGENT = frozenset(
    {ReportCategory.ILLEGAL, ReportCategory.PERSONAL_DATA, ReportCategory.EXPLICIT}
    | {ReportCategory.DISCRIMINATION, ReportCategory.SECURITY}
)


class ReportStatus(Shown):
    """Where a notice stands."""

    RECEIVED = "received", "calanque", "inbox", _("Reçu")
    ASSESSED = "assessed", "calanque", "eye", _("En examen")
    UPHELD = "upheld", "garance", "circle-check", _("Retenu")
    DISMISSED = "dismissed", "ardoise", "circle-x", _("Écarté")
    CONTESTED = "contested", "ocre", "hourglass", _("Contesté")
    FINAL = "final", "ardoise", "lock", _("Clos")


R = ReportStatus
REPORT_EDGES: dict[ReportStatus, frozenset[ReportStatus]] = {
    R.RECEIVED: frozenset({R.ASSESSED}),
    R.ASSESSED: frozenset({R.UPHELD, R.DISMISSED}),
    R.UPHELD: frozenset({R.CONTESTED, R.FINAL}),
    R.DISMISSED: frozenset({R.CONTESTED, R.FINAL}),
    R.CONTESTED: frozenset({R.FINAL}),
    R.FINAL: frozenset(),
}
DECIDED_REPORTS = frozenset({R.UPHELD, R.DISMISSED})


class ReportOutcome(models.TextChoices):
    """What a moderator decided of a notice."""

    UPHELD = "upheld", _("Retenir le signalement")
    DISMISSED = "dismissed", _("Écarter le signalement")


class ReportStage(models.TextChoices):
    """Which decision it is: the first one, or the one on the contestation."""

    FIRST = "first", _("Première décision")
    CONTEST = "contest", _("Décision sur la contestation")


class Measure(models.TextChoices):
    """What is done to a content."""

    NONE = "none", _("Aucune mesure")
    CORRECT = "correct", _("Correction demandée, le contenu reste en ligne")
    HIDE = "hide", _("Masquer le contenu")
    REMOVE = "remove", _("Proposer le retrait définitif de la fiche")


# What takes a content offline.
HIDING = frozenset({Measure.HIDE, Measure.REMOVE})


class Ground(models.TextChoices):
    """What a decision rests on."""

    LAW = "law", _("Une règle de droit")
    CHARTER = "charter", _("La charte du portail")


class MaskingEnd(models.TextChoices):
    """How a masking ended."""

    LIFTED = "lifted", _("Levé")
    LAPSED = "lapsed", _("Expiré faute de seconde personne")


class TransferKind(models.TextChoices):
    """Who asked that a card change hands."""

    OFFER = "offer", _("Proposé par qui la tient")
    CLAIM = "claim", _("Demandé par l’organisation qui la reprendrait")
    REGION = "region", _("Demandé par la Région")


class VersionOrigin(models.TextChoices):
    """By which way a version went online."""

    REVIEWED = "reviewed", _("Modification relue par la Région")
    HARVESTED = "harvested", _("Mise à jour par la source")
    TRANSFERRED = "transferred", _("Transmission à une autre organisation")
    OPENED = "opened", _("Reprise à l’ouverture du portail")
