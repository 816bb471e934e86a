"""What a team decides about an entry, and what the next phase takes over of it."""

import json
import logging
import secrets
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from challenges.entries import rules as entries_rules
from challenges.entries.actions import deposits
from challenges.entries.actions.deposits import settle_later
from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.entries.queries import choices_to_take_over, has_final_results, teams_left_behind
from challenges.organising.enums import ColumnKind, PhaseMoment
from challenges.organising.models.challenges import Phase
from challenges.organising.models.scorings import Column
from challenges.queue.actions import queue_standings
from challenges.results import rules as results_rules
from challenges.results.actions import unfinished_entries
from challenges.teams.models import Enrolment, Team
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.actors import Actor, SystemActor
from portal.audit.record import record
from portal.lib import clock, failpoints
from portal.lib.refusals import Closed, Conflict


@transaction.atomic
def withdraw(*, entry: Entry, by: Actor) -> Entry:
    """Withdraw an entry; its slot stays used.

    In order: entry WITHDRAWN, no final choice any more; job "standings" if it was scored, or
    if a Ladder waits for it; event "entry.withdrawn". Raises NotAllowed; Conflict while it is
    being scored, and once the reveal is confirmed: who knows the private scores could choose
    again by withdrawing.
    """
    phase = Phase.objects.held(entry.enrolment.phase_id)  # a confirmation waits, or is seen
    entry = Entry.objects.locked(entry)
    require(entries_rules.may_withdraw_entry, by, entry)
    if has_final_results(phase):
        raise Conflict(
            _("Les résultats définitifs sont publiés : plus rien ne se retire."),
            code="phase_revealed",
        )
    scored = entry.status == EntryStatus.SCORED
    entry.become(EntryStatus.WITHDRAWN, at=clock.now())
    entry.final_choice = False
    entry.save()
    if scored:
        queue_standings(entry.enrolment.phase_id, cause=f"{entry.pk}:{entry.version}")
    else:
        settle_later(entry)
    record("entry.withdrawn", by=by, on=entry)
    return entry


@transaction.atomic
def choose(*, entry: Entry, by: Actor) -> Entry:
    """Make a scored entry one of the team's final choices, until the close.

    In order: entry chosen; event "entry.chosen". Twice changes nothing. Raises NotAllowed,
    Closed after the close, Conflict when the team has all its choices.
    """
    enrolment, entry = _locked(entry)
    require(entries_rules.may_choose_entry, by, entry)
    phase = _open_phase(enrolment)
    if entry.final_choice:
        return entry
    if entry.is_disqualified:
        raise Conflict(
            _("Cette soumission est disqualifiée : elle ne peut pas être un choix final."),
            code="entry_disqualified",
        )
    counted = Entry.objects.of_team(enrolment.team_id).filter(enrolment__phase=phase)
    counted = counted.filter(status=EntryStatus.SCORED, disqualified_at__isnull=True)
    chosen = counted.filter(final_choice=True).count()
    if chosen >= phase.final_choices:
        raise Conflict(
            _("Votre équipe a déjà ses %(count)d choix finals : retirez-en un d’abord.")
            % {"count": phase.final_choices},
            code="final_choices_full",
        )
    return _set_choice(entry, chosen=True, by=by, verb="entry.chosen")


@transaction.atomic
def unchoose(*, entry: Entry, by: Actor) -> Entry:
    """Take a final choice back, until the close. Event "entry.unchosen"."""
    enrolment, entry = _locked(entry)
    require(entries_rules.may_choose_entry, by, entry)
    _open_phase(enrolment)
    if not entry.final_choice:
        return entry
    return _set_choice(entry, chosen=False, by=by, verb="entry.unchosen")


@transaction.atomic
def describe(*, entry: Entry, fact_sheet: Mapping[str, Any], note: str, by: Actor) -> Entry:
    """Rewrite the fact sheet and the note of an entry, by its team, until the close.

    The file, its date and its receipt stay. In order: answers; job "standings" where boards show
    some of them; event "entry.described". Raises
    NotAllowed; Closed after the close; Invalid for answers that the questions do not take.
    """
    entry = Entry.objects.locked(entry)
    require(entries_rules.may_read_entry, by, entry)
    phase = _open_phase(
        entry.enrolment, _("La phase est close : la fiche de la soumission ne change plus.")
    )
    deposits.refuse_wrong_answers(phase.challenge.fact_sheet, fact_sheet)
    entry.fact_sheet, entry.note = dict(fact_sheet), note[:200]
    entry.version += 1
    entry.save(update_fields=["fact_sheet", "note", "version"])
    shown = Column.objects.filter(leaderboard__phase=phase, kind=ColumnKind.FACT)
    if entry.status == EntryStatus.SCORED and shown.exists():
        queue_standings(phase.pk, cause=f"{entry.pk}:{entry.version}")
    record("entry.described", by=by, on=entry)
    return entry


def _locked(entry: Entry) -> tuple[Enrolment, Entry]:
    """Lock what a team's choices are counted on: its enrolment, then the entry."""
    enrolment = Enrolment.objects.locked(entry.enrolment)
    return enrolment, Entry.objects.locked(entry)


def _set_choice(entry: Entry, *, chosen: bool, by: Actor, verb: str) -> Entry:
    entry.final_choice = chosen
    entry.version += 1
    entry.save(update_fields=["final_choice", "version"])
    record(verb, by=by, on=entry)
    return entry


def _open_phase(enrolment: Enrolment, refusal: str = "") -> Phase:
    phase = Phase.objects.get(pk=enrolment.phase_id)
    if phase.moment() == PhaseMoment.CLOSED:
        raise Closed(
            refusal or _("La phase est close : les choix finals ne changent plus."),
            code="phase_closed",
            closes_at=phase.closes_at,
        )
    return phase


def bring_back(entry: Entry) -> None:
    """Undo what keeps an entry off the boards, in the caller's transaction.

    In order: its enrolment locked, as `choices.choose` does; the entry no longer dated; its final
    choice undone when the team has spent all of its own meanwhile.
    """
    enrolment = Enrolment.objects.locked(entry.enrolment)
    entry = Entry.objects.locked(entry)
    entry.disqualified_at, entry.disqualified_by, entry.disqualified_reason = None, None, ""
    entry.final_choice = entry.final_choice and _has_choice_left(entry, enrolment)
    entry.save()


def _has_choice_left(entry: Entry, enrolment: Enrolment) -> bool:
    """Say whether the team still has a final choice to spend on an entry that comes back."""
    chosen = enrolment.entries.exclude(pk=entry.pk).filter(
        final_choice=True, status=EntryStatus.SCORED, disqualified_at__isnull=True
    )
    return chosen.count() < enrolment.phase.final_choices


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
    if unfinished_entries(source.pk) or choices_to_take_over(phase):
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
    require(results_rules.may_propose_reveal, by, phase)
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
    phase = Phase.objects.held(phase.pk)
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
