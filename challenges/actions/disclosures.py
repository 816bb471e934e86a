"""Decide what a team shows of itself: its members, its method, a card of its solution."""

from django.db import transaction

from challenges import rules
from challenges.models import Team
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.record import record


@transaction.atomic
def decide(*, team: Team, members: bool, method: bool, card: bool, by: User) -> Team:
    """Say what the team lets others read and do, by a captain.

    members: their names on its certificate. method: its fact sheet in the final report. card:
    an organiser may propose a card of its solution. In order: team; event "team.disclosed" when
    something changed. Raises NotAllowed.
    """
    team = Team.objects.locked(team)
    require(rules.may_run_team, by, team)
    told = {"show_members": members, "show_method": method, "allow_card": card}
    if all(getattr(team, name) == value for name, value in told.items()):
        return team
    for name, value in told.items():
        setattr(team, name, value)
    team.save(update_fields=list(told))
    record("team.disclosed", by=by, on=team, **told)
    return team
