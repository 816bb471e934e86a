"""What is known of the code of teams: what a phase gives it to read, its trials, its runs."""

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
from challenges.models.rescoring import in_force
from challenges.organising.models import Viewer

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
