"""Days of Paris and deadlines to the millisecond, the nights the clock changes included."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from challenges.entries.enums import EntryStatus
from challenges.entries.queries import quota_left
from challenges.models import Entry, Phase, Team
from challenges.organising.actions import challenges
from challenges.organising.enums import PhaseMoment
from challenges.worker import drain
from portal.lib import clock
from portal.lib.refusals import Closed, QuotaSpent
from tests.challenges.entries.test_deposits import at, enter
from tests.challenges.world import entered, opened
from tests.factories.challenges import TeamFactory

pytestmark = pytest.mark.django_db
MILLISECOND = timedelta(milliseconds=1)
NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
# The last instant of three days of Paris, in UTC: a plain one, one of 23 hours, one of 25.
MIDNIGHTS = {
    "24 hours": datetime(2026, 11, 24, 23, tzinfo=UTC),
    "23 hours": datetime(2026, 3, 29, 22, tzinfo=UTC),
    "25 hours": datetime(2026, 10, 25, 23, tzinfo=UTC),
}


@pytest.fixture
def team() -> Team:
    made: Team = TeamFactory()
    Phase.objects.update(opens_at=datetime(2026, 1, 1, tzinfo=UTC), max_per_day=1)
    return made


@pytest.mark.parametrize("midnight", MIDNIGHTS.values(), ids=list(MIDNIGHTS))
@pytest.mark.parametrize(("milliseconds", "accepted"), [(-1, False), (0, True), (1, True)])
def test_an_attempt_comes_back_at_midnight_in_paris(
    team: Team,
    monkeypatch: pytest.MonkeyPatch,
    midnight: datetime,
    milliseconds: int,
    accepted: bool,
) -> None:
    phase = team.challenge.phases.get()
    at(monkeypatch, midnight - timedelta(hours=1))
    enter(team)
    instant = midnight + timedelta(milliseconds=milliseconds)
    at(monkeypatch, instant)
    assert quota_left(phase, team, instant).day_left == (1 if accepted else 0)
    if accepted:
        assert enter(team).entry.quota_day == clock.paris_day(midnight)
    else:
        with pytest.raises(QuotaSpent) as refusal:
            enter(team)
        assert refusal.value.facts["next_opening"] == midnight


@pytest.mark.parametrize(
    ("first", "last", "hours"),
    [
        (datetime(2026, 3, 28, 23, tzinfo=UTC), MIDNIGHTS["23 hours"], 23),
        (datetime(2026, 10, 24, 22, tzinfo=UTC), MIDNIGHTS["25 hours"], 25),
    ],
)
def test_a_day_of_23_or_25_hours_is_one_day(
    team: Team, monkeypatch: pytest.MonkeyPatch, first: datetime, last: datetime, hours: int
) -> None:
    """The hour that is missing, or comes twice, gives no attempt and takes none."""
    assert last - first == timedelta(hours=hours)
    at(monkeypatch, first)
    day = enter(team).entry.quota_day
    for hour in range(1, hours):
        at(monkeypatch, first + timedelta(hours=hour))
        with pytest.raises(QuotaSpent) as refusal:
            enter(team)
        assert refusal.value.facts["next_opening"] == last
    at(monkeypatch, last)
    assert enter(team).entry.quota_day == day + timedelta(days=1)


@pytest.mark.parametrize(("milliseconds", "accepted"), [(-1, False), (0, True), (1, True)])
def test_the_opening_is_exact(
    team: Team, monkeypatch: pytest.MonkeyPatch, milliseconds: int, accepted: bool
) -> None:
    """What counts is when the file is whole: it may have begun to arrive before."""
    Phase.objects.update(opens_at=NOON)
    at(monkeypatch, NOON + timedelta(milliseconds=milliseconds))
    begun = NOON - timedelta(minutes=1)
    if accepted:
        entry = enter(team, first_byte_at=begun).entry
        assert entry.received_at == NOON + timedelta(milliseconds=milliseconds)
        assert not entry.grace
    else:
        with pytest.raises(Closed) as refusal:
            enter(team, first_byte_at=begun)
        assert refusal.value.facts["opens_at"] == NOON


@pytest.mark.parametrize(
    ("first_ms", "now", "accepted"),
    [
        (-1, timedelta(minutes=5), True),
        (0, timedelta(minutes=5), False),
        (1, timedelta(minutes=5), False),
        (-1, timedelta(minutes=15) - MILLISECOND, True),
        (-1, timedelta(minutes=15), False),
        (-1, timedelta(minutes=15) + MILLISECOND, False),
    ],
)
def test_the_grace_is_of_files_begun_before_the_close_and_lasts_fifteen_minutes(
    team: Team, monkeypatch: pytest.MonkeyPatch, first_ms: int, now: timedelta, accepted: bool
) -> None:
    Phase.objects.update(closes_at=NOON)
    at(monkeypatch, NOON + now)
    assert challenges.close_those_over() == 1
    first = NOON + first_ms * MILLISECOND
    if accepted:
        entry = enter(team, first_byte_at=first).entry
        assert (entry.grace, entry.first_byte_at) == (True, first)
    else:
        with pytest.raises(Closed):
            enter(team, first_byte_at=first)
        assert Entry.objects.count() == 0


def test_an_attempt_used_in_the_grace_is_of_its_own_day(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A close at midnight: what ends after it counts for the day that begins."""
    midnight = MIDNIGHTS["24 hours"]
    Phase.objects.update(closes_at=midnight)
    at(monkeypatch, midnight - timedelta(minutes=1))
    enter(team)
    at(monkeypatch, midnight + timedelta(minutes=1))
    late = enter(team, first_byte_at=midnight - MILLISECOND).entry
    assert (late.grace, late.quota_day) == (True, clock.paris_day(midnight))


@pytest.mark.parametrize("minutes", [-5, 5])
def test_the_clock_is_the_databases(
    team: Team, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    """A web host that is five minutes off changes nothing; SQLite is on the host itself."""
    real = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: real + timedelta(minutes=minutes))
    apart = abs(clock.now() - real)
    if connection.vendor == "postgresql":
        assert apart < timedelta(minutes=1)
        Phase.objects.update(closes_at=real + timedelta(minutes=2))
        assert not enter(team).entry.grace  # a host ahead would have refused it
    else:
        assert apart == timedelta(minutes=5)


@pytest.mark.slow
def test_what_was_received_before_the_close_is_scored_after_it(tmp_path: Path) -> None:
    challenge = opened(tmp_path)
    entry = entered(challenge)
    Phase.objects.update(closes_at=clock.now())
    assert challenge.phases.get().moment() == PhaseMoment.CLOSED
    assert drain()
    entry.refresh_from_db()
    assert entry.status == EntryStatus.SCORED
