"""Bring entries back to the boards: a final choice comes back where the team has room for it."""

from collections.abc import Iterable
from uuid import UUID

from django.utils.translation import gettext as _

from challenges.enums import EntryStatus
from challenges.models import Enrolment, Entry, Phase
from portal.lib.refusals import Conflict


def bring_back(entries: Iterable[Entry]) -> int:
    """Undo what keeps these entries of one phase off the boards, in the caller's transaction.

    In order: the enrolments that their teams' choices are counted on locked, as `choices.choose`
    does; each entry no longer dated, the first received first; its final choice undone when the
    team has spent all of its own meanwhile. Who keeps an entry aside otherwise is not asked.
    Returns how many came back. Raises Conflict when a team merged while the locks were waited for.
    """
    found = list(entries)
    if not found:
        return 0
    phase_id = found[0].enrolment.phase_id
    roots = {each.enrolment.team.root_id for each in found}
    Enrolment.objects.all_locked([phase_id], *roots)
    phase = Phase.objects.get(pk=phase_id)
    for pk in _received_in_order(found):
        entry = Entry.objects.select_for_update().get(pk=pk)
        if entry.enrolment.team.root_id not in roots:
            raise Conflict(
                _("Une équipe concernée vient de changer : recommencez."), code="team_changed"
            )
        entry.disqualified_at, entry.disqualified_by, entry.disqualified_reason = None, None, ""
        entry.final_choice = entry.final_choice and _has_room(entry, phase)
        entry.save()
    return len(found)


def _received_in_order(entries: list[Entry]) -> list[UUID]:
    return [each.pk for each in sorted(entries, key=lambda each: (each.received_at, each.number))]


def _has_room(entry: Entry, phase: Phase) -> bool:
    """Say whether the team still has a final choice to spend on an entry that comes back."""
    root = entry.enrolment.team.root_id
    others = Entry.objects.counted_for(root).filter(enrolment__phase=phase).exclude(pk=entry.pk)
    chosen = others.filter(
        final_choice=True, status=EntryStatus.SCORED, disqualified_at__isnull=True
    )
    return chosen.count() < phase.final_choices
