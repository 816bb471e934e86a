"""Leaderboards, what each lists in what order, their stored rows, Ladders and reveals."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import models
from django.db.models import Q

from challenges.entries.enums import WITHOUT_OUTCOME
from challenges.entries.models import Entry
from challenges.evaluation.enums import EvaluationState, Split
from challenges.evaluation.models import Evaluation, Rung, Score, rounded
from challenges.organising.enums import BoardRule, Direction
from challenges.organising.models.challenges import Phase
from challenges.organising.models.scorings import Column, Leaderboard, PhaseTask
from challenges.teams.models import Enrolment, Team
from portal.lib import canonical
from portal.lib.columns import within, word
from portal.lib.decisions import TwoPersonDecision, by_two_people


class Standing(models.Model):
    """Hold one row of a leaderboard, computed by the worker and recomputable."""

    leaderboard = models.ForeignKey(Leaderboard, on_delete=models.CASCADE, related_name="standings")
    split = word(Split)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="standings")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="standings")
    position = models.PositiveIntegerField()
    # Whether it is ranked where it has a figure; else it stands there for others to compare with.
    competes = models.BooleanField(default=True)
    rank = models.PositiveIntegerField(null=True, blank=True)
    tier = models.PositiveIntegerField(null=True, blank=True)
    rank_low = models.PositiveIntegerField(null=True, blank=True)
    rank_high = models.PositiveIntegerField(null=True, blank=True)
    # {key: {"value", "text", "low", "high"}} or, for a figure per group, {"groups": {…}}.
    cells = models.JSONField(default=dict)
    interval_low = models.FloatField(null=True, blank=True)
    interval_high = models.FloatField(null=True, blank=True)
    entries_count = models.PositiveIntegerField(default=1)
    computed_at = models.DateTimeField()
    source_digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["leaderboard_id", "split", "position"]
        constraints = [
            within("split", Split, name="standing_split_known"),
            models.UniqueConstraint(
                fields=["leaderboard", "split", "team", "entry"], name="standing_once"
            ),
            models.UniqueConstraint(
                fields=["leaderboard", "split", "position"], name="standing_position_once"
            ),
        ]


def ranks_of_teams(rows: Iterable[tuple[int, int | None]]) -> dict[int, int]:
    """Rank teams by their best row: a board of all entries has several of one team.

    rows: (team, rank) of one split. Returns 1 + the number of teams whose best rank is better,
    shared by equal ones; a team without a rank is absent. Where each team has one row, the ranks
    of the board.
    """
    best: dict[int, int] = {}
    for team, rank in rows:
        if rank is not None:
            best[team] = min(rank, best.get(team, rank))
    ordered = sorted(best.values())
    return {team: 1 + bisect_left(ordered, rank) for team, rank in best.items()}


class Reveal(TwoPersonDecision):
    """Record who proposed and who confirmed the reveal of a phase's private part."""

    public_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    phase = models.OneToOneField(Phase, on_delete=models.PROTECT, related_name="reveal")
    # What the confirmation was given on: entries, their sealed results, the public boards.
    inputs_digest = models.CharField(max_length=64, blank=True)
    executed_at = models.DateTimeField(null=True, blank=True)
    # Why a confirmation could not be followed, while it waits for another: "suspended", "changed".
    set_back = models.CharField(max_length=16, blank=True)

    class Meta:
        constraints = [
            *TwoPersonDecision.Meta.constraints,
            by_two_people(),
            models.CheckConstraint(
                condition=Q(executed_at__isnull=True) | Q(decided_at__isnull=False),
                name="reveal_executed_was_confirmed",
            ),
        ]


@dataclass(frozen=True)
class Candidate:
    """An entry that a board may list: its figures by column, its date, its team.

    figures: {column key: (value, text)}; groups: {column key: {group: (value, text, n)}}. tasks:
    {column key: text of each task, "" where it has none}, in a phase of several tasks, whose
    figures are then means over them. facts: {column key: what the team answered of its method}.
    """

    entry_id: UUID
    evaluation_id: UUID
    team_id: int
    received_at: datetime
    competes: bool
    final_choice: bool
    figures: dict[str, tuple[float, str]] = field(default_factory=dict)
    groups: dict[str, dict[str, tuple[float, str, int | None]]] = field(default_factory=dict)
    tasks: dict[str, list[str]] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)


