"""Count working days in metropolitan France: Saturdays, Sundays and public holidays are off."""

from datetime import date, timedelta
from functools import lru_cache

# Fixed public holidays (month, day), Labour Code, article L3133-1.
FIXED = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
# Days after Easter Sunday: Easter Monday, Ascension, Whit Monday.
AFTER_EASTER_DAYS = (1, 39, 50)
SATURDAY = 5


def easter(year: int) -> date:
    """Give the date of Easter Sunday of a Gregorian year.

    Source: the anonymous algorithm printed in Nature, 20 April 1876.
    """
    golden = year % 19
    century, in_century = divmod(year, 100)
    leap_centuries, left = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - correction + 15) % 30
    leaps, rest = divmod(in_century, 4)
    to_sunday = (32 + 2 * left + 2 * leaps - epact - rest) % 7
    shift = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


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


def elapsed(start: date, end: date) -> int:
    """Count the working days after `start`, up to and including `end`; 0 when end <= start.

    A proposal received on a Friday and read on the next Monday has waited one working day.
    """
    days = max((end - start).days, 0)
    return sum(is_working_day(start + timedelta(days=step)) for step in range(1, days + 1))


def after(start: date, days: int) -> date:
    """Give the working day that ends a delay of `days` working days starting after `start`."""
    day = start
    while days > 0:
        day += timedelta(days=1)
        days -= is_working_day(day)
    return day
