"""Accounts that nobody uses: warned at 23 months, warned again, erased at 24."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Coalesce, Greatest

from portal.accounts import rules
from portal.accounts.actions import accounts
from portal.accounts.authorization import require
from portal.accounts.models import ApiToken, InactivityNotice, RegionAppointment, User
from portal.accounts.sealing import seal
from portal.audit.actors import Actor, SystemActor
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict

log = logging.getLogger("portal.accounts")
BY = SystemActor("scheduler")
AT_ONCE = 100
# However late the schedule runs, a person has these days after each warning.
FIRST_NOTICE_DAYS, LAST_NOTICE_DAYS = 28, 7


def absent(before: datetime) -> "models.QuerySet[Any]":
    """Keep the people last seen before an instant, `seen_at` added, the longest absent first.

    Seen: sign-in, or use of a key to the API, or the opening of the account. The Region's people
    and the accounts of the demonstration are left alone.
    """
    used = (
        ApiToken.objects.filter(user=models.OuterRef("pk"), last_used_at__isnull=False)
        .order_by("-last_used_at")
        .values("last_used_at")[:1]
    )
    region = RegionAppointment.objects.filter(user=models.OuterRef("pk"), ended_at__isnull=True)
    return (
        User.objects.filter(is_active=True, is_demonstration=False)
        .annotate(
            seen_at=Greatest(
                "date_joined",
                Coalesce("last_login", "date_joined"),
                Coalesce(models.Subquery(used), "date_joined"),
            )
        )
        .filter(~models.Exists(region), seen_at__lte=before)
        .order_by("seen_at", "pk")
    )


def look_after(*, by: Actor = BY) -> tuple[int, int]:
    """Warn and erase whoever is due; return how many were warned and how many erased.

    Each person in a savepoint: one who must stay, being the last referent of others, stops
    nobody and is tried again at the next call.
    """
    warned = erased = 0
    now = clock.now()
    people = list(absent(clock.months_later(now, -settings.INACTIVE_WARNED_MONTHS)))
    notices = _notices(people)
    for user in people:
        if warned + erased >= AT_ONCE:
            break
        said = notices[user.pk, user.seen_at]
        if len(said) == InactivityNotice.LAST and now >= said[-1].erased_from:
            erased += _try_to_erase(user, by)
        elif not said or (len(said) == InactivityNotice.FIRST and _last_call(said[0], now)):
            warned += warn(user=user, by=by) is not None
    return warned, erased


@transaction.atomic
def warn(*, user: User, by: Actor) -> InactivityNotice | None:
    """Send the next warning of this absence, dated; None when the person came back meanwhile.

    In order: the notice; event "account.warned"; a letter. The day announced is 24 months after
    the person was last seen, and later where a warning was late. Raises NotAllowed for a person.
    """
    require(rules.is_system, by)
    seen = _held(user)
    if seen is None:
        return None
    now, said = clock.now(), list(_said(user, seen))
    if len(said) == InactivityNotice.LAST:
        return said[-1]
    if said:
        due, least = said[0].erased_from, LAST_NOTICE_DAYS
    else:
        due = clock.months_later(seen, settings.INACTIVE_ERASED_MONTHS)
        least = FIRST_NOTICE_DAYS
    notice = InactivityNotice.objects.create(
        user=user,
        rank=len(said) + 1,
        inactive_since=seen,
        sent_at=now,
        erased_from=max(due, now + timedelta(days=least)),
    )
    record("account.warned", by=by, on=user, rank=notice.rank, erased_from=notice.erased_from)
    owe(
        "mail.account",
        key=f"account_inactive:{notice.pk}",
        letter="account_inactive",
        to=seal(user.email),
        user_id=user.pk,
    )
    return notice


@transaction.atomic
def erase(*, user: User, by: Actor) -> User:
    """Erase a person who was warned twice and did not come back.

    As `accounts.close`, event "account.erased". Raises NotAllowed for a person; Conflict when the
    two warnings were not given or their day has not come, and as `accounts.close`.
    """
    require(rules.is_system, by)
    seen = _held(user)
    said = list(_said(user, seen)) if seen else []
    if len(said) < InactivityNotice.LAST or clock.now() < said[-1].erased_from:
        raise Conflict(code="not_warned")
    return accounts.erase_absent(user=user, by=by)


def _notices(people: Sequence[User]) -> dict[tuple[int, datetime], list[InactivityNotice]]:
    """Read what was said to each person of each absence, in one query."""
    found: dict[tuple[int, datetime], list[InactivityNotice]] = defaultdict(list)
    for notice in InactivityNotice.objects.filter(user__in=people).order_by("rank"):
        found[notice.user_id, notice.inactive_since].append(notice)
    return found


def _try_to_erase(user: User, by: Actor) -> bool:
    try:
        with transaction.atomic():
            erase(user=user, by=by)
    except Conflict as refusal:
        log.warning("an absent account stays: %s", refusal.code)
        return False
    return True


def _held(user: User) -> datetime | None:
    """Say since when a person is absent, or None once they are not."""
    before = clock.months_later(clock.now(), -settings.INACTIVE_WARNED_MONTHS)
    found = absent(before).filter(pk=user.pk).first()
    seen: datetime | None = None if found is None else found.seen_at
    return seen


def _said(user: User, since: datetime) -> "models.QuerySet[InactivityNotice]":
    return InactivityNotice.objects.filter(user=user, inactive_since=since).order_by("rank")


def _last_call(first: InactivityNotice, now: datetime) -> bool:
    return now >= first.erased_from - timedelta(days=LAST_NOTICE_DAYS)
