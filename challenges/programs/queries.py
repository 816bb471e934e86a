"""What is known of a phase that a program scores or that takes code: reports, trials, runs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from challenges.entries.models import Entry, EntryQuerySet
from challenges.evaluation.models import Evaluation, in_force
from challenges.organising.enums import ColumnKind, OrganiserRole, ReportAudience
from challenges.organising.models.challenges import (
    Challenge,
    ChallengeOrganiser,
    Phase,
    Viewer,
    person_id,
)
from challenges.organising.models.scorings import Column, PhaseTask, RunPlan
from challenges.programs.models import CodeRun, CodeTrial, ProgramReport
from challenges.results.models.boards import Standing
from challenges.scoring.verdict import ReasonCode
from challenges.teams.models import Team
from portal.lib import clock


def columns_shown(phase: Phase) -> list[Column]:
    """List the columns that boards of a phase show, hidden ones left out."""
    return list(
        Column.objects.filter(leaderboard__phase=phase, leaderboard__hidden=False, hidden=False)
        .exclude(kind=ColumnKind.FACT)
        .select_related("leaderboard")
        .order_by("leaderboard_id", "index")
    )


def gives_intervals(phase: Phase) -> bool:
    """Say whether the rows that a program writes give every ranked entry its interval."""
    ranked = Standing.objects.filter(leaderboard__phase=phase, rank__isnull=False)
    found = ranked.aggregate(every=Count("pk"), bound=Count("interval_low"))
    return 0 < found["every"] == found["bound"]


def entries_reported(user: Viewer) -> EntryQuerySet:
    """Keep the entries whose detailed results this person may read.

    Its team where the challenge says so; an organiser once the phase is closed, or where it
    announces no close; nobody where data are restricted.
    """
    now = clock.now()
    organised = (
        ChallengeOrganiser.objects.filter(user_id=person_id(user))
        .exclude(role=OrganiserRole.JURY)
        .values("challenge_id")
    )
    phase = "enrolment__phase"
    over = Q(**{f"{phase}__closes_at__lte": now}) | Q(**{f"{phase}__closes_at__isnull": True})
    told = {ReportAudience.ORGANISER, ReportAudience.TEAM}
    mine = Q(pk__in=Entry.objects.visible_to(user)) & Q(
        **{f"{phase}__challenge__detailed_results": ReportAudience.TEAM}
    )
    run = Q(**{f"{phase}__challenge__in": organised}) & over
    return Entry.objects.filter(
        mine | run,
        **{
            f"{phase}__challenge__detailed_results__in": sorted(told),
            f"{phase}__challenge__restricted": False,
        },
    )


def reported_tasks(entry: Entry) -> list[tuple[int, str]]:
    """List the tasks in force of an entry that have detailed results: index, HTML."""
    tasks = PhaseTask.objects.filter(phase_id=entry.enrolment.phase_id, current=True)
    places = {(each.scorer_version_id, each.holdout_id): each.index for each in tasks}
    found = (
        Evaluation.objects.filter(entry=entry, program_report__isnull=False)
        .exclude(program_report__html="")
        .select_related("program_report")
        .order_by("pk")
    )
    return sorted(
        (places[each.scorer_version_id, each.holdout_id], each.program_report.html)
        for each in found
        if (each.scorer_version_id, each.holdout_id) in places
    )


def challenge_reports(challenge: Challenge) -> "QuerySet[ProgramReport]":
    """List what the programs of a challenge had to say to its organiser, the last first."""
    return (
        ProgramReport.objects.filter(
            evaluation__entry__enrolment__phase__challenge=challenge,
        )
        .exclude(undeclared=[], faults=[], detail="", html="")
        .select_related("evaluation__entry__enrolment__team", "evaluation__entry__enrolment__phase")
        .order_by("-written_at", "-pk")
    )


def task_names(challenge: Challenge) -> dict[int, str]:
    """Name the tasks of a challenge by the id of the answers they are scored on."""
    tasks = PhaseTask.objects.filter(phase__challenge=challenge)
    return dict(tasks.values_list("holdout_id", "name"))


def entry_reports(entry: Entry) -> "QuerySet[ProgramReport]":
    """List what the programs said of one entry under examination, for the moderators."""
    return (
        ProgramReport.objects.filter(evaluation__entry=entry, evaluation__to_examine=True)
        .select_related("evaluation__entry__enrolment__phase")
        .order_by("pk")
    )


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
    """Count the trials of a team since the hour began; those that we broke do not count."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    asked = CodeTrial.objects.filter(team_id=team.pk, created_at__gte=hour)
    used = asked.exclude(reason_code=ReasonCode.PLATFORM).count()
    return TrialsLeft(used, settings.CODE_TRIALS_PER_HOUR, hour + timedelta(hours=1))


def team_trials(viewer: Viewer, team: Team) -> list[CodeTrial]:
    """List the last trials of a team, for someone of that team."""
    found = CodeTrial.objects.visible_to(viewer).filter(team=team)
    return list(
        found.select_related("phase__challenge", "asked_by").order_by("-created_at", "pk")[
            :SHOWN_TRIALS
        ]
    )


def challenge_runs(challenge: Challenge) -> "QuerySet[CodeRun]":
    """List the runs of the teams of a challenge for those who run it, the last first."""
    return (
        CodeRun.objects.filter(
            entry__in=Entry.objects.of_teams().filter(enrolment__phase__challenge=challenge)
        )
        .select_related(
            "entry__enrolment__team",
            "entry__enrolment__phase__challenge",
            "entry__enrolment__phase__reveal",
        )
        .order_by("-entry__received_at", "pk")
    )


def entry_runs(entry: Entry) -> list[CodeRun]:
    """List the runs of an entry, with their exact measures, for moderators."""
    return list(CodeRun.objects.filter(entry=entry).order_by("pk"))


def runs_in_force(entry: Entry) -> list[CodeRun]:
    """List the run of each evaluation in force of an entry of code, in order."""
    found = Evaluation.objects.filter(in_force(), entry=entry, run__isnull=False)
    return [each.run for each in found.select_related("run").order_by("pk") if each.run]
