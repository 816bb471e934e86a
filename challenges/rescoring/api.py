"""Decide by two people: another scoring of a phase, the publication of its final results."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import ConfigDict, Field

from challenges.organising.api import challenge_named, may_run, phase_to_run
from challenges.organising.models.challenges import Phase
from challenges.rescoring import queries as reads
from challenges.rescoring import rules
from challenges.rescoring.actions import rescorings as acts
from challenges.rescoring.forms import ProposalForm, form_for
from challenges.rescoring.models import Rescoring
from challenges.results import actions as results
from challenges.results.models.boards import Reveal
from portal.accounts.authorization import require
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.accounts.views import person
from portal.lib import visible
from portal.lib.refusals import Conflict, Hidden, Invalid
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
    """A change of scoring. digest: to send back with an acceptance, "" before the comparison."""

    id: UUID = Field(alias="task.key")
    challenge: str = Field(alias="phase.challenge.slug")
    phase: int = Field(alias="phase.index")
    task: int = Field(alias="task.index")
    state: Literal["proposed", "running", "ready", "accepted", "in_force", "refused", "withdrawn"]
    reason: str
    scorer_version: int = Field(alias="task.scorer_version.number")
    holdout_version: int = Field(alias="task.holdout.number")
    digest: str
    progress: ProgressOut
    boards: list[ComparedOut]

    @staticmethod
    def resolve_digest(rescoring: Rescoring) -> str:
        return str(rescoring.facts.get("digest", ""))

    @staticmethod
    def resolve_progress(rescoring: Rescoring) -> reads.Progress:
        return reads.progress(rescoring)

    @staticmethod
    def resolve_boards(rescoring: Rescoring) -> list[reads.Compared]:
        return reads.compared_boards(rescoring)


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
SAID = refused(401, 403, 404, 409, 415, 422, 429)


@decision_router.get(
    "/phase-tasks/{uuid:task}",
    auth=ORGANISE,
    response={200: RescoringOut, **refused(401, 403, 404, 429)},
    operation_id="rescoring",
    summary=_("Lire un changement de notation : avancement, rangs déplacés"),
)
def rescoring(request: HttpRequest, task: UUID) -> Rescoring:
    """Les organisateurs du challenge et la Région ; aucun score, des rangs."""
    return rescoring_named(request, task)


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
    "/phase-tasks/{uuid:task}/accept",
    auth=PROVEN,
    response={200: RescoringOut, **SAID},
    operation_id="accept_rescoring",
    summary=_("Accepter un changement de notation"),
)
def accept(request: HttpRequest, task: UUID, read: AcceptIn) -> Rescoring:
    """Une personne de la Région, étrangère au challenge. digest : celui de la comparaison lue."""
    acts.accept(rescoring=rescoring_named(request, task), digest=read.digest, by=person(request))
    return rescoring_named(request, task)


@decision_router.post(
    "/phase-tasks/{uuid:task}/refuse",
    auth=PROVEN,
    response={200: RescoringOut, **SAID},
    operation_id="refuse_rescoring",
    summary=_("Refuser un changement de notation"),
)
def refuse(request: HttpRequest, task: UUID, said: RefuseIn) -> Rescoring:
    """Une personne de la Région, étrangère au challenge ; l’organisateur lit le motif."""
    acts.refuse(rescoring=rescoring_named(request, task), note=said.note, by=person(request))
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


rescoring_router = Router(tags=[_("Organiser")], auth=Token(TokenScope.ORGANISE))


@rescoring_router.get(
    "/challenges/{slug:slug}/phases/{int:index}/rescorings",
    response={200: RescoringsOut, **refused(401, 403, 404, 429)},
    operation_id="rescorings",
    summary=_("Lister les changements de notation d’une phase"),
)
def list_rescorings(request: HttpRequest, slug: str, index: int) -> dict[str, Any]:
    """Le dernier proposé d’abord ; les organisateurs du challenge et la Région."""
    phase = phase_to_run(request, challenge_named(request, slug), index)
    return {"rescorings": reads.phase_rescorings(phase)}


@rescoring_router.post(
    "/challenges/{slug:slug}/phases/{int:index}/rescorings",
    response={201: RescoringOut, **refused(401, 403, 404, 409, 413, 422, 429)},
    operation_id="propose_rescoring",
    summary=_("Proposer un changement de notation"),
)
def propose(
    request: HttpRequest,
    slug: str,
    index: int,
    reason: str = Form("", max_length=2_000),
    task: int = Form(0, ge=0, le=32_767),
    metrics: str = Form("", max_length=40_000),
    truth: File[UploadedFile | None] = None,
    program: File[UploadedFile | None] = None,
    ingestion: File[UploadedFile | None] = None,
    reference: File[UploadedFile | None] = None,
    input: File[UploadedFile | None] = None,  # the name of the part
) -> Status[Rescoring]:
    """Un organisateur. Rien ne change pour les équipes avant l’accord de la Région.

    Phase notée par une mesure : metrics (YAML, comme dans challenge.yaml), truth (CSV), ou les
    deux. Là où la phase a plusieurs tâches : truth seul, les mesures leur étant communes. Notée
    par un programme : program, ingestion (zip), reference, input (zip ou fichier) ; ce qui n’est
    pas envoyé est gardé. Dans les deux cas, pour la tâche task. Les fichiers sont scellés à
    l’arrivée.
    """
    phase = phase_to_run(request, challenge_named(request, slug), index)
    require(rules.may_propose_rescoring, person(request), phase)
    tasks = reads.tasks_in_force(phase)
    sent = {
        "truth": truth,
        "program": program,
        "ingestion": ingestion,
        "reference": reference,
        "input": input,
    }
    files = {part: each for part, each in sent.items() if each is not None}
    said = {"reason": reason, "metrics": metrics, "task": str(task)}
    form = form_for(tasks, said, MultiValueDict({part: [each] for part, each in files.items()}))
    if form is None:
        raise Conflict(_("Cette phase n’a pas encore de notation."), code="no_task")
    unknown = [part for part in files if part not in form.fields]
    if task not in {each.index for each in tasks}:
        raise Invalid(_("Cette phase n’a pas de tâche de ce numéro."), code="task")
    if metrics and "metrics" not in form.fields and isinstance(form, ProposalForm):
        raise acts.shared_figures()
    if unknown or (metrics and "metrics" not in form.fields):
        part = unknown[0] if unknown else "metrics"
        raise Invalid(
            _("Cette notation n’a pas de fichier de cette sorte : il n’y a rien à remplacer."),
            code="program_part",
            part=part,
        )
    if not form.is_valid():
        faults = [
            {"field": field, "message": str(message)}
            for field, messages in form.errors.items()
            for message in messages
        ]
        raise Invalid(faults[0]["message"], code="rescoring_invalid", faults=faults)
    made = form.propose(by=person(request))
    return Status(201, rescoring_named(request, made.task.key))


@rescoring_router.post(
    "/phase-tasks/{uuid:task}/withdraw",
    response={200: RescoringOut, **refused(401, 403, 404, 409, 429)},
    operation_id="withdraw_rescoring",
    summary=_("Retirer un changement de notation"),
)
def withdraw(request: HttpRequest, task: UUID) -> Rescoring:
    """Un organisateur, avant la décision : la notation reste celle en vigueur."""
    acts.withdraw(rescoring=rescoring_named(request, task), by=person(request))
    return rescoring_named(request, task)