def listed(candidates: Sequence[Candidate], rungs: Mapping[UUID, Rung]) -> list[Candidate]:
    """Give each entry of a board the figures of the last improvement listed of its Ladder.

    candidates: in order of receipt. An improvement that was withdrawn or disqualified lends
    its figures to nobody: the one before counts again, or nothing.
    """
    last: dict[int, Candidate] = {}
    found = []
    for each in candidates:
        if not each.competes:
            found.append(each)
            continue
        rung = rungs.get(each.evaluation_id)
        if rung is not None and rung.improved:
            last[each.team_id] = each
        best = last.get(each.team_id)
        lent = best.figures if best else {}
        source = best.evaluation_id if best else each.evaluation_id
        groups = best.groups if best else each.groups
        found.append(replace(each, evaluation_id=source, figures=lent, groups=groups))
    return found


def with_own_figures(
    candidates: Sequence[Candidate], figures: Mapping[UUID, Mapping[str, Sequence[Any]]]
) -> list[Candidate]:
    """Give each entry its own public figures back, to choose by default as without a Ladder."""
    return [
        replace(
            each,
            figures={
                key: (value, text) for key, (value, text) in figures[each.evaluation_id].items()
            },
        )
        if figures.get(each.evaluation_id)
        else each
        for each in candidates
    ]


OwnFigures = Mapping[str, Sequence[Any]]
_SCHEME = 1  # raised when the way rows are computed changes


@dataclass(frozen=True)
class Listing:
    """What a board lists of one split, and the digest of all that decides it."""

    board: Leaderboard
    split: Split
    columns: list[Column]
    candidates: list[Candidate]
    counts: dict[int, int]
    digest: str

    @property
    def primary(self) -> Column | None:
        """Return the column that ranks."""
        return next((each for each in self.columns if each.pk == self.board.primary_id), None)


def listing(
    board: Leaderboard,
    split: Split,
    *,
    released: Iterable[Score] | None = None,
    own: Mapping[UUID, OwnFigures] | None = None,
) -> Listing:
    """Choose the entry of each team by the board's rule and order them.

    released, own: the scores, and the public figures kept from the Ladder, to use besides the
    stored ones, for a reveal being prepared.
    """
    columns = list(board.columns.order_by("index"))
    evaluations, candidates = _candidates(board, columns, released)
    public, private = candidates[Split.PUBLIC], candidates[Split.PRIVATE]
    if board.phase.ladder:
        public = _climbed(public, evaluations, split, own)
    by_team: dict[int, list[int]] = defaultdict(list)
    for index, each in enumerate(public):
        by_team[each.team_id].append(index)
    primary = next((each for each in columns if each.pk == board.primary_id), None)
    kept: list[Candidate] = []
    for indexes in by_team.values():
        mine, sealed = ([part[index] for index in indexes] for part in (public, private))
        kept += _kept(board, split, primary, mine, sealed)
    kept.sort(key=lambda each: _order(each, primary, columns))
    counts = {team: len(indexes) for team, indexes in by_team.items()}
    digest = _digest(board, split, columns, kept, counts)
    return Listing(board, split, columns, kept, counts, digest)


def finals(board: Leaderboard, *, team_id: int | None = None) -> dict[int, list[UUID]]:
    """Return the entries that count for each team at the end of the phase, by their public side.

    Its final choices; without any, its last or its best entries, as the board would take them.
    The references are left out. team_id: read the entries of this team alone.
    """
    columns = list(board.columns.order_by("index"))
    evaluations, candidates = _candidates(board, columns, None, team_id)
    public = candidates[Split.PUBLIC]
    if board.phase.ladder:
        public = _climbed(public, evaluations, Split.PUBLIC, None)
    by_team: dict[int, list[Candidate]] = defaultdict(list)
    for each in public:
        if each.competes:
            by_team[each.team_id].append(each)
    primary = next((each for each in columns if each.pk == board.primary_id), None)
    return {team: sorted(_finals(board, primary, its)) for team, its in by_team.items()}


