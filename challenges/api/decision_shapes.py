"""What the endpoints of two-person decisions read and send."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field

from challenges.models import Rescoring, Reveal
from challenges.queries import rescorings as reads


class MoveOut(Schema):
    """A team before and after a change: ranks, and whether it changes its group of ties."""

    team: str
    before: int | None
    after: int | None
    changes_tier: bool


class ComparedOut(Schema):
    """What a change moves on a board: no figure; private once the final results are out."""

    title: str
    split: Literal["public", "private"]
    teams: int
    moved: int
    moves: list[MoveOut]


class ProgressOut(Schema):
    """How far a trial is."""

    total: int
    done: int
    failed: int
    waiting: int


class RescoringOut(Schema):
    """A change of scoring. digest: to send back with an acceptance, "" before the comparison."""

    id: UUID
    challenge: str
    phase: int
    task: int
    state: Literal["proposed", "running", "ready", "accepted", "in_force", "refused", "withdrawn"]
    reason: str
    scorer_version: int
    holdout_version: int
    digest: str
    progress: ProgressOut
    boards: list[ComparedOut]


class RescoringsOut(Schema):
    """The changes of scoring of a phase, the last proposed first."""

    rescorings: list[RescoringOut]


class AcceptIn(Schema):
    """The digest of the comparison that was read."""

    model_config = ConfigDict(extra="forbid")

    digest: str = Field(min_length=1, max_length=64)


class RefuseIn(Schema):
    """Why a change is refused."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field(min_length=1, max_length=2_000)


class RevealOut(Schema):
    """Where the publication of the final results of a phase stands."""

    challenge: str
    phase: int
    proposed_at: datetime
    confirmed_at: datetime | None
    executed_at: datetime | None


def rescoring_json(rescoring: Rescoring) -> dict[str, Any]:
    """Describe a change of scoring to who may read it."""
    told = reads.progress(rescoring)
    task = rescoring.task
    return {
        "id": task.key,
        "challenge": rescoring.phase.challenge.slug,
        "phase": rescoring.phase.index,
        "state": rescoring.state,
        "task": task.index,
        "reason": rescoring.reason,
        "scorer_version": task.scorer_version.number,
        "holdout_version": task.holdout.number,
        "digest": rescoring.facts.get("digest", ""),
        "progress": {
            "total": told.total,
            "done": told.done,
            "failed": told.failed,
            "waiting": told.waiting,
        },
        "boards": [
            {
                "title": board.title,
                "split": board.split,
                "teams": board.teams,
                "moved": board.moved,
                "moves": [
                    {
                        "team": move.name,
                        "before": move.before,
                        "after": move.after,
                        "changes_tier": move.changes_tier,
                    }
                    for move in board.moves
                ],
            }
            for board in reads.compared(rescoring)
        ],
    }


def reveal_json(reveal: Reveal) -> dict[str, Any]:
    """Describe the publication of a phase."""
    return {
        "challenge": reveal.phase.challenge.slug,
        "phase": reveal.phase.index,
        "proposed_at": reveal.proposed_at,
        "confirmed_at": reveal.confirmed_at,
        "executed_at": reveal.executed_at,
    }
