"""Working days against the published French calendar."""

from datetime import date

import pytest

from portal.lib import clock


def test_the_eleven_holidays_of_2026() -> None:
    assert sorted(clock.holidays(2026)) == [
        date(2026, 1, 1),
        date(2026, 4, 6),
        date(2026, 5, 1),
        date(2026, 5, 8),
        date(2026, 5, 14),
        date(2026, 5, 25),
        date(2026, 7, 14),
        date(2026, 8, 15),
        date(2026, 11, 1),
        date(2026, 11, 11),
        date(2026, 12, 25),
    ]


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (date(2026, 11, 20), date(2026, 11, 20), 0),
        (date(2026, 11, 20), date(2026, 11, 22), 0),
        (date(2026, 11, 20), date(2026, 11, 23), 1),
        (date(2026, 11, 9), date(2026, 11, 13), 3),
        (date(2026, 5, 13), date(2026, 5, 18), 2),
        (date(2026, 12, 24), date(2027, 1, 4), 5),
        (date(2026, 11, 23), date(2026, 11, 20), 0),
    ],
)
def test_elapsed_skips_week_ends_and_holidays(start: date, end: date, days: int) -> None:
    assert clock.working_days_elapsed(start, end) == days
