"""Propose another scoring of a phase, list its changes, take one back."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja import File, Form, Router, Status
from ninja.files import UploadedFile

from challenges import rules
from challenges.actions import rescorings as acts
from challenges.api.decision_shapes import RescoringOut, RescoringsOut, rescoring_json
from challenges.api.decisions import rescoring_named
from challenges.api.finding import challenge_named, person, phase_to_run
from challenges.forms.rescorings import ProposalForm, form_for
from challenges.models import Rescoring
from challenges.queries import rescorings as reads
from portal.accounts.authorization import require
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.lib.endpoints import lazy as _
from portal.lib.endpoints import refused
from portal.lib.refusals import Conflict, Invalid

router = Router(tags=[_("Organiser")], auth=Token(TokenScope.ORGANISE))


@router.get(
    "/challenges/{slug:slug}/phases/{int:index}/rescorings",
    response={200: RescoringsOut, **refused(401, 403, 404, 429)},
    operation_id="rescorings",
    summary=_("Lister les changements de notation d’une phase"),
)
def rescorings(request: HttpRequest, slug: str, index: int) -> dict[str, Any]:
    """Le dernier proposé d’abord ; les organisateurs du challenge et la Région."""
    phase = phase_to_run(request, challenge_named(request, slug), index)
    return {"rescorings": [rescoring_json(each) for each in reads.of_phase(phase)]}


@router.post(
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
) -> Status[dict[str, Any]]:
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
    return Status(201, rescoring_json(_read(made)))


@router.post(
    "/phase-tasks/{uuid:task}/withdraw",
    response={200: RescoringOut, **refused(401, 403, 404, 409, 429)},
    operation_id="withdraw_rescoring",
    summary=_("Retirer un changement de notation"),
)
def withdraw(request: HttpRequest, task: UUID) -> dict[str, Any]:
    """Un organisateur, avant la décision : la notation reste celle en vigueur."""
    acts.withdraw(rescoring=rescoring_named(request, task), by=person(request))
    return rescoring_json(rescoring_named(request, task))


def _read(made: Rescoring) -> Rescoring:
    rows = Rescoring.objects.select_related(
        "phase__challenge", "task__scorer_version", "task__holdout"
    )
    return rows.get(pk=made.pk)
