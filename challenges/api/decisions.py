"""Decide by two people: another scoring of a phase, the publication of its final results."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router

from challenges.actions import rescorings, reveals
from challenges.api.decision_shapes import (
    AcceptIn,
    RefuseIn,
    RescoringOut,
    RevealOut,
    rescoring_json,
    reveal_json,
)
from challenges.api.finding import challenge_named, may_run, person, phase_to_run
from challenges.models import Phase, Rescoring, Reveal
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.lib import visible
from portal.lib.endpoints import lazy as _
from portal.lib.endpoints import refused
from portal.lib.refusals import Hidden

router = Router(tags=[_("Organiser")])
ORGANISE = Token(TokenScope.ORGANISE)
# As on the pages, which ask again who is there.
PROVEN = Token(TokenScope.ORGANISE, proven=True)
DECIDED = refused(401, 403, 404, 409, 429)
SAID = refused(401, 403, 404, 409, 415, 422, 429)


@router.get(
    "/phase-tasks/{uuid:task}",
    auth=ORGANISE,
    response={200: RescoringOut, **refused(401, 403, 404, 429)},
    operation_id="rescoring",
    summary=_("Lire un changement de notation : avancement, rangs déplacés"),
)
def rescoring(request: HttpRequest, task: UUID) -> dict[str, Any]:
    """Les organisateurs du challenge et la Région ; aucun score, des rangs."""
    return rescoring_json(rescoring_named(request, task))


@router.post(
    "/phase-tasks/{uuid:task}/rescore",
    auth=ORGANISE,
    response={200: RescoringOut, **DECIDED},
    operation_id="rescore",
    summary=_("Noter toutes les soumissions par une notation proposée, à part"),
)
def rescore(request: HttpRequest, task: UUID) -> dict[str, Any]:
    """Un organisateur. Se répète : ce qui a échoué de notre fait est repris."""
    rescorings.start(rescoring=rescoring_named(request, task), by=person(request))
    return rescoring_json(rescoring_named(request, task))


@router.post(
    "/phase-tasks/{uuid:task}/accept",
    auth=PROVEN,
    response={200: RescoringOut, **SAID},
    operation_id="accept_rescoring",
    summary=_("Accepter un changement de notation"),
)
def accept(request: HttpRequest, task: UUID, read: AcceptIn) -> dict[str, Any]:
    """Une personne de la Région, étrangère au challenge. digest : celui de la comparaison lue."""
    rescorings.accept(
        rescoring=rescoring_named(request, task), digest=read.digest, by=person(request)
    )
    return rescoring_json(rescoring_named(request, task))


@router.post(
    "/phase-tasks/{uuid:task}/refuse",
    auth=PROVEN,
    response={200: RescoringOut, **SAID},
    operation_id="refuse_rescoring",
    summary=_("Refuser un changement de notation"),
)
def refuse(request: HttpRequest, task: UUID, said: RefuseIn) -> dict[str, Any]:
    """Une personne de la Région, étrangère au challenge ; l’organisateur lit le motif."""
    rescorings.refuse(rescoring=rescoring_named(request, task), note=said.note, by=person(request))
    return rescoring_json(rescoring_named(request, task))


@router.post(
    "/challenges/{slug:slug}/phases/{int:index}/reveal/propose",
    auth=PROVEN,
    response={200: RevealOut, **DECIDED},
    operation_id="propose_reveal",
    summary=_("Proposer la publication des résultats définitifs"),
)
def propose_reveal(request: HttpRequest, slug: str, index: int) -> dict[str, Any]:
    """Un organisateur, après la clôture et son délai de grâce."""
    reveals.propose(phase=_phase(request, slug, index), by=person(request))
    return _reveal(request, slug, index)


@router.post(
    "/challenges/{slug:slug}/phases/{int:index}/reveal/confirm",
    auth=PROVEN,
    response={200: RevealOut, **DECIDED},
    operation_id="confirm_reveal",
    summary=_("Confirmer la publication des résultats définitifs"),
)
def confirm_reveal(request: HttpRequest, slug: str, index: int) -> dict[str, Any]:
    """Une autre personne, de la Région ; executed_at dit quand c’est fait."""
    reveals.confirm(phase=_phase(request, slug, index), by=person(request))
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


def _reveal(request: HttpRequest, slug: str, index: int) -> dict[str, Any]:
    rows = Reveal.objects.select_related("phase__challenge")
    return reveal_json(rows.get(phase=_phase(request, slug, index)))
