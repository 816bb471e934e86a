"""Closed lists of words of the challenges app, and the edges between them.

Plain Python: the scoring engine and the importers read these names without Django.
"""

from collections.abc import Mapping
from enum import StrEnum


class RunState(StrEnum):
    """Name where a run of a team's code stands, on hidden inputs or on the public sample."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class DisqualificationStatus(StrEnum):
    """Name where a disqualification stands: nothing is decided before the team could reply."""

    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"
    LIFTED = "lifted"


class WatchState(StrEnum):
    """Say whether a reference still scores what it scored."""

    SAME = "same"
    DRIFTED = "drifted"
    FAILED = "failed"


class RescoringState(StrEnum):
    """Name where a change of scoring stands."""

    PROPOSED = "proposed"
    RUNNING = "running"
    READY = "ready"
    ACCEPTED = "accepted"
    IN_FORCE = "in_force"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


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


class RegistrationState(StrEnum):
    """Name where a registration stands."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class PhaseKind(StrEnum):
    """Say what a phase is for."""

    TRIAL = "trial"
    PUBLIC = "public"
    FINAL = "final"
    CODE = "code"


class UploadState(StrEnum):
    """Name where a file that is sent in parts stands: stored once whole, submitted or not yet."""

    OPEN = "open"
    STORED = "stored"
    EXPIRED = "expired"


class ImportState(StrEnum):
    """Name where a bundle that was deposited stands."""

    WAITING = "waiting"
    READ = "read"
    CREATING = "creating"
    REFUSED = "refused"
    ACCEPTED = "accepted"
    FAILED = "failed"
    EXPIRED = "expired"


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


class TeamState(StrEnum):
    """Name where a team stands."""

    OPEN = "open"
    FULL = "full"
    WITHDRAWN = "withdrawn"
    DISQUALIFIED = "disqualified"


class TeamRole(StrEnum):
    """Name what a person does in a team."""

    CAPTAIN = "captain"
    MEMBER = "member"


class EntryStatus(StrEnum):
    """Name where an entry stands, from its receipt to its score."""

    RECEIVED = "received"
    CHECKING = "checking"
    REJECTED = "rejected"
    QUEUED = "queued"
    SCORING = "scoring"
    SCORED = "scored"
    FAILED = "failed"
    NEEDS_ATTENTION = "needs_attention"
    WITHDRAWN = "withdrawn"


class EvaluationState(StrEnum):
    """Name where one scoring of one entry stands."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Split(StrEnum):
    """Name a part of the held-out rows."""

    PUBLIC = "public"
    PRIVATE = "private"


class ReceiptReason(StrEnum):
    """Say why a score receipt was issued: a first score, a new one, or the reveal."""

    SCORED = "scored"
    RESCORED = "rescored"
    REVEALED = "revealed"


class JobKind(StrEnum):
    """Name a kind of work that the worker does."""

    COMPILE = "compile"
    CHECK = "check"
    SCORE = "score"
    RUN = "run"
    TRIAL = "trial"
    STANDINGS = "standings"
    REVEAL = "reveal"
    DRY_RUN = "dry_run"
    IMPORT = "import"
    COMPARE = "compare"
    SWAP = "swap"
    WATCH = "watch"


class JobState(StrEnum):
    """Name where a job stands."""

    READY = "ready"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"
    DEAD = "dead"


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


class ReasonCode(StrEnum):
    """Name why an entry ended otherwise than scored, beside the codes E_* of its file."""

    TIMEOUT = "X_TIMEOUT"
    MEMORY = "X_MEMORY"
    PROGRAM = "X_PROGRAM"
    OUTPUT = "X_OUTPUT"
    PLATFORM = "X_PLATFORM"
    NO_SANDBOX = "X_NO_SANDBOX"


# The code of a file in which the antivirus found something.
INFECTED = "E_INFECTED"

CHALLENGE_EDGES: Mapping[ChallengeStatus, frozenset[ChallengeStatus]] = {
    ChallengeStatus.DRAFT: frozenset({ChallengeStatus.IN_REVIEW}),
    ChallengeStatus.IN_REVIEW: frozenset({ChallengeStatus.DRAFT, ChallengeStatus.PUBLISHED}),
    ChallengeStatus.PUBLISHED: frozenset({ChallengeStatus.SUSPENDED, ChallengeStatus.CLOSED}),
    ChallengeStatus.SUSPENDED: frozenset({ChallengeStatus.PUBLISHED}),
    ChallengeStatus.CLOSED: frozenset({ChallengeStatus.REVEALED, ChallengeStatus.ARCHIVED}),
    ChallengeStatus.REVEALED: frozenset({ChallengeStatus.ARCHIVED}),
    ChallengeStatus.ARCHIVED: frozenset(),
}

ENTRY_EDGES: Mapping[EntryStatus, frozenset[EntryStatus]] = {
    EntryStatus.RECEIVED: frozenset({EntryStatus.CHECKING, EntryStatus.WITHDRAWN}),
    EntryStatus.CHECKING: frozenset(
        {EntryStatus.REJECTED, EntryStatus.QUEUED, EntryStatus.NEEDS_ATTENTION}
    ),
    EntryStatus.REJECTED: frozenset(),
    EntryStatus.QUEUED: frozenset({EntryStatus.SCORING, EntryStatus.WITHDRAWN}),
    EntryStatus.SCORING: frozenset(
        {EntryStatus.SCORED, EntryStatus.FAILED, EntryStatus.NEEDS_ATTENTION}
    ),
    EntryStatus.NEEDS_ATTENTION: frozenset(
        {EntryStatus.CHECKING, EntryStatus.QUEUED, EntryStatus.FAILED}
    ),
    EntryStatus.SCORED: frozenset({EntryStatus.QUEUED, EntryStatus.WITHDRAWN}),
    EntryStatus.FAILED: frozenset({EntryStatus.QUEUED}),
    EntryStatus.WITHDRAWN: frozenset(),
}

# Someone or something still has to act on an entry in one of these.
UNFINISHED: frozenset[EntryStatus] = frozenset(
    {EntryStatus.RECEIVED, EntryStatus.CHECKING, EntryStatus.QUEUED, EntryStatus.SCORING}
)
# An entry in one of these has no outcome yet: something acts on it, or a person examines it.
WITHOUT_OUTCOME = UNFINISHED | {EntryStatus.NEEDS_ATTENTION}
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

# The lower, the sooner. Boards go before the scores that wait, or a busy day would freeze them.
JOB_PRIORITY: Mapping[JobKind, int] = {
    JobKind.COMPILE: 0,
    JobKind.CHECK: 0,
    JobKind.SCORE: 10,
    JobKind.REVEAL: 5,
    JobKind.STANDINGS: 5,
    JobKind.RUN: 20,
    JobKind.TRIAL: 25,
    JobKind.DRY_RUN: 50,
    JobKind.IMPORT: 5,
    JobKind.COMPARE: 50,
    JobKind.SWAP: 5,
    JobKind.WATCH: 70,
}
# A scoring that is tried on entries already scored goes after all that teams wait for.
RESCORE_PRIORITY = 50
