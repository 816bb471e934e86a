"""Where entries stand in the queue, what is released of them, and those that broke down."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Min, Q

from challenges.entries.enums import UNFINISHED, EntryStatus, led_sentence
from challenges.entries.models import Entry, EntryQuerySet
from challenges.evaluation.enums import Split
from challenges.evaluation.models import Evaluation, Rung, Score, in_force, rounded
from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.models.scorings import Column, PhaseTask
from challenges.queue.enums import JobState
from challenges.queue.models import Job, attempt_seconds
from challenges.scoring.verdict import ReasonCode


def longest_stay(status: EntryStatus, *, limit: int) -> timedelta | None:
    """Return how long an entry may stay in a state; None where nothing is awaited.

    limit: seconds that one run may last in its phase.
    """
    match status:
        case EntryStatus.RECEIVED:
            return timedelta(minutes=settings.RECEIVED_MOST_MINUTES)
        case EntryStatus.CHECKING:
            return timedelta(minutes=settings.CHECKING_MOST_MINUTES)
        case EntryStatus.QUEUED:
            return timedelta(hours=settings.QUEUED_MOST_HOURS)
        case EntryStatus.SCORING:
            return timedelta(seconds=settings.JOB_MAX_ATTEMPTS * attempt_seconds(limit))
        case _:
            return None


def is_stuck(entry: Entry, now: datetime) -> bool:
    """Say whether an entry that was begun has stayed in its state for too long."""
    begun = {EntryStatus.CHECKING, EntryStatus.SCORING}
    status = EntryStatus(entry.status)
    longest = longest_stay(status, limit=entry.enrolment.phase.time_limit_s)
    return status in begun and longest is not None and entry.status_since < now - longest


def has_late_entries(now: datetime) -> bool:
    """Say whether an entry has stayed too long in its state.

    A paused phase makes none late, nor the lack of a grant.
    """
    held = Challenge.objects.waiting_for_grant(now)
    waiting = (
        Entry.objects.unfinished()
        .filter(enrolment__phase__paused_at__isnull=True)
        .exclude(enrolment__phase__challenge__in=held)
        .order_by()
        .values_list("status", "enrolment__phase__time_limit_s")
        .annotate(oldest=Min("status_since"))
    )
    ages = (
        (longest_stay(EntryStatus(status), limit=limit), oldest)
        for status, limit, oldest in waiting
    )
    return any(longest is not None and oldest < now - longest for longest, oldest in ages)


# The platform broke down: to try again.
BROKEN = Q(status=EntryStatus.NEEDS_ATTENTION, reason_code=ReasonCode.PLATFORM.value)


@dataclass
class Pipeline:
    """The entries of a phase by state; broken: by the platform's fault, to try again.

    oldest: when the first of those that wait came. examined: those that a moderator decides on, the
    broken ones left out.
    """

    phase: Phase
    counts: dict[str, int] = field(default_factory=dict)
    oldest: datetime | None = None
    broken: int = 0

    @property
    def shown(self) -> dict[str, int]:
        """Count the entries by what people are told, 0 where there is none."""
        count = {each.value: self.counts.get(each.value, 0) for each in EntryStatus}
        return count | {"arriving": count["received"] + count["checking"]}

    @property
    def total(self) -> int:
        """Count the entries."""
        return sum(self.counts.values())

    @property
    def examined(self) -> int:
        """Count the entries that wait for a moderator."""
        return self.counts.get(EntryStatus.NEEDS_ATTENTION, 0) - self.broken


def phase_pipelines(challenge: Challenge) -> list[Pipeline]:
    """Describe each phase of a challenge, in two queries; references are not counted."""
    phases = challenge.phases.select_related("paused_by").order_by("index")
    told = {phase.pk: Pipeline(phase) for phase in phases}
    entries = Entry.objects.of_teams().filter(enrolment__phase__challenge=challenge)
    rows = entries.values_list("enrolment__phase_id", "status").annotate(
        n=Count("pk"), oldest=Min("received_at"), broken=Count("pk", filter=BROKEN)
    )
    for phase, status, n, oldest, broken in rows.order_by("enrolment__phase_id", "status"):
        each = told[phase]
        each.counts[status], each.broken = n, each.broken + broken
        if status in UNFINISHED and (each.oldest is None or oldest < each.oldest):
            each.oldest = oldest
    return list(told.values())


@dataclass(frozen=True)
class Examined:
    """An entry under examination, and the last job that failed for it."""

    entry: Entry
    job: Job | None


def decidable_entries() -> EntryQuerySet:
    """Keep the entries on which a moderator may decide something."""
    decided = [EntryStatus.NEEDS_ATTENTION, EntryStatus.FAILED]
    entries = Entry.objects.filter(status__in=decided)
    return entries.select_related("enrolment__team", "enrolment__phase__challenge")


def entries_to_examine() -> EntryQuerySet:
    """Keep the entries that wait for a moderator, the oldest first."""
    waiting = decidable_entries().filter(status=EntryStatus.NEEDS_ATTENTION)
    return waiting.order_by("status_since", "pk")


def failed_entries() -> EntryQuerySet:
    """Keep the entries whose scoring failed, the last first."""
    failed = decidable_entries().filter(status=EntryStatus.FAILED)
    return failed.order_by("-status_since", "pk")


def with_last_job(entries: Iterable[Entry]) -> list[Examined]:
    """Add to each entry its last job that ended badly, in two queries for all."""
    found = list(entries)
    subjects = {str(entry.pk): entry.pk for entry in found}
    evaluations = Evaluation.objects.filter(entry__in=found)
    subjects |= {
        str(pk): entry_id
        for pk, entry_id in evaluations.order_by("pk").values_list("pk", "entry_id")
    }
    jobs: dict[object, Job] = {}
    for job in (
        Job.objects.filter(subject_id__in=list(subjects))
        .exclude(error_code="")
        .order_by("finished_at", "created_at", "pk")
    ):
        jobs[subjects[job.subject_id]] = job
    return [Examined(entry, jobs.get(entry.pk)) for entry in found]


_RECENT = 20


def job_of(entry: Entry) -> Job | None:
    """Return the job that will move this entry on, if one waits or runs."""
    evaluations = [str(pk) for pk in entry.evaluations.order_by("pk").values_list("pk", flat=True)]
    runs = [str(pk) for pk in entry.code_runs.order_by("pk").values_list("pk", flat=True)]
    return (
        Job.objects.alive()
        .filter(subject_id__in=[str(entry.pk), *evaluations, *runs])
        .order_by("priority", "run_after", "pk")
        .first()
    )


def queue_position(entry: Entry) -> int | None:
    """Count the jobs before this entry's, 0 when it is next or running; None when it has none."""
    job = job_of(entry)
    if job is None:
        return None
    if job.state == JobState.LEASED:
        return 0
    before = (
        Q(priority__lt=job.priority)
        | Q(priority=job.priority, fair_rank__lt=job.fair_rank)
        | Q(priority=job.priority, fair_rank=job.fair_rank, run_after__lt=job.run_after)
    )
    ahead = Job.objects.filter(before, state=JobState.READY).count()
    return ahead + Job.objects.filter(state=JobState.LEASED).count()


