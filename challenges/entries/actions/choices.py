"""What a team decides about an entry: withdraw it, choose it, describe it."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from challenges.entries import rules as entries_rules
from challenges.entries.actions import deposits
from challenges.entries.actions.deposits import settle_later
from challenges.entries.enums import EntryStatus
from challenges.entries.models import Entry
from challenges.entries.queries import has_final_results
from challenges.organising.enums import ColumnKind, PhaseMoment
from challenges.organising.models.challenges import Phase
from challenges.organising.models.scorings import Column
from challenges.queue.actions import queue_standings
from challenges.teams.models import Enrolment
from portal.accounts.authorization import require
from portal.audit.actors import Actor
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Closed, Conflict


@transaction.atomic
def withdraw(*, entry: Entry, by: Actor) -> Entry:
    """Withdraw an entry; its slot stays used.

    In order: entry WITHDRAWN, no final choice any more; job "standings" if it was scored, or
    if a Ladder waits for it; event "entry.withdrawn". Raises NotAllowed; Conflict while it is
    being scored, and once the reveal is confirmed: who knows the private scores could choose
    again by withdrawing.
    """
    phase = Phase.objects.share_locked(entry.enrolment.phase_id)  # a confirmation waits, or is seen
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
    if _chosen(enrolment).count() >= phase.final_choices:
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
        entry.enrolment, _("La phase est close : la fiche de méthode ne change plus.")
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
    others = _chosen(enrolment).exclude(pk=entry.pk).count()
    entry.final_choice = entry.final_choice and others < enrolment.phase.final_choices
    entry.save()


def _chosen(enrolment: Enrolment) -> QuerySet[Entry]:
    """Keep the final choices of a team that count."""
    return enrolment.entries.filter(
        final_choice=True, status=EntryStatus.SCORED, disqualified_at__isnull=True
    )
