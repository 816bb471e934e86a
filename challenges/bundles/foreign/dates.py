"""Read the dates of other platforms: ours, in UTC, and what Codabench would have read."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from challenges.bundles.foreign import questions
from challenges.bundles.foreign.blocks import Block
from challenges.bundles.foreign.questions import Question

PARIS = ZoneInfo("Europe/Paris")
CODE = "E_PHASE_DATES"
YEARS = (1990, 2200)
ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]+(.*))?")
MONTH_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[ T]+(.*))?")
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?")
WORDED = ("%B %d, %Y", "%b %d, %Y", "%B %d %Y", "%d %B %Y", "%b. %d, %Y", "%d %b %Y")
Ask = Callable[[Question], None]


@dataclass(frozen=True)
class Instant:
    """One date of a bundle.

    written: as in the file. at: aware, UTC. codabench: what Codabench would have read, UTC.
    """

    written: str
    at: datetime
    codabench: datetime


@dataclass(frozen=True)
class Moment:
    """A date as read: its calendar reading, its offset if it has one, the other reading if any."""

    naive: datetime
    zone: timedelta | None = None
    other: datetime | None = None
    native: bool = False  # a date of YAML itself: Codabench keeps its day only


def instant(block: Block, key: str, *, ask: Ask, codabench: bool = True) -> "Instant | None":
    """Read an optional date and say both readings where Codabench would differ.

    codabench: whether this format is read by Codabench; without it only our reading counts.
    A date without offset is UTC. Codes: E_PHASE_DATES; W_DATE_OFFSET, W_DATE_TIME_KEPT,
    W_DATE_AMBIGUOUS.
    """
    value = block.raw(key)
    if value is None or value == "" or value == "null":
        return None
    moment = _moment(value)
    if moment is None:
        block.refuse(
            CODE,
            "date attendue, par exemple « 2027-03-01 09:00:00 » (UTC) ou avec son décalage",
            key=key,
            value=written(value),
        )
        return None
    if not YEARS[0] <= moment.naive.year <= YEARS[1]:
        said = f"une année de {YEARS[0]} à {YEARS[1]} est attendue"
        block.refuse(CODE, said, key=key, value=written(value))
        return None
    at = (moment.naive - (moment.zone or timedelta())).replace(tzinfo=UTC)
    kept = datetime.combine(moment.naive.date(), time()) if moment.native else moment.naive
    found = Instant(written(value), at, kept.replace(tzinfo=UTC))
    _tell(block, key, found, moment, ask, codabench)
    return found


def _tell(
    block: Block, key: str, found: Instant, moment: Moment, ask: Ask, codabench: bool
) -> None:
    """Warn where the date may be, or was, read otherwise."""
    if moment.other is not None:
        other = moment.other.replace(tzinfo=UTC)
        said = f"mois d’abord : {both(found.at)} ; jour d’abord, ce serait {both(other)}"
        block.warn("W_DATE_AMBIGUOUS", said, key=key, value=found.written)
        ask(_question(block.at(key), found, other))
    if not codabench or found.codabench == found.at:
        return
    code = "W_DATE_OFFSET" if moment.zone is not None else "W_DATE_TIME_KEPT"
    block.warn(
        code,
        f"lu {both(found.at)} ; Codabench aurait lu {_utc(found.codabench)}",
        key=key,
        value=found.written,
    )


def _question(place: str, found: Instant, other: datetime) -> Question:
    readings = {
        str(stamp(at)): f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" for at in (found.at, other)
    }
    facts = {"written": found.written, "place": place}
    proposal = str(stamp(found.at))
    return Question(place, questions.DATE, proposal, questions.DATE_HINT, readings, facts)


def _moment(value: object) -> "Moment | None":
    if isinstance(value, datetime):
        zone = value.utcoffset()
        return Moment(value.replace(tzinfo=None), zone, native=True)
    if isinstance(value, date):
        return Moment(datetime.combine(value, time()), native=True)
    if not isinstance(value, str):
        return None
    text = value.strip()[:64]
    if found := ISO.fullmatch(text):
        year, month, day, clock = found.groups()
        return _at(int(year), int(month), int(day), clock)
    if found := MONTH_FIRST.fullmatch(text):
        first, second, year, clock = found.groups()
        return _month_first(int(first), int(second), int(year), clock)
    for pattern in WORDED:
        try:
            return Moment(datetime.strptime(text, pattern))  # noqa: DTZ007 # a day, zone added above
        except ValueError:
            continue
    return None


def _month_first(first: int, second: int, year: int, clock: str | None) -> "Moment | None":
    """Read month first; day first only when that is the one possible reading."""
    if first > 12:
        return _at(year, second, first, clock)
    moment = _at(year, first, second, clock)
    if moment is None or second > 12 or first == second:
        return moment
    other = _at(year, second, first, clock)
    return Moment(moment.naive, moment.zone, other.naive if other else None)


def _at(year: int, month: int, day: int, clock: str | None) -> "Moment | None":
    hour, minute, second, zone = 0, 0, 0, None
    if clock:
        found = CLOCK.fullmatch(clock.strip())
        if found is None:
            return None
        hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
        zone = _offset(found[4])
    try:
        return Moment(datetime(year, month, day, hour, minute, second), zone)  # noqa: DTZ001 # zone apart
    except ValueError:
        return None


def _offset(text: str | None) -> timedelta | None:
    """Read an offset; Z and UTC are none, since a date without one is UTC."""
    if not text or text in {"Z", "UTC"}:
        return None
    digits = text[1:].replace(":", "")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -size if text[0] == "-" else size


def written(value: object) -> str:
    """Write a date as the file has it: ISO for YAML's own dates."""
    if isinstance(value, datetime):
        return value.isoformat(sep="T" if value.tzinfo else " ")
    return value.isoformat() if isinstance(value, date) else str(value)


def stamp(at: datetime | None) -> str | None:
    """Write an instant as ISO 8601 in UTC, with Z."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def paris(at: datetime | None) -> str | None:
    """Write an instant as ISO 8601 in Paris."""
    return None if at is None else at.astimezone(PARIS).isoformat()


def both(at: datetime) -> str:
    """Write an instant for people: UTC, then Paris."""
    return f"{_utc(at)}, soit le {at.astimezone(PARIS):%d/%m/%Y à %H h %M} à Paris"


def _utc(at: datetime) -> str:
    precise = "%d/%m/%Y à %H h %M min %S s UTC" if at.second else "%d/%m/%Y à %H h %M UTC"
    return f"le {at.astimezone(UTC):{precise}}"
