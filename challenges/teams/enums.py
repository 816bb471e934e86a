"""Where teams and registrations stand, and what a member of a team is."""

from enum import StrEnum


class RegistrationState(StrEnum):
    """Name where a registration stands."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


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
