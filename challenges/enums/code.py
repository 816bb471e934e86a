"""Closed lists of words of the code that teams send."""

from enum import StrEnum


class RunState(StrEnum):
    """Name where a run of a team's code stands, on hidden inputs or on the public sample."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
