"""The queue of a challenge: read it, hold it, let it go on, try again what broke down."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from challenges.actions import pauses
from challenges.api.finding import challenge_named, may_run, person, phase_to_run
from challenges.models import Challenge
from challenges.queries import pipelines as reads
from challenges.queries.pipelines import Pipeline
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.lib.endpoints import lazy as _
from portal.lib.endpoints import refused
from portal.lib.refusals import Hidden

router = Router(tags=[_("Organiser")], auth=Token(TokenScope.ORGANISE))


class PipelineOut(Schema):
    """The entries of a phase by state. broken: by the platform's fault, `retry` takes them.

    paused_at: since when nothing is scored, null otherwise.
    """

    phase: int
    counts: dict[str, int]
    waiting: int
    oldest: datetime | None
    broken: int
    paused_at: datetime | None
    pause_reason: str


class PipelinesOut(Schema):
    """The queue of each phase of a challenge."""

    challenge: str
    phases: list[PipelineOut]


class PauseIn(Schema):
    """Why the scoring stops: teams read it."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=pauses.REASON_MAX_CHARACTERS)


class RetriedOut(Schema):
    """How many entries were tried again."""

    retried: int


@router.get(
    "/challenges/{slug:slug}/pipeline",
    response={200: PipelinesOut, **refused(401, 403, 404, 429)},
    operation_id="pipeline",
    summary=_("Lire la file d’attente d’un challenge, phase par phase"),
)
def pipeline(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Les organisateurs du challenge et la Région."""
    challenge = challenge_named(request, slug)
    found = reads.of(challenge)
    if not any(may_run(request, each.phase) for each in found):
        raise Hidden(denied=challenge)
    return {"challenge": challenge.slug, "phases": [_told(each) for each in found]}


@router.post(
    "/challenges/{slug:slug}/phases/{int:index}/pause",
    response={200: PipelineOut, **refused(401, 403, 404, 409, 415, 422, 429)},
    operation_id="pause_phase",
    summary=_("Mettre en pause la notation d’une phase"),
)
def pause(request: HttpRequest, slug: str, index: int, said: PauseIn) -> dict[str, Any]:
    """Un organisateur. Les soumissions sont reçues et vérifiées, aucune n’est notée."""
    challenge = challenge_named(request, slug)
    phase = phase_to_run(request, challenge, index)
    pauses.pause(phase=phase, reason=said.reason, by=person(request))
    return _one(challenge, index)


@router.post(
    "/challenges/{slug:slug}/phases/{int:index}/resume",
    response={200: PipelineOut, **refused(401, 403, 404, 409, 429)},
    operation_id="resume_phase",
    summary=_("Reprendre la notation d’une phase"),
)
def resume(request: HttpRequest, slug: str, index: int) -> dict[str, Any]:
    """Un organisateur. Ce qui attend est noté à sa place dans la file."""
    challenge = challenge_named(request, slug)
    pauses.resume(phase=phase_to_run(request, challenge, index), by=person(request))
    return _one(challenge, index)


@router.post(
    "/challenges/{slug:slug}/phases/{int:index}/retry",
    response={200: RetriedOut, **refused(401, 403, 404, 409, 429)},
    operation_id="retry_phase",
    summary=_("Relancer ce qu’une panne de la plateforme a arrêté"),
)
def retry(request: HttpRequest, slug: str, index: int) -> dict[str, Any]:
    """Un organisateur. Jamais un échec du fichier ou du programme ; l’essai reste le même."""
    phase = phase_to_run(request, challenge_named(request, slug), index)
    return {"retried": pauses.retry(phase=phase, by=person(request))}


def _one(challenge: Challenge, index: int) -> dict[str, Any]:
    return next(_told(each) for each in reads.of(challenge) if each.phase.index == index)


def _told(found: Pipeline) -> dict[str, Any]:
    return {
        "phase": found.phase.index,
        "counts": found.counts,
        "waiting": found.waiting,
        "oldest": found.oldest,
        "broken": found.broken,
        "paused_at": found.phase.paused_at,
        "pause_reason": found.phase.pause_reason,
    }
