"""Who may enter a file, read, withdraw and choose an entry."""

from typing import TYPE_CHECKING

from challenges.entries.enums import EntryStatus
from portal.audit.actors import Actor

if TYPE_CHECKING:
    from challenges.entries.models import Entry
    from challenges.teams.models import Team
from challenges.organising.rules import is_person
from challenges.teams.rules import may_run_team


def may_enter(by: Actor, team: "Team") -> bool:
    """Say whether the actor may submit for this team: a member of a live team, who runs nothing."""
    return (
        is_person(by) and team.is_live and team.has_member(by) and not team.challenge.is_run_by(by)
    )


def may_read_entry(by: Actor, entry: "Entry") -> bool:
    """Say whether the actor may read this entry: its team."""
    return is_person(by) and entry.enrolment.team.has_member(by)


def may_withdraw_entry(by: Actor, entry: "Entry") -> bool:
    """Say whether the actor may withdraw this entry: a captain of its team."""
    return may_run_team(by, entry.enrolment.team)


def may_choose_entry(by: Actor, entry: "Entry") -> bool:
    """Say whether the actor may make it a final choice: a captain, of a scored entry."""
    return may_run_team(by, entry.enrolment.team) and entry.status == EntryStatus.SCORED
