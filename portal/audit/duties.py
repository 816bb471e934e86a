"""What the scheduler does by itself, once a period, and the signs of life of every process."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from portal.audit.models import Heartbeat, ScheduledRun
from portal.lib import clock


def beat(name: str, *, claimed: bool = False, **facts: Any) -> None:
    """Note that a process lives, and that it has just claimed work."""
    at = clock.now()
    values: dict[str, Any] = {"at": at, "facts": facts}
    if claimed:
        values["last_claim_at"] = at
    Heartbeat.objects.update_or_create(name=name, defaults=values)


def beats() -> list[Heartbeat]:
    """List the processes, the freshest sign first."""
    return list(Heartbeat.objects.order_by("-at", "name"))


log = logging.getLogger("portal.duties")
Act = Callable[[], object]
RUNS_KEPT_DAYS = 30


@dataclass(frozen=True)
class Duty:
    """Something to do once in each period of so many minutes, counted from midnight UTC."""

    name: str
    minutes: int
    acts: tuple[Act, ...]
    by_itself: bool = False

    def do(self) -> None:
        """Do its acts, in order."""
        for act in self.acts:
            act()


_duties: dict[str, Duty] = {}


def schedule(name: str, *acts: Act, minutes: int, by_itself: bool = False) -> None:
    """Register a duty. It runs in a transaction with the mark that it ran; must be repeatable.

    by_itself: it makes its own transactions, after the mark; what fails waits for the next period,
    and a long run may meet the next one.
    """
    _duties[name] = Duty(name, minutes, acts, by_itself)


def duty(name: str, *, minutes: int, by_itself: bool = False) -> Callable[[Act], Act]:
    """Register the function below as a duty, as `schedule` does."""

    def register(act: Act) -> Act:
        schedule(name, act, minutes=minutes, by_itself=by_itself)
        return act

    return register


def run_due() -> list[str]:
    """Run the duties whose period has not had its run yet; return their names.

    A duty that fails is logged, and the others run. It is tried again at the next call; one that
    runs by itself, at its next period, since its mark stands: what it had committed is kept.
    """
    at = clock.now()
    return [name for name, each in sorted(_duties.items()) if _run(each, slot(at, each.minutes))]


def slot(at: datetime, minutes: int) -> datetime:
    """Return the start of the period that an instant lies in."""
    midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    passed = (at - midnight) // timedelta(minutes=minutes)
    return midnight + passed * timedelta(minutes=minutes)


def _run(each: Duty, start: datetime) -> bool:
    if ScheduledRun.objects.filter(name=each.name, slot=start).exists():
        return False
    try:
        with transaction.atomic():
            # A second scheduler waits here for the first, then finds its row.
            _run, made = ScheduledRun.objects.get_or_create(name=each.name, slot=start)
            if made and not each.by_itself:
                each.do()
        if made and each.by_itself:
            each.do()
    except Exception:  # the boundary of the schedule: one duty that fails stops no other
        log.exception("duty %s failed", each.name)
        return False
    return made


@duty("audit.runs", minutes=24 * 60)
def forget_runs() -> None:
    """Forget the runs of a month ago."""
    before = clock.now() - timedelta(days=RUNS_KEPT_DAYS)
    ScheduledRun.objects.filter(slot__lt=before).delete()
