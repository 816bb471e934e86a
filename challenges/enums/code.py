"""Closed lists of words of the code that teams send."""

from enum import StrEnum


class RunState(StrEnum):
    """Name where a run of a team's code stands, on hidden inputs or on the public sample."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Reproduction(StrEnum):
    """Say whether code gave the same answers twice, identifiers and order changed between.

    ROUNDED: to 0.1 standard error of the score. DIFFERENT: the worse of the two scores counts.
    """

    SAME = "same"
    ROUNDED = "rounded"
    DIFFERENT = "different"
