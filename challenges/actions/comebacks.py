"""Bring an entry back to the boards: a final choice comes back where the team has room for it."""

from challenges.enums import EntryStatus
from challenges.models import Enrolment, Entry


def bring_back(entry: Entry) -> None:
    """Undo what keeps an entry off the boards, in the caller's transaction.

    In order: its enrolment locked, as `choices.choose` does; the entry no longer dated; its final
    choice undone when the team has spent all of its own meanwhile.
    """
    enrolment = Enrolment.objects.locked(entry.enrolment)
    entry = Entry.objects.locked(entry)
    entry.disqualified_at, entry.disqualified_by, entry.disqualified_reason = None, None, ""
    entry.final_choice = entry.final_choice and _has_room(entry, enrolment)
    entry.save()


def _has_room(entry: Entry, enrolment: Enrolment) -> bool:
    """Say whether the team still has a final choice to spend on an entry that comes back."""
    chosen = enrolment.entries.exclude(pk=entry.pk).filter(
        final_choice=True, status=EntryStatus.SCORED, disqualified_at__isnull=True
    )
    return chosen.count() < enrolment.phase.final_choices
