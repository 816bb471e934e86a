"""Bound how often, and how many at one time, people and networks may ask for something."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from math import ceil
from threading import Lock
from typing import TYPE_CHECKING, Any

from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.lib import clock
from portal.lib.refusals import QuotaSpent

if TYPE_CHECKING:
    from portal.accounts.models import User

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def keep_pace(
    rows: QuerySet[Any],
    *,
    by: str,
    most: int,
    window: timedelta,
    sentence: str,
    code: str = "too_many_requests",
) -> None:
    """Refuse one row more where `most` of them are younger than `window`.

    by: the field that dates a row. Raises QuotaSpent, with the instant when the oldest of them
    no longer counts.
    """
    since = clock.now() - window
    times = rows.filter(**{f"{by}__gt": since}).order_by(f"-{by}").values_list(by, flat=True)
    recent = list(times[:most])
    if len(recent) >= most:
        raise QuotaSpent(sentence, code=code, next_opening=recent[-1] + window)


def may_ask(
    request: HttpRequest,
    action: str,
    rate: str,
    *,
    user: "User | None" = None,
    key: str | None = None,
    reads: bool = False,
) -> bool:
    """Count a request of an action; return False, and count nothing, past its rate.

    rate: such as « 5/m/ip,50/d/ip », for the sender's network, « 5/m/user », « 5/10m/key ». reads:
    count a page that is only read too.
    """
    rates = {action: rate}
    used = ratelimit.consume(
        request, app="portal", action=action, config=rates, user=user, key=key, limit_get=reads
    )
    return used is not None


def keep_rate(request: HttpRequest, action: str, rate: str, sentence: str) -> None:
    """Count a request of an action as `may_ask`; raises QuotaSpent past its rate."""
    if not may_ask(request, action, rate):
        raise QuotaSpent(sentence, code="too_many_requests")


def network(request: HttpRequest) -> str:
    """Name the network that a request comes from."""
    return str(ratelimit.get_ip(request))


MINUTE = 60.0
MOST_KEYS = 10_000


class Window:
    """Count by key since the first request of each, and start again a minute later."""

    def __init__(
        self,
        *,
        seconds: float = MINUTE,
        most_keys: int = MOST_KEYS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds, self._most_keys, self._clock = seconds, most_keys, clock
        self._counts: dict[str, tuple[float, int]] = {}
        self._lock = Lock()

    def wait(self, key: str, *, most: int) -> int:
        """Count one request; return 0, or in how many seconds to come back past `most` of them."""
        with self._lock:
            now = self._clock()
            began, count = self._counts.get(key, (now, 0))
            if now - began >= self._seconds:
                began, count = now, 0
                self._counts.pop(key, None)
            if count >= most:
                return max(1, ceil(began + self._seconds - now))
            self._counts[key] = (began, count + 1)
            if len(self._counts) > self._most_keys:
                self._forget(now)
            return 0

    def _forget(self, now: float) -> None:
        """Drop those whose minute is over; failing that, the half that began first."""
        kept = {k: v for k, v in self._counts.items() if now - v[0] < self._seconds}
        if len(kept) > self._most_keys:
            kept = dict(list(kept.items())[len(kept) // 2 :])
        self._counts = kept


@contextmanager
def turn(name: str, *, most: int, seconds: int, busy: QuotaSpent) -> Iterator[None]:
    """Hold one of the `most` places of a name for `seconds` at most; raises busy when all are held.

    A place is looked at first: taking one that is held would be a write of the database, refused.
    """
    keys = (f"turn:{name}:{number}" for number in range(most))
    free = (key for key in keys if cache.get(key) is None)
    secret = secrets.token_hex(16)
    key = next((key for key in free if cache.add(key, secret, timeout=seconds)), None)
    if key is None:
        raise busy
    try:
        yield
    finally:
        if cache.get(key) == secret:  # once its seconds are over, it may be somebody else's
            cache.delete(key)
