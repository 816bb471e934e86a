"""People, organisations, roles, tokens."""

from portal.accounts.models.organisation import Membership, Organisation
from portal.accounts.models.user import ApiToken, RegionAppointment, User

__all__ = ["ApiToken", "Membership", "Organisation", "RegionAppointment", "User"]