def _candidates(
    board: Leaderboard,
    columns: Sequence[Column],
    released: Iterable[Score] | None,
    team_id: int | None = None,
) -> tuple[list[Evaluation], dict[Split, list[Candidate]]]:
    """Read what the tasks in force gave to each entry that may be listed, on each part."""
    tasks = list(board.phase.tasks.filter(current=True).order_by("index"))
    evaluations = _current_evaluations(board, tasks, team_id)
    others = _of_other_tasks(evaluations, tasks)
    scores = _scores([*evaluations, *(each for of in others.values() for each in of)], released)
    return evaluations, {
        part: [
            _candidate(each, [scores[part][one.pk] for one in (each, *others[each.pk])], columns)
            for each in evaluations
        ]
        for part in Split
    }


def _climbed(
    candidates: list[Candidate],
    evaluations: Sequence[Evaluation],
    split: Split,
    own: Mapping[UUID, OwnFigures] | None,
) -> list[Candidate]:
    """Give entries what the Ladder shows of them; to choose final entries, their own figures."""
    rungs = rungs_of(evaluations)
    if split == Split.PUBLIC:
        return listed(candidates, rungs)
    return with_own_figures(
        candidates, {pk: rung.own for pk, rung in rungs.items()} | dict(own or {})
    )


def _current_evaluations(
    board: Leaderboard, tasks: Sequence[PhaseTask], team_id: int | None
) -> list[Evaluation]:
    """List what the first task in force gave to each listed entry."""
    if not tasks:
        return []
    listed = Entry.objects.listed().filter(enrolment__phase_id=board.phase_id)
    if team_id is not None:
        listed = listed.of_team(team_id)
    found = Evaluation.objects.filter(
        entry__in=listed,
        scorer_version_id=tasks[0].scorer_version_id,
        holdout_id=tasks[0].holdout_id,
        state=EvaluationState.DONE,
    )
    if board.phase.ladder:  # a score that is not settled yet is not out
        found = found.filter(Q(rung__isnull=False) | Q(entry__in=Entry.objects.references()))
    return list(found.select_related("entry__enrolment__team").order_by("entry__received_at", "pk"))


def _of_other_tasks(
    evaluations: Sequence[Evaluation], tasks: Sequence[PhaseTask]
) -> dict[UUID, list[Evaluation]]:
    """Find what the further tasks gave to the same entries, in their order."""
    found: dict[UUID, list[Evaluation]] = {each.pk: [] for each in evaluations}
    first = {each.entry_id: each.pk for each in evaluations}
    for task in tasks[1:]:
        done = Evaluation.objects.filter(
            entry__in=list(first),
            scorer_version_id=task.scorer_version_id,
            holdout_id=task.holdout_id,
            state=EvaluationState.DONE,
        )
        for each in done.order_by("pk"):
            found[first[each.entry_id]].append(each)
    return found


def _scores(
    evaluations: Sequence[Evaluation], released: Iterable[Score] | None
) -> dict[Split, dict[UUID, list[Score]]]:
    found: dict[Split, dict[UUID, list[Score]]] = {
        split: {each.pk: [] for each in evaluations} for split in Split
    }
    stored = Score.objects.filter(evaluation__in=[each.pk for each in evaluations]).order_by("pk")
    for score in [*stored, *(released or ())]:
        mine = found[Split(score.split)]
        if score.evaluation_id in mine:
            mine[score.evaluation_id].append(score)
    return found


def _candidate(
    evaluation: Evaluation, by_task: Sequence[list[Score]], columns: Sequence[Column]
) -> Candidate:
    entry = evaluation.entry
    made = Candidate(
        entry_id=entry.pk,
        evaluation_id=evaluation.pk,
        team_id=entry.enrolment.team_id,
        received_at=entry.received_at,
        competes=entry.enrolment.team.is_live,
        final_choice=entry.final_choice,
        facts={
            column.key: told
            for column in columns
            if column.is_fact and (told := column.answer_in(entry.fact_sheet))
        },
    )
    for score in by_task[0]:
        if score.group:
            cell = made.groups.setdefault(score.metric, {})
            cell[score.group] = (score.value, score.value_text, score.units)
        else:
            made.figures[score.metric] = (score.value, score.value_text)
    if len(by_task) > 1:
        _average(made, by_task, columns)
    return made


