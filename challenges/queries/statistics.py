"""What those who run a challenge read of its entries and of its scoring: sums and times only.

No score is read here, private or public, and no label; a cause seen in fewer than three teams is
not told apart, unless it is ours or that of the scoring program.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import ceil
from statistics import median

from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import Coalesce

from challenges.enums import (
    EntryStatus,
    EvaluationState,
    ReasonCode,
    RegistrationState,
)
from challenges.models import Challenge, Enrolment, Entry, Evaluation, Phase
from portal.lib import clock

TEAMS_LEAST = 3
TIMES_LEAST = 5
TIMES_MOST = 1_000
DAYS = 30
OURS = frozenset(ReasonCode)
OTHER = ""


@dataclass(frozen=True)
class PhaseFigures:
    """The figures of one phase; times in seconds, None under five evaluations.

    statuses: {entry status: count}. causes: (code, entries), the rare ones under "" at the end.
    """

    pk: int
    index: int
    name: str
    entries: int = 0
    teams: int = 0
    statuses: Mapping[str, int] = field(default_factory=dict)
    causes: Sequence[tuple[str, int]] = ()
    median_seconds: float | None = None
    p95_seconds: float | None = None
    used: "Used | None" = None


@dataclass(frozen=True)
class Used:
    """How many evaluations a phase had, and the processor time that they used."""

    evaluations: int
    cpu_seconds: float


@dataclass(frozen=True)
class Statistics:
    """Everything the page shows; days: (day, entries) of the last thirty days with an entry."""

    registered: int
    teams: int
    phases: Sequence[PhaseFigures]
    days: Sequence[tuple[date, int]]


def of(challenge: Challenge) -> Statistics:
    """Count everything once, by a number of queries that does not grow with the phases."""
    entries = Entry.objects.filter(
        enrolment__phase__challenge=challenge, is_baseline=False
    ).order_by()
    since = clock.paris_day(clock.now()) - timedelta(days=DAYS)
    days = entries.filter(quota_day__gt=since).values("quota_day").annotate(n=Count("pk"))
    return Statistics(
        registered=challenge.registrations.filter(state=RegistrationState.ACCEPTED).count(),
        teams=challenge.teams.live().count(),
        phases=_phases(challenge),
        days=[(row["quota_day"], row["n"]) for row in days.order_by("quota_day")],
    )


def _phases(challenge: Challenge) -> list[PhaseFigures]:
    phases = list(challenge.phases.order_by("index"))
    entries = Entry.objects.filter(enrolment__phase__challenge=challenge, is_baseline=False)
    counted, teams = _statuses(entries), _teams(challenge)
    causes = causes_by_phase(entries)
    used = _used(challenge)
    times = _times(challenge)
    return [_figures(each, counted, teams, causes, used, times) for each in phases]


def _figures(
    phase: Phase,
    counted: Mapping[int, dict[str, int]],
    teams: Mapping[int, int],
    causes: Mapping[int, list[tuple[str, int]]],
    used: Mapping[int, Used],
    times: Mapping[int, list[float]],
) -> PhaseFigures:
    statuses = counted.get(phase.pk, {})
    seconds = sorted(times.get(phase.pk, []))
    told = len(seconds) >= TIMES_LEAST
    return PhaseFigures(
        pk=phase.pk,
        index=phase.index,
        name=phase.name,
        entries=sum(statuses.values()),
        teams=teams.get(phase.pk, 0),
        statuses=statuses,
        causes=causes.get(phase.pk, []),
        median_seconds=median(seconds) if told else None,
        p95_seconds=seconds[ceil(0.95 * len(seconds)) - 1] if told else None,
        used=used.get(phase.pk),
    )


def _statuses(entries: QuerySet[Entry]) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    rows = entries.order_by().values("enrolment__phase_id", "status").annotate(n=Count("pk"))
    for row in rows:
        found.setdefault(row["enrolment__phase_id"], {})[row["status"]] = row["n"]
    return found


def _teams(challenge: Challenge) -> dict[int, int]:
    rows = Enrolment.objects.filter(phase__challenge=challenge).entered().order_by()
    counted = rows.values("phase_id").annotate(n=Count("team", distinct=True))
    return {row["phase_id"]: row["n"] for row in counted}


def causes_by_phase(
    entries: QuerySet[Entry], *, always: Collection[str] = OURS
) -> dict[int, list[tuple[str, int]]]:
    """Count what ended without a score, by phase and cause; a rare cause is not told apart.

    always: the codes that are told however few teams met them. Returns {phase: [(code,
    entries)]}, the rare ones under OTHER, at the end.
    """
    ended = [EntryStatus.REJECTED, EntryStatus.FAILED, EntryStatus.NEEDS_ATTENTION]
    rows = (
        entries.filter(status__in=ended)
        .exclude(reason_code="")
        .order_by()
        .values("enrolment__phase_id", "reason_code")
        .annotate(n=Count("pk"), teams=Count("enrolment__team", distinct=True))
    )
    found: dict[int, dict[str, int]] = {}
    for row in rows:
        code = row["reason_code"]
        told = code in always or row["teams"] >= TEAMS_LEAST
        counts = found.setdefault(row["enrolment__phase_id"], {})
        key = code if told else OTHER
        counts[key] = counts.get(key, 0) + row["n"]
    return {
        phase: sorted(counts.items(), key=lambda each: (each[0] == OTHER, -each[1], each[0]))
        for phase, counts in found.items()
    }


def _done(challenge: Challenge) -> QuerySet[Evaluation]:
    return Evaluation.objects.filter(
        entry__enrolment__phase__challenge=challenge,
        state__in=[EvaluationState.DONE, EvaluationState.FAILED],
    )


def _used(challenge: Challenge) -> dict[int, Used]:
    """Sum what the evaluations of each phase used.

    Processor time is measured where a program runs isolated; elsewhere the elapsed time is all
    there is, and stands for it.
    """
    rows = (
        _done(challenge)
        .order_by()
        .values("entry__enrolment__phase_id")
        .annotate(
            n=Count("pk"),
            cpu=Sum(Coalesce(F("cpu_seconds"), F("seconds"))),
        )
    )
    return {
        row["entry__enrolment__phase_id"]: Used(
            evaluations=row["n"],
            cpu_seconds=row["cpu"] or 0.0,
        )
        for row in rows
    }


def _times(challenge: Challenge) -> dict[int, list[float]]:
    """Read how long the last evaluations took, by phase."""
    found: dict[int, list[float]] = {}
    rows = (
        _done(challenge)
        .filter(seconds__isnull=False, entry__is_baseline=False)
        .order_by("-finished_at")
        .values_list("entry__enrolment__phase_id", "seconds")[:TIMES_MOST]
    )
    for phase, seconds in rows:
        found.setdefault(phase, []).append(float(seconds or 0))
    return found
