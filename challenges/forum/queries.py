"""Read what waits for those who moderate the discussions of challenges."""

from collections import Counter
from collections.abc import Iterator

from django.db.models import Q, QuerySet

from challenges.organising.enums import OrganiserRole
from challenges.organising.models.challenges import Challenge, ChallengeOrganiser, Viewer, person_id
from challenges.teams.models import TeamMember
from portal.accounts.authorization import Permission, has_permission
from portal.discussions.models import Flag


def moderated_by(user: Viewer) -> QuerySet[Challenge]:
    """Keep the challenges whose discussions a person moderates: see `rules.may_moderate_forum`."""
    own = run_by(user)
    if not has_permission(user, Permission.CONTRIBUTION_MODERATE):
        return own
    played = TeamMember.objects.filter(user_id=person_id(user)).values("challenge_id")
    return Challenge.objects.filter(Q(pk__in=own.values("pk")) | ~Q(pk__in=played))


def run_by(user: Viewer) -> QuerySet[Challenge]:
    """Keep the challenges whose questions a person answers, as one who organises them."""
    several = organised_by(user)
    return Challenge.objects.filter(
        pk__in=[pk for pk, role in several.items() if role != OrganiserRole.JURY]
    )


def organised_by(user: Viewer) -> dict[int, str]:
    """Give the role of a person in each challenge, by key; one query, kept as their other roles."""
    kept = vars(user)
    if "roles_by_challenge" not in kept:
        rows = ChallengeOrganiser.objects.filter(user_id=person_id(user))
        kept["roles_by_challenge"] = dict(rows.values_list("challenge_id", "role"))
    roles: dict[int, str] = kept["roles_by_challenge"]
    return roles


def flagged(
    moderated: QuerySet[Challenge], flags: QuerySet[Flag]
) -> Iterator[tuple[Challenge, int]]:
    """List the challenges with flags, among those that a person moderates, and how many each."""
    counts = Counter(flags.values_list("message__discussion__subject_id", flat=True))
    for challenge in moderated.filter(public_id__in=counts).order_by("title", "pk"):
        yield challenge, counts[challenge.public_id]
