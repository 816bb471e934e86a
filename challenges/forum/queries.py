"""Read what waits for those who moderate the discussions of challenges."""

from django.db.models import Q, QuerySet

from challenges.organising.enums import OrganiserRole
from challenges.organising.models.challenges import Challenge, ChallengeOrganiser, Viewer, person_id
from challenges.teams.models import TeamMember
from portal.accounts.authorization import Permission, has_permission
from portal.discussions import queries as discussions
from portal.discussions.models import Flag


def moderated_by(user: Viewer) -> QuerySet[Challenge]:
    """Keep the challenges whose discussions a person moderates: see `rules.may_moderate_forum`."""
    person = person_id(user)
    run = ChallengeOrganiser.objects.filter(user_id=person).exclude(role=OrganiserRole.JURY)
    own = Q(pk__in=run.values("challenge_id"))
    if not has_permission(user, Permission.CONTRIBUTION_MODERATE):
        return Challenge.objects.filter(own)
    played = TeamMember.objects.filter(user_id=person).values("challenge_id")
    return Challenge.objects.filter(own | ~Q(pk__in=played))


def waiting(user: Viewer) -> QuerySet[Flag]:
    """List the flags that nobody settled, over all that a person moderates, the oldest first."""
    return discussions.flags(moderated_by(user))
