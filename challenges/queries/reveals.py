"""What must end before the final results of a phase can be published."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from challenges.entries import queries as entry_queries
from challenges.enums import ChallengeStatus, PhaseMoment
from challenges.models import Challenge, Disqualification, Entry, Phase
from challenges.models.disqualifications import DisqualificationQuerySet
from challenges.models.ladders import is_waiting
from portal.lib import clock


@dataclass(frozen=True)
class Obstacle:
    """Say what must end first: a stable code, a French sentence, the facts of the refusal."""

    code: str
    sentence: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def obstacles(phase: Phase, now: datetime) -> Iterator[Obstacle]:
    """Yield what the results of a phase wait for, each looked for once it is asked for.

    The same for the page, which tells before the click, and for the act, which refuses.
    """
    yield from _of_time(phase, now)
    if phase.rescorings.open().exists():
        yield Obstacle(
            "rescoring_open",
            _("Un changement de notation est à l’étude : il doit être décidé d’abord."),
        )
    if disqualifications_of(phase).exists():
        yield Obstacle(
            "disqualification_open",
            _("Une disqualification est demandée : elle doit être décidée d’abord."),
        )
    if not entry_queries.takeover_is_over(phase):
        yield Obstacle(
            "choices_not_taken_over",
            _("Les choix finals de la phase précédente ne sont pas encore tous repris."),
            {"teams": [team.name for team in entry_queries.teams_left_behind(phase)]},
        )
    waiting = Entry.objects.filter(enrolment__phase=phase).without_outcome().count()
    if waiting:
        yield Obstacle(
            "entries_unfinished",
            _("%(count)d soumissions ne sont pas encore évaluées.") % {"count": waiting},
        )
    if is_waiting(phase):
        yield Obstacle(
            "scores_unsettled",
            _("Des scores publics restent à comparer : réessayez dans un moment."),
        )


def _of_time(phase: Phase, now: datetime) -> Iterator[Obstacle]:
    if phase.challenge.status == ChallengeStatus.SUSPENDED:
        yield Obstacle(
            "challenge_suspended",
            _("Le challenge est suspendu : ses résultats attendent qu’il reprenne."),
        )
    if phase.moment(now) != PhaseMoment.CLOSED:
        yield Obstacle(
            "phase_open",
            _("La phase est encore ouverte : les résultats se révèlent après la fermeture."),
            {"closes_at": phase.closes_at},
        )
    ends = phase.grace_ends_at
    if ends is not None and now < ends:  # accepted after the reveal: no private score
        yield Obstacle(
            "phase_in_grace",
            _("Des envois commencés avant la fermeture peuvent encore arriver, jusqu’au %(date)s.")
            % {"date": clock.paris_text(ends)},
            {"grace_ends_at": ends},
        )


def disqualifications_of(phase: Phase) -> DisqualificationQuerySet:
    """Keep the undecided disqualifications that would change the results of a phase."""
    teams = Q(entry__isnull=True, team__enrolments__phase=phase)
    found = Disqualification.objects.undecided().filter(challenge_id=phase.challenge_id)
    return found.filter(Q(entry__enrolment__phase=phase) | teams).distinct()


def undecided_of(challenge: Challenge) -> int:
    """Count the disqualifications of a challenge that wait for a decision."""
    return Disqualification.objects.undecided().filter(challenge=challenge).count()
