"""People, organisations, roles, tokens."""

from portal.accounts.models.inactivity import InactivityNotice
from portal.accounts.models.invitation import FormerAddress, Invitation, JoinRequest, Transfer
from portal.accounts.models.notification import Notification, NotificationChoice
from portal.accounts.models.organisation import Membership, Organisation
from portal.accounts.models.proposal import RoleProposal
from portal.accounts.models.user import ApiToken, RegionAppointment, User

__all__ = [
    "ApiToken",
    "FormerAddress",
    "InactivityNotice",
    "Invitation",
    "JoinRequest",
    "Membership",
    "Notification",
    "NotificationChoice",
    "Organisation",
    "RegionAppointment",
    "RoleProposal",
    "Transfer",
    "User",
]
