"""Words of disqualifications."""

from enum import StrEnum


class DisqualificationStatus(StrEnum):
    """Name where a disqualification stands: nothing is decided before the team could reply."""

    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"
    LIFTED = "lifted"
