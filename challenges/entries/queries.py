"""Where entries stand, what is released of them, what a phase takes over of the one before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from challenges.disqualifications.models import Disqualification, DisqualificationStatus
from challenges.entries.enums import EntryStatus, led_sentence
from challenges.entries.models import Entry
from challenges.evaluation.enums import Split
from challenges.evaluation.models import Evaluation, Rung, Score, in_force, rounded
from challenges.organising.enums import ChallengeStatus
from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.models.scorings import Column, Leaderboard, PhaseTask
from challenges.organising.queries import Point, needed
from challenges.queue.enums import JobState
from challenges.queue.models import Job
from challenges.results.models.boards import Standing, finals
from challenges.teams.enums import TeamState
from challenges.teams.models import Enrolment, Team, TeamMember
from portal.lib import clock

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


def has_final_results(phase: Phase) -> bool:
    """Say whether the publication of the final results of a phase was confirmed."""
    return Phase.objects.filter(pk=phase.pk, reveal__decided_at__isnull=False).exists()


def fair_rank(enrolment: Enrolment) -> int:
    """Count the team's unfinished entries, so that one team cannot starve the others."""
    return Entry.objects.unfinished().of_team(enrolment.team_id).count()


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


def final_choices(team_id: int, phase_id: int) -> int:
    """Count the final choices of a team in a phase."""
    counted = Entry.objects.of_team(team_id).filter(enrolment__phase_id=phase_id)
    counted = counted.filter(status=EntryStatus.SCORED, disqualified_at__isnull=True)
    return counted.filter(final_choice=True).count()


SHARED_BY = 5  # teams; fewer colleagues may well each play on their own
# Addresses that anybody has: to share one tells nothing.
PUBLIC_DOMAINS = frozenset(
    """
    aol.com bbox.fr free.fr gmail.com gmx.com gmx.fr hotmail.com hotmail.fr icloud.com
    laposte.net live.com live.fr mailo.com me.com msn.com neuf.fr numericable.fr orange.fr
    outlook.com outlook.fr proton.me protonmail.com sfr.fr wanadoo.fr yahoo.com yahoo.fr
    """.split()
)


@dataclass(frozen=True)
class SharedDomain:
    """A domain of addresses that members of many teams have, and what these teams sent."""

    domain: str
    teams: int
    entries: int


def entries_sent(challenge: Challenge) -> QuerySet[Entry]:
    """List the entries of the teams of a challenge, the last first; references are not entries."""
    found = Entry.objects.of_teams().filter(enrolment__phase__challenge=challenge)
    return found.select_related("enrolment__phase", "enrolment__team").order_by(
        "-received_at", "-pk"
    )