def _average(made: Candidate, by_task: Sequence[list[Score]], columns: Sequence[Column]) -> None:
    """Give each column the mean of its released values over the tasks; none if one is missing."""
    made.figures.clear()
    for column in columns:
        values = [{each.metric: each for each in scores}.get(column.key) for scores in by_task]
        if not any(values):
            continue
        made.tasks[column.key] = [each.value_text if each else "" for each in values]
        there = [each.value for each in values if each]
        if len(there) == len(values):
            made.figures[column.key] = rounded(sum(there) / len(there), column.decimals)


def _kept(
    board: Leaderboard,
    split: Split,
    primary: Column | None,
    public: list[Candidate],
    private: list[Candidate],
) -> list[Candidate]:
    """Keep the entries of one team that the board lists."""
    shown = public if split == Split.PUBLIC else private
    if board.rule == BoardRule.ALL:
        return shown
    if split == Split.PRIVATE:
        finals = _finals(board, primary, public)
        shown = [each for each in private if each.entry_id in finals]
    elif board.rule == BoardRule.CHOSEN and any(each.final_choice for each in public):
        shown = [each for each in public if each.final_choice]
    if board.rule == BoardRule.LAST:
        return [max(shown, key=lambda each: each.received_at)]
    return [min(shown, key=lambda each: _preference(each, primary))]


def _finals(board: Leaderboard, primary: Column | None, public: list[Candidate]) -> set[UUID]:
    """Return a team's final choices; without any, its last or its best public entries."""
    chosen = {each.entry_id for each in public if each.final_choice}
    if chosen:
        return chosen
    if board.rule == BoardRule.LAST:
        return {max(public, key=lambda each: each.received_at).entry_id}
    ordered = sorted(public, key=lambda each: _preference(each, primary))
    return {each.entry_id for each in ordered[: max(1, board.phase.final_choices)]}


def _preference(candidate: Candidate, primary: Column | None) -> tuple[Any, ...]:
    return (*_worth(candidate, primary), candidate.received_at, str(candidate.entry_id))


def _worth(candidate: Candidate, column: Column | None) -> tuple[bool, float]:
    """Return a key that sorts the better value first and an absent one last."""
    found = candidate.figures.get(column.key) if column else None
    if column is None or found is None or column.direction == Direction.NONE:
        return (found is None, 0.0)
    return (False, -found[0] if column.direction == Direction.MAX else found[0])


def _order(
    candidate: Candidate, primary: Column | None, columns: Sequence[Column]
) -> tuple[Any, ...]:
    """Order by the primary value, then the other directed columns, the date, the id."""
    others = [
        _worth(candidate, column)
        for column in columns
        if column != primary and column.direction != Direction.NONE and not column.grouped
    ]
    return (
        _worth(candidate, primary),
        *others,
        candidate.received_at,
        str(candidate.entry_id),
    )


def _digest(
    board: Leaderboard,
    split: Split,
    columns: Sequence[Column],
    chosen: Sequence[Candidate],
    counts: Mapping[int, int],
) -> str:
    """Return the sha256 of the sorted inputs of a board."""
    return canonical.digest(
        {
            "scheme": _SCHEME,
            "split": split.value,
            "rule": board.rule,
            "primary": board.primary_id,
            "columns": [
                [each.key, each.kind, each.direction, each.decimals, each.grouped]
                for each in columns
            ],
            "entries": sorted(_plain(each, counts) for each in chosen),
        }
    )