def expected_wait_seconds(entry: Entry) -> float | None:
    """Return the median time from receipt to end over the last 20 evaluations, in seconds."""
    recent = (
        Evaluation.objects.filter(
            finished_at__isnull=False, entry__enrolment__phase_id=entry.enrolment.phase_id
        )
        .order_by("-finished_at")
        .values_list("entry__received_at", "finished_at")[:_RECENT]
    )
    waits = [(end - start).total_seconds() for start, end in recent if end is not None]
    return median(waits) if waits else None


def led_by(rung: Rung) -> int | None:
    """Return the number of the entry whose score is shown instead, None when it is its own."""
    return None if rung.improved or rung.leader is None else rung.leader.entry.number


def led_message(rung: Rung) -> str:
    """Tell the team that its entry improved nothing that can be seen, or nothing."""
    number = led_by(rung)
    if number is None or rung.leader is None:
        return ""
    gone = rung.leader.entry.status == EntryStatus.WITHDRAWN
    return led_sentence(number, withdrawn=gone)


FigurePlace = tuple[UUID, str, str]  # entry, split, column key


@dataclass(frozen=True)
class MeanFigure:
    """A figure over several tasks. value, text: None and "" where a task has none."""

    value: float | None
    text: str
    tasks: list[str]


def mean_figures(
    scores: Iterable[Score], phases: Mapping[UUID, int]
) -> dict[FigurePlace, MeanFigure]:
    """Average what several tasks released, from their stored values.

    scores: with their evaluation. phases: of each entry. Entries scored by one task are left out,
    and cost no query unless they were scored twice.
    """
    found: dict[FigurePlace, dict[tuple[int, int], Score]] = defaultdict(dict)
    for score in scores:
        if not score.group:
            evaluation = score.evaluation
            source = (evaluation.scorer_version_id, evaluation.holdout_id)
            found[evaluation.entry_id, score.split, score.metric][source] = score
    several = {phases[place[0]] for place, each in found.items() if len(each) > 1}
    if not several:
        return {}
    tasks: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for task in PhaseTask.objects.filter(phase__in=several, current=True).order_by("index"):
        tasks[task.phase_id].append((task.scorer_version_id, task.holdout_id))
    return {
        place: _mean_figure([each.get(source) for source in tasks[phases[place[0]]]])
        for place, each in found.items()
        if len(tasks[phases[place[0]]]) > 1
    }


