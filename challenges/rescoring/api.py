"""Try another scoring of a phase, decide by two people to publish its final results."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from challenges.organising.api import challenge_named, may_run, phase_to_run
from challenges.organising.models.challenges import Phase
from challenges.rescoring import queries as reads
from challenges.rescoring.actions import rescorings as acts
from challenges.rescoring.models import Rescoring
from challenges.results import actions as results
from challenges.results.models.boards import Reveal
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.accounts.views import person
from portal.lib import visible
from portal.lib.refusals import Hidden
from portal.lib.web.endpoints import lazy as _
from portal.lib.web.endpoints import refused


class MoveOut(Schema):
    """A team before and after a change: ranks, and whether it changes its group of ties."""

    team: str = Field(alias="name")
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
    """A change of scoring."""

    id: UUID = Field(alias="task.key")
    challenge: str = Field(alias="phase.challenge.slug")
    phase: int = Field(alias="phase.index")
    task: int = Field(alias="task.index")
    state: Literal["proposed", "running", "ready", "accepted", "in_force", "refused", "withdrawn"]
    reason: str
    scorer_version: int = Field(alias="task.scorer_version.number")
    holdout_version: int = Field(alias="task.holdout.number")
    progress: ProgressOut
    boards: list[ComparedOut]

    @staticmethod
    def resolve_progress(rescoring: Rescoring) -> reads.Progress:
        return reads.progress(rescoring)

    @staticmethod
    def resolve_boards(rescoring: Rescoring) -> list[reads.Compared]:
        return reads.compared_boards(rescoring)


class RescoringsOut(Schema):
    """The changes of scoring of a phase, the last proposed first."""

    rescorings: list[RescoringOut]


class RevealOut(Schema):
    """Where the publication of the final results of a phase stands."""

    challenge: str = Field(alias="phase.challenge.slug")
    phase: int = Field(alias="phase.index")
    proposed_at: datetime
    confirmed_at: datetime | None = Field(alias="decided_at")
    executed_at: datetime | None


decision_router = Router(tags=[_("Organiser")])
ORGANISE = Token(TokenScope.ORGANISE)
# As on the pages, which ask again who is there.
PROVEN = Token(TokenScope.ORGANISE, proven=True)
DECIDED = refused(401, 403, 404, 409, 429)


@decision_router.get(
    "/challenges/{slug:slug}/phases/{int:index}/rescorings",
    auth=ORGANISE,
    response={200: RescoringsOut, **refused(401, 403, 404, 429)},
    operation_id="rescorings",
    summary=_("Lister les changements de notation d’une phase"),
)
def list_rescorings(request: HttpRequest, slug: str, index: int) -> dict[str, Any]:
    """Le dernier proposé d’abord ; les organisateurs et la Région ; aucun score, des rangs."""
    return {"rescorings": reads.phase_rescorings(_phase(request, slug, index))}


@decision_router.post(
    "/phase-tasks/{uuid:task}/rescore",
    auth=ORGANISE,
    response={200: RescoringOut, **DECIDED},
    operation_id="rescore",
    summary=_("Noter toutes les soumissions par une notation proposée, à part"),
)
def rescore(request: HttpRequest, task: UUID) -> Rescoring:
    """Un organisateur. Se répète : ce qui a échoué de notre fait est repris."""
    acts.start(rescoring=rescoring_named(request, task), by=person(request))
    return rescoring_named(request, task)


@decision_router.post(
    "/challenges/{slug:slug}/phases/{int:index}/reveal/propose",
    auth=PROVEN,
    response={200: RevealOut, **DECIDED},
    operation_id="propose_reveal",
    summary=_("Proposer la publication des résultats définitifs"),
)
def propose_reveal(request: HttpRequest, slug: str, index: int) -> Reveal:
    """Un organisateur, après la clôture et son délai de grâce."""
    results.propose_reveal(phase=_phase(request, slug, index), by=person(request))
    return _reveal(request, slug, index)


@decision_router.post(
    "/challenges/{slug:slug}/phases/{int:index}/reveal/confirm",
    auth=PROVEN,
    response={200: RevealOut, **DECIDED},
    operation_id="confirm_reveal",
    summary=_("Confirmer la publication des résultats définitifs"),
)
def confirm_reveal(request: HttpRequest, slug: str, index: int) -> Reveal:
    """Une autre personne, de la Région ; executed_at dit quand c’est fait."""
    results.confirm_reveal(phase=_phase(request, slug, index), by=person(request))
    return _reveal(request, slug, index)


def rescoring_named(request: HttpRequest, task: UUID) -> Rescoring:
    """Return the change that a task is proposed by; 404 for who neither runs nor decides."""
    rows = Rescoring.objects.select_related(
        "phase__challenge", "task__scorer_version", "task__holdout"
    )
    found = visible.find(rows, among=Rescoring.objects.all(), task__key=task)
    if not may_run(request, found.phase):
        raise Hidden(denied=found)
    return found


def _phase(request: HttpRequest, slug: str, index: int) -> Phase:
    return phase_to_run(request, challenge_named(request, slug), index)


def _reveal(request: HttpRequest, slug: str, index: int) -> Reveal:
    rows = Reveal.objects.select_related("phase__challenge")
    return rows.get(phase=_phase(request, slug, index))
