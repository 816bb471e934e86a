"""The only clock for deadlines, the database's; hours of Paris, working days of France."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.easter import easter
from dateutil.relativedelta import relativedelta
from django.db import connection
from django.utils import timezone as django_timezone
from django.utils.formats import date_format
from django.utils.translation import get_language

EN_MINUTE = "%d/%m/%Y at %H:%M (UTC%z)"
PARIS = ZoneInfo("Europe/Paris")


def now() -> datetime:
    """Return the present instant, aware, in UTC.

    PostgreSQL: clock_timestamp(), which moves on inside a transaction, so a date read after a
    lock was waited for is the date after the wait. SQLite runs on this host: the host's clock.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            read: datetime = cursor.fetchone()[0]
        return read.astimezone(UTC)
    return django_timezone.now().astimezone(UTC)


def from_paris(local: datetime) -> datetime | None:
    """Return the instant of a naive date and hour of Paris; None when it is not one instant.

    On the night when the clock moves forward an hour does not exist, on the night when it
    moves back one exists twice: neither is guessed.
    """
    first, second = (local.replace(tzinfo=PARIS, fold=fold) for fold in (0, 1))
    return first if first.utcoffset() == second.utcoffset() else None


def paris_day(at: datetime) -> date:
    """Return the calendar day of an instant in Europe/Paris."""
    return at.astimezone(PARIS).date()


def paris_text(at: datetime) -> str:
    """Write an instant in Europe/Paris, with its offset, for a sentence: « 17/12/2026 à 16 h 35 ».

    Its seconds are written where it has some; in English « 17/12/2026 at 16:35 ».
    """
    at = at.astimezone(PARIS)
    if (get_language() or "fr").startswith("en"):
        return at.strftime("%d/%m/%Y at %H:%M:%S (UTC%z)" if at.second else EN_MINUTE)
    seconds = f" min {at:%S} s" if at.second else ""
    return f"{at:%d/%m/%Y} à {at.hour} h {at:%M}{seconds} (UTC{at:%z})"


def paris_words(at: datetime) -> str:
    """Write an instant in words of Paris: « 17 décembre 2026 à 16 h 35 »."""
    at = at.astimezone(PARIS)
    day = day_words(at)
    if (get_language() or "fr").startswith("en"):
        return f"{day} at {at:%H:%M}"
    return f"{day} à {at.hour} h {at:%M}" if at.minute else f"{day} à {at.hour} h"


def day_words(day: date) -> str:
    """Write a day in words: « 17 décembre 2026 », « 1er décembre 2026 », “1 December 2026”."""
    said = date_format(day, "j F Y")
    is_first = day.day == 1 and (get_language() or "fr").startswith("fr")
    return said.replace("1", "1er", 1) if is_first else said


def next_paris_midnight(at: datetime) -> datetime:
    """Return the first instant of the following day in Europe/Paris, in UTC."""
    return paris_day_ends(paris_day(at))


def paris_day_ends(day: date) -> datetime:
    """Return the first instant after a calendar day in Europe/Paris, in UTC."""
    after = date.fromordinal(day.toordinal() + 1)
    return datetime(after.year, after.month, after.day, tzinfo=PARIS).astimezone(UTC)


def last_second(at: datetime | None) -> datetime | None:
    """Read a close at exactly midnight in Paris as the last second of the day it ends.

    Whoever reads « 21 décembre à 0 h » waits for the evening of the 21st.
    """
    is_midnight = at is not None and at.astimezone(PARIS).time() == time.min
    return at - timedelta(seconds=1) if at is not None and is_midnight else at


def months_later(at: datetime, months: int) -> datetime:
    """Return the same day and hour so many months later, or earlier.

    A day that the month lacks becomes its last one: 31 January and a month give 28 February.
    """
    later: datetime = at + relativedelta(months=months)
    return later


# Fixed public holidays (month, day), Labour Code, article L3133-1.
FIXED = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
# Days after Easter Sunday: Easter Monday, Ascension, Whit Monday.
AFTER_EASTER_DAYS = (1, 39, 50)
SATURDAY = 5


@lru_cache(maxsize=64)
def holidays(year: int) -> frozenset[date]:
    """Give the eleven public holidays of a year in metropolitan France."""
    sunday = easter(year)
    return frozenset(
        [date(year, month, day) for month, day in FIXED]
        + [sunday + timedelta(days=days) for days in AFTER_EASTER_DAYS]
    )


def is_working_day(day: date) -> bool:
    """Say whether administrations work on this day."""
    return day.weekday() < SATURDAY and day not in holidays(day.year)


def working_days_elapsed(start: date, end: date) -> int:
    """Count the working days after `start`, up to and including `end`; 0 when end <= start.

    A proposal received on a Friday and read on the next Monday has waited one working day.
    """
    days = max((end - start).days, 0)
    return sum(is_working_day(start + timedelta(days=step)) for step in range(1, days + 1))


def working_day_after(start: date, days: int) -> date:
    """Give the day on which so many working days have passed since `start`; it, for none."""
    day = start
    while days > 0:
        day += timedelta(days=1)
        days -= is_working_day(day)
    return day
