"""Where challenges, phases and drafts stand, and the choices of their organisers."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    pass


class ChallengeKind(StrEnum):
    """Tell a dated competition from a permanent benchmark."""

    COMPETITION = "competition"
    BENCHMARK = "benchmark"


class ChallengeStatus(StrEnum):
    """Name where a challenge stands editorially; dates alone open and close its phases."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    REVEALED = "revealed"
    ARCHIVED = "archived"


class BuildState(StrEnum):
    """Name where the check of a challenge written by form stands."""

    IDLE = "idle"
    QUEUED = "queued"
    DONE = "done"
    REFUSED = "refused"


class OrganiserRole(StrEnum):
    """Name what a person does for a challenge."""

    OWNER = "owner"
    ORGANISER = "organiser"
    JURY = "jury"


class RegistrationMode(StrEnum):
    """Say who may take part."""

    OPEN = "open"
    APPROVAL = "approval"
    INVITED = "invited"


class PhaseKind(StrEnum):
    """Say what a phase is for."""

    TRIAL = "trial"
    PUBLIC = "public"
    FINAL = "final"
    CODE = "code"


class PhaseMoment(StrEnum):
    """Name where a phase stands at an instant of the database clock."""

    UNDATED = "undated"
    COMING = "coming"
    OPEN = "open"
    CLOSED = "closed"


class LogAudience(StrEnum):
    """Say who reads the logs of a phase's programs."""

    NONE = "none"
    ORGANISER = "organiser"
    TEAM_TRIAL = "team_trial"


class ReportAudience(StrEnum):
    """Say who reads the detailed results that an organiser's program writes."""

    NONE = "none"
    ORGANISER = "organiser"
    TEAM = "team"


class ScorerKind(StrEnum):
    """Tell a metric of the menu from an organiser's program."""

    METRIC = "metric"
    PROGRAM = "program"


class BoardRule(StrEnum):
    """Say which entries of a team a leaderboard keeps."""

    BEST = "best"
    LAST = "last"
    CHOSEN = "chosen"
    ALL = "all"


class ColumnKind(StrEnum):
    """Say where the figures of a column come from."""

    METRIC = "metric"
    COMPUTED = "computed"
    FACT = "fact"
    FAIRNESS = "fairness"


class Direction(StrEnum):
    """Say which way a figure is better; none is descriptive and never ranked."""

    MAX = "max"
    MIN = "min"
    NONE = "none"


class NoticeKind(StrEnum):
    """Name a public change of a challenge."""

    TEXT = "text"
    DATES = "dates"
    TERMS = "terms"
    SCORING = "scoring"


CHALLENGE_EDGES: Mapping[ChallengeStatus, frozenset[ChallengeStatus]] = {
    ChallengeStatus.DRAFT: frozenset({ChallengeStatus.IN_REVIEW}),
    ChallengeStatus.IN_REVIEW: frozenset({ChallengeStatus.DRAFT, ChallengeStatus.PUBLISHED}),
    ChallengeStatus.PUBLISHED: frozenset({ChallengeStatus.SUSPENDED, ChallengeStatus.CLOSED}),
    ChallengeStatus.SUSPENDED: frozenset({ChallengeStatus.PUBLISHED}),
    ChallengeStatus.CLOSED: frozenset({ChallengeStatus.REVEALED, ChallengeStatus.ARCHIVED}),
    ChallengeStatus.REVEALED: frozenset({ChallengeStatus.ARCHIVED}),
    ChallengeStatus.ARCHIVED: frozenset(),
}


# A challenge in one of these is seen by everybody.
PUBLIC_STATUSES: frozenset[ChallengeStatus] = frozenset(
    {
        ChallengeStatus.PUBLISHED,
        ChallengeStatus.SUSPENDED,
        ChallengeStatus.CLOSED,
        ChallengeStatus.REVEALED,
        ChallengeStatus.ARCHIVED,
    }
)


CHALLENGE_WORDS: dict[str, str | Promise] = {
    ChallengeStatus.DRAFT: _("Brouillon"),
    ChallengeStatus.IN_REVIEW: _("En relecture"),
    ChallengeStatus.PUBLISHED: _("Publié"),
    ChallengeStatus.SUSPENDED: _("Suspendu"),
    ChallengeStatus.CLOSED: _("Clos"),
    ChallengeStatus.REVEALED: _("Résultats publiés"),
    ChallengeStatus.ARCHIVED: _("Archivé"),
}


def challenge_word(status: str) -> str:
    """Return the French word for the status of a challenge."""
    return str(CHALLENGE_WORDS.get(status, status))