def outcome_digest(phase: Phase) -> str:
    """Return the sha256 of all that decides the final results of a phase.

    Its entries and their choices, the teams that count, the sealed results, the public boards.
    """
    entries = Entry.objects.filter(enrolment__phase=phase)
    results = Evaluation.objects.filter(entry__enrolment__phase=phase, state=EvaluationState.DONE)
    listed = set(entries.listed().order_by("pk").values_list("pk", flat=True))
    return canonical.digest(
        {
            "entries": [
                [str(each.pk), each.version, each.status, each.final_choice, each.pk in listed]
                for each in entries.order_by("pk")
            ],
            "results": [
                [str(pk), sealed]
                for pk, sealed in results.order_by("pk").values_list("pk", "sealed_result__sha256")
            ],
            "boards": {
                board.key: listing(board, Split.PUBLIC).digest
                for board in phase.leaderboards.order_by("pk")
            },
        }
    )


def _plain(candidate: Candidate, counts: Mapping[int, int]) -> list[Any]:
    return [
        str(candidate.entry_id),
        str(candidate.evaluation_id),
        candidate.team_id,
        counts[candidate.team_id],
        sorted([key, text] for key, (_value, text) in candidate.figures.items()),
        sorted(
            [key, group, text, n]
            for key, cell in candidate.groups.items()
            for group, (_value, text, n) in cell.items()
        ),
        *(
            [sorted([key, *texts] for key, texts in candidate.tasks.items())]
            * bool(candidate.tasks)
        ),
        *([sorted(candidate.facts.items())] * bool(candidate.facts)),
    ]


@dataclass(frozen=True)
class Chain:
    """Where a team stands: the evaluation it leads with, and those to settle, in order."""

    enrolment: Enrolment
    leader: Evaluation | None
    waiting: Sequence[Evaluation]

    @property
    def state(self) -> tuple[UUID | None, tuple[UUID, ...]]:
        """Return what decides the settlement, to compare two readings."""
        leader = self.leader.pk if self.leader else None
        return leader, tuple(each.pk for each in self.waiting)


def task_of(phase: Phase) -> PhaseTask | None:
    """Return the task whose figures the boards of a phase list."""
    return phase.tasks.filter(current=True).order_by("index").first()


def chain(enrolment: Enrolment, task: PhaseTask) -> Chain:
    """Read the Ladder of a team; what is withdrawn counts, as it was shown."""
    evaluations = {
        each.entry_id: each
        for each in Evaluation.objects.filter(
            entry__enrolment=enrolment,
            scorer_version_id=task.scorer_version_id,
            holdout_id=task.holdout_id,
            state=EvaluationState.DONE,
        )
        .select_related("rung__leader", "entry")
        .order_by("pk")
    }
    leader: Evaluation | None = None
    waiting: list[Evaluation] = []
    for entry in enrolment.entries.of_teams().filter(counts=True).order_by("received_at", "number"):
        found = evaluations.get(entry.pk)
        if found is None:
            if entry.status in WITHOUT_OUTCOME:
                break
            continue
        rung = getattr(found, "rung", None)
        if rung is None:
            waiting.append(found)
        else:
            leader = rung.leader
    return Chain(enrolment, leader, waiting)


def waiting_enrolments(phase: Phase, task: PhaseTask) -> list[Enrolment]:
    """List the teams with an evaluation that is done and not settled."""
    return list(
        Enrolment.objects.filter(
            phase=phase,
            team__in=Team.objects.of_people(),
            entries__counts=True,
            entries__evaluations__scorer_version_id=task.scorer_version_id,
            entries__evaluations__holdout_id=task.holdout_id,
            entries__evaluations__state=EvaluationState.DONE,
            entries__evaluations__rung__isnull=True,
        )
        .distinct()
        .order_by("pk")
    )


def is_waiting(phase: Phase) -> bool:
    """Say whether a score of the phase is not settled yet."""
    task = task_of(phase) if phase.ladder else None
    return task is not None and bool(waiting_enrolments(phase, task))


def rungs_of(evaluations: Iterable[Evaluation]) -> dict[UUID, Rung]:
    """Return the rung of each evaluation that has one."""
    found = Rung.objects.filter(evaluation__in=[each.pk for each in evaluations]).order_by("pk")
    return {each.evaluation_id: each for each in found}
