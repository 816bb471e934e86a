"""Name where changes of scoring, and watches of references, stand."""

from enum import StrEnum


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
