"""The slots of a team in a phase: each entry takes one of its day and one of all, under a lock."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from challenges.enums import ChallengeStatus, EntryStatus
from challenges.models import Enrolment, Entry, Phase
from portal.lib import clock
from portal.lib.refusals import QuotaSpent

# What holds no slot: a file that stops the worker, too, could be sent without end.
FREED = (EntryStatus.REJECTED, EntryStatus.NEEDS_ATTENTION)


def takes_bench(phase: Phase) -> bool:
    """Say whether a phase takes entries after its results, its challenge not being stopped."""
    stopped = {ChallengeStatus.SUSPENDED, ChallengeStatus.ARCHIVED}
    return phase.is_bench and phase.challenge.status not in stopped


def counted(enrolment: Enrolment) -> Any:
    """Return what the team of an enrolment sent in its phase."""
    return Entry.objects.filter(enrolment=enrolment)


def take(enrolment: Enrolment, phase: Phase, at: datetime) -> tuple[int | None, int | None]:
    """Return the lowest free slots of the day and of the phase; None where there is no limit."""
    found = counted(enrolment)
    today = found.filter(quota_day=clock.paris_day(at))
    if today.filter(status__in=FREED).count() >= phase.max_refused_per_day:
        raise _spent(
            _("Trop de fichiers refusés aujourd’hui : vérifiez le format avant d’envoyer."), at
        )
    if phase.max_parallel is not None:
        running = found.unfinished().count()
        if running >= phase.max_parallel:
            raise QuotaSpent(
                _("Attendez la fin de l’évaluation en cours avant d’envoyer un autre fichier."),
                next_opening=None,
            )
    most = None if takes_bench(phase) else phase.max_total  # a bench has the quota of a day only
    total_slot = _lowest_free(found, "total_slot", most)
    if total_slot == 0:
        raise QuotaSpent(_("Votre équipe a utilisé tous ses essais."), next_opening=None)
    day_slot = _lowest_free(today, "day_slot", phase.max_per_day)
    if day_slot == 0:
        if phase.max_per_day == 0:
            raise QuotaSpent(_("Cette phase ne reçoit aucun fichier."), next_opening=None)
        raise _spent(_("Votre équipe a utilisé tous ses essais du jour."), at)
    return day_slot, total_slot


def take_again(entry: Entry) -> None:
    """Give an entry that lost its slots those that its team has left, if any; it is not saved."""
    enrolment = Enrolment.objects.locked(entry.enrolment)
    phase, found = enrolment.phase, counted(enrolment).exclude(pk=entry.pk)
    most = None if entry.is_bench else phase.max_total
    today = found.filter(quota_day=entry.quota_day)
    entry.total_slot = _lowest_free(found, "total_slot", most) or None
    entry.day_slot = _lowest_free(today, "day_slot", phase.max_per_day) or None


def _spent(sentence: str, at: datetime) -> QuotaSpent:
    return QuotaSpent(sentence, next_opening=clock.next_paris_midnight(at))


def _lowest_free(among: Any, slot: str, limit: int | None) -> int | None:
    """Return the lowest free slot, 0 when all are taken, None when there is no limit."""
    if limit is None:
        return None
    used = among.filter(**{f"{slot}__isnull": False}).order_by("pk")
    taken = set(used.values_list(slot, flat=True))
    if len(taken) >= limit:
        return 0
    return next((free for free in range(1, limit + 1) if free not in taken), 0)
