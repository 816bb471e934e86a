"""What is known of the code of teams: what a phase gives it to read, its trials, its runs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from challenges.models import (
    Challenge,
    CodeRun,
    CodeTrial,
    Entry,
    Evaluation,
    Phase,
    PhaseTask,
    RunPlan,
    Team,
)
from challenges.models.people import Viewer
from challenges.models.rescoring import in_force

SHOWN_TRIALS = 25


@dataclass(frozen=True)
class TrialsLeft:
    """How many trials a team may still make this hour."""

    used: int
    limit: int
    next_opening: datetime

    @property
    def left(self) -> int:
        """Count those that are left."""
        return max(0, self.limit - self.used)


def plan_of(phase: Phase | None) -> RunPlan | None:
    """Return what code reads in a phase, None where teams send their answers."""
    task = (
        PhaseTask.objects.filter(phase=phase, current=True, plan__isnull=False)
        .select_related("plan")
        .order_by("index")
        .first()
        if phase
        else None
    )
    return task.plan if task else None


def trials_left(team: Team, now: datetime) -> TrialsLeft:
    """Count the trials of a team since the hour began, as `code_trials.start` does."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    used = CodeTrial.objects.filter(team_id=team.pk, created_at__gte=hour).count()
    return TrialsLeft(used, settings.CODE_TRIALS_PER_HOUR, hour + timedelta(hours=1))


def trials(viewer: Viewer, team: Team) -> list[CodeTrial]:
    """List the last trials of a team, for someone of that team."""
    found = CodeTrial.objects.visible_to(viewer).filter(team=team)
    return list(
        found.select_related("phase__challenge", "asked_by").order_by("-created_at", "pk")[
            :SHOWN_TRIALS
        ]
    )


@dataclass(frozen=True)
class PhaseRuns:
    """What the runs of code of a phase used: classes by count, sums of each run.

    minutes, halves: (class, runs), None above the last.
    """

    runs: int
    minutes: Sequence[tuple[int | None, int]]
    halves: Sequence[tuple[int, int]]
    cpu_seconds: float


def runs_by_phase(challenge: Challenge) -> dict[int, PhaseRuns]:
    """Sum what the code of the teams of a challenge used, by phase, in one query."""
    rows = Evaluation.objects.filter(
        in_force(), entry__enrolment__phase__challenge=challenge, entry__is_baseline=False
    ).filter(run__isnull=False)
    runs: dict[int, dict[object, tuple[int | None, int, float]]] = {}
    for phase, run, minutes, halves, measures in rows.order_by("pk").values_list(
        "entry__enrolment__phase_id", "run_id", "run__minutes", "run__half_gib", "run__measures"
    ):
        if measures:  # it has run
            runs.setdefault(phase, {})[run] = (minutes, halves or 0, measures["cpu_seconds"])
    return {phase: _summed(list(each.values())) for phase, each in runs.items()}


def _summed(rows: Sequence[tuple[int | None, int, float]]) -> PhaseRuns:
    minutes = Counter(each for each, _halves, _seconds in rows)
    halves = Counter(each for _minutes, each, _seconds in rows)
    return PhaseRuns(
        runs=len(rows),
        minutes=sorted(minutes.items(), key=lambda each: (each[0] is None, each[0] or 0)),
        halves=sorted(halves.items()),
        cpu_seconds=sum(seconds for _minutes, _halves, seconds in rows),
    )


def runs_of(challenge: Challenge) -> "QuerySet[CodeRun]":
    """List the runs of the teams of a challenge for those who run it, the last first."""
    return (
        CodeRun.objects.filter(
            entry__enrolment__phase__challenge=challenge, entry__is_baseline=False
        )
        .select_related(
            "entry__enrolment__team",
            "entry__enrolment__phase__challenge",
            "entry__enrolment__phase__reveal",
        )
        .order_by("-entry__received_at", "pk")
    )


def examined(entry: Entry) -> list[CodeRun]:
    """List the runs of an entry, with their exact measures, for moderators."""
    return list(CodeRun.objects.filter(entry=entry).order_by("pk"))


def ran(entry: Entry) -> list[Evaluation]:
    """List the evaluations in force of an entry of code, each with its run, in order."""
    return list(
        Evaluation.objects.filter(in_force(), entry=entry, run__isnull=False)
        .select_related("run")
        .order_by("pk")
    )