def _mean_figure(scores: list[Score | None]) -> MeanFigure:
    there = [each for each in scores if each is not None]
    texts = [each.value_text if each else "" for each in scores]
    if len(there) < len(scores):
        return MeanFigure(None, "", texts)
    decimals = len(there[0].value_text.partition("e")[0].partition(".")[2])
    return MeanFigure(*rounded(sum(each.value for each in there) / len(there), decimals), texts)


Cells = dict[str, dict[str, dict[str, Any]]]


@dataclass
class ShownFigures:
    """What a team reads of one entry.

    primary: the column that ranks on the first board of its phase, None while nothing is shown.
    scores: {split: {column: {"value", "text", "low", "high"}}}, the private split once revealed;
    where a phase has several tasks, the mean, with "tasks", the text of each. The bounds are the
    entry's own, or those of the board that lists it. rung: where a Ladder puts it.
    """

    primary: Column | None = None
    scores: Cells = field(default_factory=dict)
    rung: Rung | None = None

    @property
    def score_of(self) -> int | None:
        """Return the number of the entry whose score a Ladder shows instead, if any."""
        return led_by(self.rung) if self.rung else None

    @property
    def message(self) -> str:
        """Tell the team whose score a Ladder shows instead, or nothing."""
        return led_message(self.rung) if self.rung else ""


def shown_figures(entries: Sequence[Entry]) -> dict[UUID, ShownFigures]:
    """Read the figures that the boards of their phases show, in four queries.

    Hidden columns and boards are left out, and what is told at the closing before the reveal.
    """
    phases = {each.enrolment.phase_id: each.enrolment.phase for each in entries}
    revealed = {pk for pk, phase in phases.items() if phase.is_revealed}
    columns: dict[int, set[str]] = defaultdict(set)
    primary: dict[int, Column] = {}
    for column in (
        Column.objects.filter(leaderboard__phase__in=phases, leaderboard__hidden=False)
        .filter(hidden=False)
        .select_related("leaderboard")
        .order_by("-leaderboard_id")
    ):
        phase_id = column.leaderboard.phase_id
        if phase_id in revealed or not column.at_closing:
            columns[phase_id].add(column.key)
            if column.leaderboard.primary_id == column.pk:
                primary[phase_id] = column
    places = {each.pk: each.enrolment.phase_id for each in entries}
    found = {pk: ShownFigures(primary.get(phase_id)) for pk, phase_id in places.items()}
    scores = list(_scores(list(places)))
    averaged = mean_figures(scores, places)
    standings = Entry.objects.filter(pk__in=list(places), standings__isnull=False)
    listed = {
        (entry_id, split): cells
        for entry_id, split, cells in standings.order_by("-standings__pk").values_list(
            "pk", "standings__split", "standings__cells"
        )
    }
    for score in scores:
        entry_id = score.evaluation.entry_id
        phase_id = places[entry_id]
        # Where a phase has several tasks, the first alone climbs.
        found[entry_id].rung = found[entry_id].rung or getattr(score.evaluation, "rung", None)
        sealed = score.split == Split.PRIVATE and phase_id not in revealed
        if score.metric in columns[phase_id] and not sealed:
            mean = averaged.get((entry_id, score.split, score.metric))
            cell = listed.get((entry_id, score.split), {}).get(score.metric, {})
            found[entry_id].scores.setdefault(score.split, {})[score.metric] = _cell(
                score, mean, cell
            )
    return found


def _cell(score: Score, mean: MeanFigure | None, listed: Mapping[str, Any]) -> dict[str, Any]:
    if mean is not None:
        told = {"value": mean.value, "text": mean.text, "tasks": mean.tasks}
        return told | {"low": None, "high": None}
    own = {"low": score.low, "high": score.high}
    bounds = {bound: listed.get(bound) for bound in own} if score.low is None else own
    return {"value": score.value, "text": score.value_text, **bounds}


def _scores(entry_ids: list[UUID]) -> Any:
    return (
        Score.objects.filter(evaluation__entry__in=entry_ids, evaluation__state="done", group="")
        .filter(in_force("evaluation__"))
        .select_related("evaluation__rung__leader__entry")
        .order_by("evaluation__finished_at", "pk")
    )
