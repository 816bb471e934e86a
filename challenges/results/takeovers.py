"""Take the final choices of a phase over into the next one, a team at a time."""

import json
import logging
import secrets

from django.db import transaction
from django.utils.translation import gettext as _

from challenges.entries.actions import deposits
from challenges.entries.models import Entry
from challenges.organising.enums import PhaseMoment
from challenges.organising.models.challenges import Phase
from challenges.results import rules
from challenges.results.queries.takeovers import choices_to_take_over, teams_left_behind
from challenges.teams.models import Enrolment, Team
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.actors import SystemActor
from portal.audit.record import record
from portal.lib import clock, failpoints
from portal.lib.refusals import Conflict

log = logging.getLogger("challenges.takeovers")
SCHEDULER = SystemActor("scheduler")


def take_over(*, phase: Phase) -> int:
    """Copy the final choices of the former phase that are not copied yet; return how many.

    Nothing before this phase has opened and the former one has taken its last entry, grace
    included. A team whose entries are not all scored waits for its own; the others do not. One
    transaction a team, so that nobody waits for all of them; one that fails is logged and stops
    no other. In order, for each team: its enrolments locked; for each choice, entry of the same
    file, without a slot, its receipt, job "check"; events "entry.taken_over". Once nothing is
    left: the date, event "phase.taken_over". A second call, or one after a breakdown, copies what
    is missing and nothing twice; after the date, what a decision brought back on the boards.
    """
    source = phase.migrate_from
    if source is None or not _is_time(phase, source):
        return 0
    taken = 0
    for team_id in sorted(choices_to_take_over(phase)):
        try:
            taken += _take_over_team(phase, source, team_id)
        except Exception:  # the boundary of a team: one that fails stops no other
            log.exception("phase %s takes over nothing of team %s", phase.pk, team_id)
    _finish(phase, source)
    return taken


@transaction.atomic
def _finish(phase: Phase, source: Phase) -> None:
    """Date the end of the copies, once nothing is left; again after those that came back."""
    phase = Phase.objects.locked(phase)
    at = clock.now()
    unfinished = Entry.objects.filter(enrolment__phase=source).without_outcome()
    if unfinished.exists() or choices_to_take_over(phase):
        return
    is_first = phase.migrated_at is None
    phase.migrated_at = at
    phase.save(update_fields=["migrated_at"])
    if is_first:
        record("phase.taken_over", by=SCHEDULER, on=phase, source=source.index)


@transaction.atomic
def end_takeover(*, phase: Phase, by: User) -> None:
    """Go on without the choices that could not be taken over, by an organiser.

    The teams keep their results in the former phase. In order: the date; event
    "phase.takeover_ended" with the teams. Raises NotAllowed; Conflict before the phase and the
    former one are over, while scores are awaited, and when nothing is left.
    """
    phase = Phase.objects.locked(phase)
    require(rules.may_propose_reveal, by, phase)
    now, source = clock.now(), phase.migrate_from
    teams = teams_left_behind(phase) if source is not None and _is_time(phase, source) else []
    if phase.moment(now) != PhaseMoment.CLOSED or phase.is_in_grace(now) or not teams:
        raise Conflict(
            _("Il n’y a pas de choix à laisser : ceux qui manquent sont repris, ou attendus."),
            code="takeover_not_stuck",
        )
    phase.migrated_at = now
    phase.save(update_fields=["migrated_at"])
    record("phase.takeover_ended", by=by, on=phase, teams=[team.slug for team in teams])


def _is_time(phase: Phase, source: Phase) -> bool:
    now = clock.now()
    opened = phase.moment(now) in {PhaseMoment.OPEN, PhaseMoment.CLOSED}
    ended = source.moment(now) == PhaseMoment.CLOSED and not source.is_in_grace(now)
    return opened and ended


def _waits(source: Phase, team_id: int) -> bool:
    counted = Entry.objects.of_team(team_id).filter(enrolment__phase=source)
    return counted.without_outcome().exists()


@transaction.atomic
def _take_over_team(phase: Phase, source: Phase, team_id: int) -> int:
    phase = Phase.objects.share_locked(phase.pk)
    team = Team.objects.get(pk=team_id)
    enrolment, _created = Enrolment.objects.get_or_create(phase=phase, team=team)
    Enrolment.objects.all_locked([source.pk, phase.pk], team.pk)
    if _waits(source, team.pk):
        return 0
    chosen = choices_to_take_over(phase, team.pk).get(team.pk, [])  # as they are under the locks
    formers = Entry.objects.filter(pk__in=chosen).order_by("received_at", "pk")
    copies = [_copy_entry(phase, team, enrolment, former) for former in formers]
    for entry in copies:  # the journal last: whoever else writes into it waits until the end
        record(
            "entry.taken_over",
            by=SCHEDULER,
            on=entry,
            team=team.slug,
            number=entry.number,
            former=str(entry.migrated_from_id),
            sha256=entry.sha256,
        )
    failpoints.hit("takeover.before_commit")
    return len(copies)


def _copy_entry(phase: Phase, team: Team, enrolment: Enrolment, former: Entry) -> Entry:
    received_at = deposits.strictly_later(enrolment, clock.now())
    entry = Entry(
        enrolment=enrolment,
        number=deposits.next_number(enrolment),
        submitted_by_id=former.submitted_by_id,
        idempotency_key=f"{deposits.TAKEN_OVER}{former.pk.hex}-{secrets.token_hex(8)}",
        sha256=former.sha256,
        size=former.size,
        original_name=former.original_name,
        received_at=received_at,
        first_byte_at=former.first_byte_at,
        quota_day=clock.paris_day(received_at),
        status_since=received_at,
        fact_sheet=former.fact_sheet,
        note=former.note,
        migrated_from=former,
    )
    terms = (json.loads(former.receipt).get("payload") or {}).get("terms") or {}
    entry.receipt = deposits.deposit_receipt(entry, phase, team, terms)
    entry.save(force_insert=True)
    deposits.queue_check(entry)
    return entry
