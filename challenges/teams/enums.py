"""Where teams and registrations stand, and what a member of a team is."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class RegistrationState(models.TextChoices):
    """Name where a registration stands."""

    PENDING = "pending", _("En attente")
    ACCEPTED = "accepted", _("Acceptée")
    REFUSED = "refused", _("Refusée")
    WITHDRAWN = "withdrawn", _("Désinscrite")


class TeamState(StrEnum):
    """Name where a team stands."""

    OPEN = "open"
    FULL = "full"
    WITHDRAWN = "withdrawn"
    DISQUALIFIED = "disqualified"
    # Of the organiser: it enters references, joins no ranking and has no member.
    REFERENCE = "reference"


# Those that take part: they enter files, and boards rank them.
LIVE_STATES = frozenset({TeamState.OPEN, TeamState.FULL})
# Those that boards list, references at their place beside the ranks.
LISTED_STATES = LIVE_STATES | {TeamState.REFERENCE}


class TeamRole(models.TextChoices):
    """Name what a person does in a team."""

    CAPTAIN = "captain", _("Capitaine")
    MEMBER = "member", _("Membre")
