"""Bring entries back to the boards: a final choice comes back where the team has room for it."""

from collections.abc import Iterable
from uuid import UUID

from challenges.enums import EntryStatus
from challenges.models import Enrolment, Entry, Phase


def bring_back(entries: Iterable[Entry]) -> int:
    """Undo what keeps these entries of one phase off the boards, in the caller's transaction.

    In order: the enrolments that their teams' choices are counted on locked, as `choices.choose`
    does; each entry no longer dated, the first received first; its final choice undone when the
    team has spent all of its own meanwhile. Returns how many came back.
    """
    found = list(entries)
    if not found:
        return 0
    phase = found[0].enrolment.phase
    Enrolment.objects.all_locked([phase.pk], *{each.enrolment.team_id for each in found})
    for pk in _received_in_order(found):
        entry = Entry.objects.select_for_update().get(pk=pk)
        entry.disqualified_at, entry.disqualified_by, entry.disqualified_reason = None, None, ""
        entry.final_choice = entry.final_choice and _has_room(entry, phase)
        entry.save()
    return len(found)


def _received_in_order(entries: list[Entry]) -> list[UUID]:
    return [each.pk for each in sorted(entries, key=lambda each: (each.received_at, each.number))]


def _has_room(entry: Entry, phase: Phase) -> bool:
    """Say whether the team still has a final choice to spend on an entry that comes back."""
    others = Entry.objects.filter(enrolment=entry.enrolment_id).exclude(pk=entry.pk)
    chosen = others.filter(
        final_choice=True, status=EntryStatus.SCORED, disqualified_at__isnull=True
    )
    return chosen.count() < phase.final_choices