def shared_domains(challenge: Challenge) -> list[SharedDomain]:
    """Name the domains that members of five teams or more share, those of the most teams first.

    One person behind many teams would have as many attempts: the organisers look at what these
    teams sent. Domains of public mail tell nothing and are left out.
    """
    members = TeamMember.objects.filter(
        challenge=challenge, left_at__isnull=True, team__enrolments__entries__isnull=False
    )
    teams: dict[str, set[int]] = defaultdict(set)
    for team, address in members.distinct().values_list("team_id", "user__email"):
        teams[address.rpartition("@")[2].lower()].add(team)
    found = [
        SharedDomain(
            domain,
            len(several),
            entries_sent(challenge).filter(enrolment__team__in=several).count(),
        )
        for domain, several in teams.items()
        if domain and domain not in PUBLIC_DOMAINS and len(several) >= SHARED_BY
    ]
    return sorted(found, key=lambda each: (-each.teams, each.domain))


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
    listed = {
        (row.entry_id, row.split): row.cells
        for row in Standing.objects.filter(entry__in=list(places)).order_by("-pk")
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


# A decision may be written a moment after the instant that it bears.
TAKEOVER_SLACK = timedelta(minutes=5)


def phases_taking_over(at: datetime) -> list[Phase]:
    """List the open phases that have choices to take over, those that came back included."""
    waiting = list(Phase.objects.taking_over(at).order_by("pk"))
    done = Phase.objects.filter(
        migrated_at__isnull=False,
        reveal__decided_at__isnull=True,
        challenge__status__in=[ChallengeStatus.PUBLISHED, ChallengeStatus.CLOSED],
    )
    return waiting + [phase for phase in done.order_by("pk") if _decided(phase)]


def takeover_is_over(phase: Phase) -> bool:
    """Say whether a phase has nothing to take over, or no more."""
    if phase.migrate_from_id is None:
        return True
    return phase.migrated_at is not None and not (_decided(phase) and choices_to_take_over(phase))


def teams_left_behind(phase: Phase) -> list[Team]:
    """List the teams that a phase took nothing over from, though all their scores are known."""
    if phase.migrate_from_id is None or takeover_is_over(phase):
        return []
    if Entry.objects.filter(enrolment__phase=phase.migrate_from_id).without_outcome().exists():
        return []
    return list(Team.objects.filter(pk__in=list(choices_to_take_over(phase))).order_by("name"))


def choices_to_take_over(phase: Phase, team_id: int | None = None) -> dict[int, list[UUID]]:
    """Return the entries that are still to be copied, by team; of one team when it is given.

    Every final choice of a team without a copy. Of a team that has one, and of all once the
    take-over was dated: those alone that a decision brought back on the boards since.
    """
    boards = Leaderboard.objects.filter(phase=phase.migrate_from_id)
    board = boards.select_related("phase", "primary").order_by("pk").first()
    if board is None:
        return {}
    copied: dict[int, set[UUID]] = defaultdict(set)
    copies = Entry.objects.filter(enrolment__phase=phase, migrated_from__isnull=False)
    for team, former in copies.values_list("enrolment__team_id", "migrated_from_id"):
        copied[team].add(former)
    back = _brought_back(phase)
    found = {}
    for team, chosen in finals(board, team_id=team_id).items():
        is_new = phase.migrated_at is None and team not in copied
        missing = [each for each in chosen if each not in copied[team] and (is_new or each in back)]
        if missing:
            found[team] = missing
    return found


def _brought_back(phase: Phase) -> set[UUID]:
    """Return the entries of the former phase that a decision brought back on the boards."""
    lifted = _lifted(phase)
    of_source = Entry.objects.filter(
        enrolment__phase=phase.migrate_from_id, file_deleted_at__isnull=True
    )
    teams = lifted.filter(entry__isnull=True).values("team_id")
    whole = Q(enrolment__team__in=teams)
    single = Q(pk__in=lifted.filter(entry__isnull=False).values("entry_id"))
    return set(of_source.filter(whole | single).values_list("pk", flat=True))


def _decided(phase: Phase) -> bool:
    return _lifted(phase).exists()


def _lifted(phase: Phase) -> QuerySet[Disqualification]:
    """Find what was lifted since the take-over was dated, or at all before."""
    lifted = Disqualification.objects.filter(
        challenge=phase.challenge_id, status=DisqualificationStatus.LIFTED
    )
    if phase.migrated_at is not None:
        lifted = lifted.filter(lifted_at__gt=phase.migrated_at - TAKEOVER_SLACK)
    return lifted


def without_choice(phase: Phase) -> QuerySet[Enrolment]:
    """Return the enrolments of a phase whose team has scored entries and chose none as final."""
    counted = Entry.objects.of_team(OuterRef("team_id")).filter(
        enrolment__phase=phase.pk, status=EntryStatus.SCORED, disqualified_at__isnull=True
    )
    return phase.enrolments.filter(
        Exists(counted),
        ~Exists(counted.filter(final_choice=True)),
        team__is_baseline=False,
        team__state__in=[TeamState.OPEN, TeamState.FULL],
    ).order_by("pk")


def baseline_point(phase: Phase) -> Point:
    """Say, in the checklist of a draft, whether a reference of a phase is scored."""
    scored = Entry.objects.references().filter(enrolment__phase=phase, status=EntryStatus.SCORED)
    return needed("baseline", scored.exists(), advice=True, phase=phase)


def is_entered(phase: Phase) -> bool:
    """Say whether a team sent something to a phase."""
    return Entry.objects.of_teams().filter(enrolment__phase=phase).exists()


@dataclass(frozen=True)
class Quota:
    """What a team used and may still use in a phase; None where there is no limit."""

    day_used: int
    day_limit: int | None
    total_used: int
    total_limit: int | None
    next_opening: datetime | None
    bytes_left: int
    bytes_limit: int

    @property
    def day_left(self) -> int | None:
        """Return how many entries are left today."""
        return None if self.day_limit is None else max(0, self.day_limit - self.day_used)

    @property
    def total_left(self) -> int | None:
        """Return how many entries are left in the phase."""
        return None if self.total_limit is None else max(0, self.total_limit - self.total_used)

    @property
    def left(self) -> int | None:
        """Return how many entries may be sent now; None when there is no limit."""
        left = [each for each in (self.day_left, self.total_left) if each is not None]
        return min(left) if left else None


def quota_left(phase: Phase, team: Team | None, at: datetime | None = None) -> Quota:
    """Count what the team used in the phase on this Paris day and in all."""
    now = at or clock.now()
    day = clock.paris_day(now)
    entries = Entry.objects.filter(enrolment__phase=phase)
    entries = entries.of_team(team.pk) if team else entries.none()
    used = entries.aggregate(
        day=Count("pk", filter=Q(quota_day=day, day_slot__isnull=False)),
        total=Count("pk", filter=Q(total_slot__isnull=False)),
    )
    day_used, total_used = used["day"], used["total"]
    limit = settings.TEAM_PHASE_MAX_BYTES
    bytes_left = max(0, limit - entries.bytes_held())
    spent_today = phase.max_per_day is not None and day_used >= phase.max_per_day
    max_total = None if phase.is_bench else phase.max_total
    spent = max_total is not None and total_used >= max_total
    opening = clock.next_paris_midnight(now) if spent_today and not spent else None
    if phase.max_per_day == 0:
        opening = None
    return Quota(day_used, phase.max_per_day, total_used, max_total, opening, bytes_left, limit)
