"""Who is invited to take part: what organisers read, what a person is told of themselves."""

from django.db.models import Count, Q, QuerySet

from challenges.enums import InvitationState, RegistrationMode, RegistrationState
from challenges.models import Challenge, Guest, Registration
from portal.accounts.models import User
from portal.lib import clock


def listed(challenge: Challenge) -> QuerySet[Guest]:
    """List the invitations that were not withdrawn, the last first."""
    return challenge.guests.exclude(state=InvitationState.REVOKED).select_related("sent_by")


def counts(challenge: Challenge) -> dict[str, int]:
    """Count the addresses that wait, those that took part, those that let their days pass."""
    sent, now = Q(state=InvitationState.SENT), clock.now()
    return challenge.guests.aggregate(
        waiting=Count("pk", filter=sent & Q(expires_at__gt=now)),
        over=Count("pk", filter=sent & Q(expires_at__lte=now)),
        accepted=Count("pk", filter=Q(state=InvitationState.ACCEPTED)),
    )


def needs_invitation(challenge: Challenge, user: User) -> bool:
    """Say whether this person, who is not registered, may not register without an invitation."""
    if challenge.registration != RegistrationMode.INVITED:
        return False
    return not challenge.guests.inviting(user, at=clock.now()).exists()


def is_called_back(challenge: Challenge, user: User, asked: Registration | None) -> bool:
    """Say whether an invitation lets in a person who asked, left or was refused before."""
    if asked is None or asked.state == RegistrationState.ACCEPTED:
        return False
    if challenge.registration != RegistrationMode.INVITED:
        return False
    return challenge.guests.inviting(user, at=clock.now()).exists()
