"""What a worker can do, where a job stands, what is done first."""

from collections.abc import Mapping
from enum import StrEnum


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
