"""How the scoring of a phase changed, and where the change at hand stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Cast

from challenges.entries.enums import REASON_SENTENCES
from challenges.entries.models import Entry
from challenges.evaluation.enums import EvaluationState, Split
from challenges.evaluation.models import Evaluation, Score, evaluations_of, in_force
from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.models.scorings import Column, PhaseTask
from challenges.queue.enums import JobKind
from challenges.queue.models import Job
from challenges.rescoring.models import BaselineCheck, Rescoring, RescoringState, WatchState
from challenges.teams.models import Team

_NIGHTS = 14


@dataclass(frozen=True)
class Progress:
    """How far a trial is: entries to score, done, failed with each cause."""

    total: int
    done: int
    failures: Sequence[tuple[str, str, int]]

    @property
    def failed(self) -> int:
        """Count the entries that the new scoring could not score."""
        return sum(count for _code, _sentence, count in self.failures)

    @property
    def waiting(self) -> int:
        """Count the entries that are still to score."""
        return self.total - self.done - self.failed


@dataclass(frozen=True)
class Move:
    """A team that a change moves: ranks and tiers before and after."""

    name: str
    before: int | None
    after: int | None
    tier_before: int | None
    tier_after: int | None

    @property
    def changes_tier(self) -> bool:
        """Say whether the team comes into another group of teams that cannot be told apart."""
        return self.tier_before != self.tier_after


@dataclass(frozen=True)
class Compared:
    """A board before and after a change."""

    title: str
    split: str
    teams: int
    moved: int
    tiers: int
    moves: list[Move] = field(default_factory=list)


def phase_rescorings(phase: Phase) -> list[Rescoring]:
    """List the changes of scoring of a phase, the last first."""
    return list(
        phase.rescorings.select_related(
            "task__scorer_version__scorer",
            "task__holdout",
            "former__scorer_version",
            "former__holdout",
            "proposed_by",
            "decided_by",
        ).order_by("-pk")
    )


def rescorings_to_decide(challenges: QuerySet[Challenge]) -> QuerySet[Rescoring]:
    """Keep the changes that wait for a second person: compared, or accepted and stopped since."""
    swap = Job.objects.alive().filter(
        kind=JobKind.SWAP, dedup_key=Cast(OuterRef("pk"), CharField())
    )
    waiting = Q(state=RescoringState.READY) | Q(state=RescoringState.ACCEPTED) & ~Exists(swap)
    found = Rescoring.objects.filter(waiting, phase__challenge__in=challenges)
    return found.select_related("phase__challenge", "phase__reveal").order_by("proposed_at", "pk")


def tasks_in_force(phase: Phase) -> list[PhaseTask]:
    """List the tasks that score a phase today, the one that ranks first."""
    return list(
        phase.tasks.filter(current=True)
        .select_related(
            "scorer_version__scorer", "scorer_version__programs", "holdout", "phase__challenge"
        )
        .order_by("index")
    )


def progress(rescoring: Rescoring) -> Progress:
    """Count what a trial did, in four queries."""
    tried = rescoring.evaluations()
    rows = (
        tried.filter(state=EvaluationState.FAILED)
        .values("reason_code")
        .annotate(n=Count("pk"))
        .order_by("-n", "reason_code")
        .values_list("reason_code", "n")
    )
    return Progress(
        total=rescoring.entries().count(),
        done=tried.filter(state=EvaluationState.DONE).count(),
        failures=[(code, str(REASON_SENTENCES.get(code, "")), n) for code, n in rows],
    )


def compared_boards(rescoring: Rescoring) -> list[Compared]:
    """Read what a change moves, with the names of the teams; [] before it is known."""
    boards = rescoring.facts.get("boards", [])
    wanted = {row["team"] for board in boards for row in board["rows"]}
    names = dict(Team.objects.filter(pk__in=wanted).order_by("pk").values_list("pk", "name"))
    return [
        Compared(
            title=board["title"],
            split=board.get("split", Split.PUBLIC.value),
            teams=board["teams"],
            moved=board["moved"],
            tiers=board["tiers"],
            moves=[
                Move(
                    names.get(row["team"], ""),
                    row["before"],
                    row["after"],
                    row["tier_before"],
                    row["tier_after"],
                )
                for row in board["rows"]
            ],
        )
        for board in boards
    ]


def former_scorings(entry: Entry) -> list[dict[str, Any]]:
    """List the scorings of an entry that are no longer in force, with what they had released.

    [{"rescoring", "evaluation", "figures": [{"title", "split", "value", "decimals"}]}], the last
    first; [] when there is none.
    """
    changes = Rescoring.objects.filter(
        phase_id=entry.enrolment.phase_id, state=RescoringState.IN_FORCE
    ).select_related("former__scorer_version", "former__holdout")
    found = []
    for change in changes.order_by("-pk"):
        evaluation = evaluations_of(change.former).filter(entry=entry).first()
        if evaluation is not None and not change.former.current:
            found.append(
                {"rescoring": change, "evaluation": evaluation, "figures": _figures(evaluation)}
            )
    return found


def _figures(evaluation: Evaluation) -> list[dict[str, Any]]:
    columns = Column.objects.filter(leaderboard__phase=evaluation.entry.enrolment.phase_id)
    titles = dict(columns.order_by("pk").values_list("key", "title"))
    return [
        {
            "title": titles.get(each.metric, each.metric),
            "split": each.split,
            "value": each.value,
            "decimals": len(each.value_text.partition("e")[0].partition(".")[2]),
        }
        for each in Score.objects.filter(evaluation=evaluation, group="").order_by("-split", "pk")
    ]


def last_watches(phase: Phase) -> list[BaselineCheck]:
    """List the last nights of the references of a phase, the last first."""
    return list(
        BaselineCheck.objects.filter(evaluation__entry__enrolment__phase=phase).order_by(
            "-day", "-pk"
        )[:_NIGHTS]
    )


def has_drifted(challenge: Challenge) -> bool:
    """Say whether a reference of the scoring in force no longer scored the same, its last night."""
    later = BaselineCheck.objects.filter(evaluation=OuterRef("evaluation"), day__gt=OuterRef("day"))
    return (
        BaselineCheck.objects.filter(
            in_force("evaluation__"),
            ~Exists(later),
            evaluation__entry__enrolment__phase__challenge=challenge,
        )
        .exclude(state=WatchState.SAME)
        .exists()
    )
