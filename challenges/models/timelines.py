"""The days of a board: what its entries received by the end of each made of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from challenges.enums import JobKind, Split
from challenges.models.board import Leaderboard, StandingDay
from challenges.models.candidates import Candidate
from challenges.models.challenge import Phase
from challenges.models.job import Job
from challenges.models.listings import Runners, chosen, runners
from portal.lib import canonical, clock

FACTS = "days"
_SCHEME = 3  # raised when the way days are computed changes


@dataclass(frozen=True)
class Day:
    """A day of Paris, the instant it ends, and the digest of all that decides its ranks.

    Two days with the same digest have the same ranks: nothing was received between.
    """

    day: date
    ends: datetime
    digest: str


@dataclass(frozen=True)
class Timeline:
    """The entries that a board may list, and its days, without a gap."""

    runners: Runners
    days: list[Day]

    @property
    def digest(self) -> str:
        """Return the digest of the last day, which holds all those before."""
        return self.days[-1].digest if self.days else ""


def timeline(board: Leaderboard, at: datetime) -> Timeline:
    """Read the days of a board that are over, from that of its first entry to that of its close."""
    found = runners(board, Split.PUBLIC)
    by_day: dict[date, list[Any]] = {}
    for each in found.public:
        by_day.setdefault(clock.paris_day(each.received_at), []).append(_plain(each))
    entered = [clock.paris_day(each.received_at) for each in found.public if not each.is_baseline]
    if not entered:
        return Timeline(found, [])
    first, last = min(entered), _last(board.phase, max(entered), at)
    digest = canonical.digest(_header(board, found))
    for day in sorted(each for each in by_day if each < first):  # references received before
        digest = canonical.digest([digest, *by_day[day]])
    days = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if day in by_day:
            digest = canonical.digest([digest, *by_day[day]])
        days.append(Day(day, clock.paris_day_ends(day), digest))
    return Timeline(found, days)


def facts_of(board: Leaderboard, at: datetime) -> dict[str, Any]:
    """Return what a board keeps of its days: when they were counted, and how."""
    return {"computed_at": at.isoformat(), **_manner(board)}


def figure_key(board: Leaderboard) -> str:
    """Return the key of the column whose figure the days tell; empty when it is hidden."""
    primary = board.primary
    return "" if primary is None or primary.hidden else primary.key


def is_due(board: Leaderboard, now: datetime) -> bool:
    """Say whether the days of a board are to be written again.

    It was computed since, a day of its phase ended, or they were made in another manner.
    """
    moments = [board.facts.get(split.value, {}).get("computed_at") for split in Split]
    computed = [datetime.fromisoformat(each) for each in moments if each]
    facts = board.facts.get(FACTS, {})
    if not computed or not facts.get("computed_at"):
        return bool(computed)
    if any(facts.get(name) != value for name, value in _manner(board).items()):
        return True
    at = datetime.fromisoformat(facts["computed_at"])
    return max(computed) > at or _a_day_ended(board.phase, at, now)


def stale() -> Iterator[str]:
    """Yield the days that the entries no longer make so, and that nothing will write again."""
    now = clock.now()
    alive = set(Job.objects.alive().order_by("pk").values_list("kind", "subject_id"))
    kinds = (JobKind.STANDINGS, JobKind.REVEAL, JobKind.DAYS)
    for board in Leaderboard.objects.select_related("phase", "primary").order_by("pk"):
        written = board.facts.get(FACTS, {}).get("computed_at")
        waits = any((kind.value, str(board.phase_id)) in alive for kind in kinds)
        if written and not waits and not is_due(board, now):
            yield from _of_board(board, datetime.fromisoformat(written))


def _manner(board: Leaderboard) -> dict[str, Any]:
    return {"scheme": _SCHEME, "figure": figure_key(board)}


def _of_board(board: Leaderboard, at: datetime) -> Iterator[str]:
    """Compare each stored day with its entries: digest, teams in order, figures."""
    found = timeline(board, at)
    days = StandingDay.objects.filter(leaderboard=board, split=Split.PUBLIC)
    kept = {each.day: each for each in days.order_by("day")}
    wanted: list[list[object]] = []
    made_for = ""
    for day in found.days:
        row = kept.pop(day.day, None)
        if day.digest != made_for:
            wanted, made_for = _figures(found, day), day.digest
        stored = [[team, text] for team, _rank, text in row.rows] if row else None
        if row is None or row.digest != day.digest or stored != wanted:
            yield f"{board.pk}:{day.day}"
    for day_left in kept:
        yield f"{board.pk}:{day_left}"


def _figures(found: Timeline, day: Day) -> list[list[object]]:
    listed = chosen(found.runners, before=day.ends)
    key = figure_key(found.runners.board)
    first: dict[int, list[object]] = {}
    for each in listed.candidates:
        if not each.is_baseline:
            first.setdefault(each.team_id, [each.team_id, each.figures.get(key, (0, ""))[1]])
    return list(first.values())


def _a_day_ended(phase: Phase, since: datetime, now: datetime) -> bool:
    ended = clock.paris_day(now) > clock.paris_day(since)
    closed = phase.closes_at is not None and phase.closes_at + timedelta(days=1) < since
    return ended and not closed


def _last(phase: Phase, entered: date, at: datetime) -> date:
    """Return the last day of a board that is over; the close of a phase ends its days."""
    yesterday = clock.paris_day(at) - timedelta(days=1)
    if phase.closes_at is None:
        return yesterday
    closes = clock.paris_day(phase.closes_at - timedelta(microseconds=1))
    return min(yesterday, max(closes, entered))


def _header(board: Leaderboard, found: Runners) -> Mapping[str, Any]:
    return {
        **_manner(board),
        "rule": board.rule,
        "primary": board.primary_id,
        "blurred": board.phase.is_blurred,
        "columns": [[each.key, each.kind, each.direction, each.decimals] for each in found.columns],
    }


def _plain(candidate: Candidate) -> list[Any]:
    return [
        str(candidate.entry_id),
        str(candidate.evaluation_id),
        candidate.team_id,
        candidate.is_baseline,
        candidate.final_choice,
        sorted([key, text] for key, (_value, text) in candidate.figures.items()),
    ]
