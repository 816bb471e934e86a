"""What a phase takes over of the one before: the final choices of its teams."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from challenges.entries.models import Entry
from challenges.organising.enums import ChallengeStatus
from challenges.organising.models.challenges import Phase
from challenges.organising.models.scorings import Leaderboard
from challenges.results.models.boards import finals
from challenges.teams.models import Team

# A decision may be written a moment after the instant that it bears.
TAKEOVER_SLACK = timedelta(minutes=5)


def phases_taking_over(at: datetime) -> list[Phase]:
    """List the open phases that have choices to take over, those that came back included."""
    waiting = list(Phase.objects.taking_over(at).order_by("pk"))
    done = Phase.objects.filter(
        migrated_at__isnull=False,
        reveal__decided_at__isnull=True,
        challenge__status__in=[ChallengeStatus.PUBLISHED, ChallengeStatus.CLOSED],
    )
    return waiting + [phase for phase in done.order_by("pk") if _decided(phase)]


def takeover_is_over(phase: Phase) -> bool:
    """Say whether a phase has nothing to take over, or no more."""
    if phase.migrate_from_id is None:
        return True
    return phase.migrated_at is not None and not (_decided(phase) and choices_to_take_over(phase))


def teams_left_behind(phase: Phase) -> list[Team]:
    """List the teams that a phase took nothing over from, though all their scores are known."""
    if phase.migrate_from_id is None or takeover_is_over(phase):
        return []
    if Entry.objects.filter(enrolment__phase=phase.migrate_from_id).without_outcome().exists():
        return []
    return list(Team.objects.filter(pk__in=list(choices_to_take_over(phase))).order_by("name"))


def choices_to_take_over(phase: Phase, team_id: int | None = None) -> dict[int, list[UUID]]:
    """Return the entries that are still to be copied, by team; of one team when it is given.

    Every final choice of a team without a copy. Of a team that has one, and of all once the
    take-over was dated: those alone that a decision brought back on the boards since.
    """
    boards = Leaderboard.objects.filter(phase=phase.migrate_from_id)
    board = boards.select_related("phase", "primary").order_by("pk").first()
    if board is None:
        return {}
    copied: dict[int, set[UUID]] = defaultdict(set)
    copies = Entry.objects.filter(enrolment__phase=phase, migrated_from__isnull=False)
    for team, former in copies.values_list("enrolment__team_id", "migrated_from_id"):
        copied[team].add(former)
    back = _brought_back(phase)
    found = {}
    for team, chosen in finals(board, team_id=team_id).items():
        is_new = phase.migrated_at is None and team not in copied
        missing = [each for each in chosen if each not in copied[team] and (is_new or each in back)]
        if missing:
            found[team] = missing
    return found


def _brought_back(phase: Phase) -> set[UUID]:
    """Return the entries of the former phase that a decision brought back on the boards."""
    lifted = _lifted(phase)
    of_source = Entry.objects.filter(
        enrolment__phase=phase.migrate_from_id, file_deleted_at__isnull=True
    )
    teams = lifted.filter(entry__isnull=True).values("team_id")
    whole = Q(enrolment__team__in=teams)
    single = Q(pk__in=lifted.filter(entry__isnull=False).values("entry_id"))
    return set(of_source.filter(whole | single).values_list("pk", flat=True))


def _decided(phase: Phase) -> bool:
    return _lifted(phase).exists()


def _lifted(phase: Phase) -> QuerySet[Any]:
    """Find what was lifted since the take-over was dated, or at all before."""
    lifted = phase.challenge.disqualifications.filter(status="lifted")
    if phase.migrated_at is not None:
        lifted = lifted.filter(lifted_at__gt=phase.migrated_at - TAKEOVER_SLACK)
    return lifted
