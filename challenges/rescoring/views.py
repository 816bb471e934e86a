"""Change the scoring of a phase: propose, try on every entry, decide by a second person."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from challenges.organising import rules as organising_rules
from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.modes import mode_of
from challenges.organising.queries import phase_of
from challenges.organising.views.layout import find_to_run, organiser_context
from challenges.rescoring import queries as reads
from challenges.rescoring import rules as rescoring_rules
from challenges.rescoring.actions import rescorings as acts
from challenges.rescoring.forms import DecisionForm, TaskForm, form_for
from challenges.rescoring.models import Rescoring, RescoringState
from portal.accounts.authorization import require
from portal.accounts.sessions import step_up_required
from portal.accounts.views import person
from portal.lib.refusals import Conflict, Invalid, TooLarge

# Refusals about what was typed stand beside their field.
FIELDS = {
    "reason_required": "reason",
    "truth": "truth",
    "holdout_files": "truth",
    "contract": "primary",
    "answer_changed": "primary",
    "board_without_primary": "primary",
    "same_scoring": None,
    "rescoring_open": None,
}


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the scoring of each phase, how it changed, and the change at hand."""
    return _show(request, find_to_run(request, slug))


@require_POST
def propose(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Propose other figures, corrected answers, or both."""
    challenge = find_to_run(request, slug)
    phase = phase_of(challenge, index)
    by = person(request)
    require(rescoring_rules.may_propose_rescoring, by, phase)
    form = form_for(reads.tasks_in_force(phase), request.POST, request.FILES)
    if form is None:
        raise Conflict(_("Cette phase n’a pas encore de notation."), code="no_task")
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return _show(request, challenge, proposal=(phase, form), status=status)
    try:
        form.propose(by=by)
    except (Invalid, Conflict, TooLarge) as refusal:
        if refusal.code not in FIELDS and "part" not in refusal.facts:
            raise
        field = refusal.facts.get("part", FIELDS.get(refusal.code))
        form.add_error(field if field in form.fields else None, str(refusal))
        status = 409 if isinstance(refusal, Conflict) else 422
        return _show(request, challenge, proposal=(phase, form), status=status)
    messages.success(request, _("Changement proposé. Essayez-le sur toutes les soumissions."))
    return redirect("challenges:rescorings", slug)


@require_POST
def start(request: HttpRequest, slug: str, change: UUID) -> HttpResponse:
    """Score every entry by the new scoring, aside; what failed by our fault again."""
    found = _found(find_to_run(request, slug), change)
    acts.start(rescoring=found, by=person(request))
    messages.success(request, _("Toutes les soumissions vont être notées, sans rien publier."))
    return redirect("challenges:rescorings", slug)


@require_POST
def withdraw(request: HttpRequest, slug: str, change: UUID) -> HttpResponse:
    """Take a change back before it is decided."""
    acts.withdraw(rescoring=_found(find_to_run(request, slug), change), by=person(request))
    messages.success(request, _("Changement retiré : la notation reste celle en vigueur."))
    return redirect("challenges:rescorings", slug)


@require_POST
@step_up_required
def decide(request: HttpRequest, slug: str, change: UUID) -> HttpResponse:
    """Accept or refuse, as a second person of the Region, the change that was read."""
    challenge = find_to_run(request, slug)
    found = _found(challenge, change)
    by = person(request)
    require(rescoring_rules.may_decide_rescoring, by, found.phase)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _show(request, challenge, decision=form, status=422)
    said = form.cleaned_data
    if said["decision"] == "refuse":
        acts.refuse(rescoring=found, note=said["note"], by=by)
        messages.success(request, _("Changement refusé : rien ne change."))
        return redirect("challenges:rescorings", slug)
    try:
        acts.accept(rescoring=found, digest=said["digest"], by=by)
    except Conflict as refusal:
        if refusal.code not in {"changed", "rescoring_unready"}:
            raise
        form.add_error(None, str(refusal))
        return _show(request, challenge, decision=form, status=409)
    messages.success(request, _("Changement accepté : la nouvelle notation va entrer en vigueur."))
    return redirect("challenges:rescorings", slug)


def _found(challenge: Challenge, change: UUID) -> Rescoring:
    rows = Rescoring.objects.filter(phase__challenge=challenge).select_related("phase__challenge")
    return get_object_or_404(rows, public_id=change)


def _show(
    request: HttpRequest,
    challenge: Challenge,
    *,
    proposal: tuple[Phase, TaskForm] | None = None,
    decision: DecisionForm | None = None,
    status: int = 200,
) -> HttpResponse:
    by = person(request)
    edits = organising_rules.may_edit_challenge(by, challenge)
    phases = challenge.phases.select_related("challenge", "reveal")
    context: dict[str, Any] = {
        "rows": [_row(each, by, proposal, decision) for each in phases],
        "wrong": status != 200,
        "lede": _(
            "Une mesure ou des réponses se corrigent sans rien perdre : la nouvelle notation est "
            "essayée à part sur toutes les soumissions, puis une personne de la Région l’accepte "
            "ou la refuse."
        ),
        "edits": edits,
        "follows": edits or organising_rules.may_read_cockpit(by, challenge),
    }
    return render(
        request,
        "challenges/rescoring/organise/rescorings.html",
        organiser_context(challenge, "rescorings", **context),
        status=status,
    )


def _row(
    phase: Phase,
    by: Any,
    proposal: tuple[Phase, TaskForm] | None,
    decision: DecisionForm | None,
) -> dict[str, Any]:
    tasks = reads.tasks_in_force(phase)
    changes = reads.phase_rescorings(phase)
    opened = next((each for each in changes if each.is_open), None)
    organises = rescoring_rules.may_propose_rescoring(by, phase)
    row: dict[str, Any] = {
        "phase": phase,
        "tasks": [(each, mode_of(each)) for each in tasks],
        "revealed": phase.is_revealed,
        "history": [each for each in changes if not each.is_open],
        "open": opened,
        "organises": organises,
        "nights": reads.last_watches(phase),
    }
    if opened is not None:
        return row | _at_hand(opened, by, organises, decision)
    if tasks and organises and acts.is_timely(phase):
        sent = proposal[1] if proposal and proposal[0].pk == phase.pk else None
        row["form"] = sent or form_for(tasks)
    return row


def _at_hand(
    opened: Rescoring, by: Any, organises: bool, decision: DecisionForm | None
) -> dict[str, Any]:
    """Say where the change at hand stands and what this person may do with it."""
    state = opened.state_enum
    decides = (
        rescoring_rules.may_decide_rescoring(by, opened.phase) and opened.proposed_by_id != by.pk
    )
    digest = opened.facts.get("digest", "")
    compilation = None if opened.task.holdout.is_compiled else acts.compilation_job(opened)
    progress = None if state is RescoringState.PROPOSED else reads.progress(opened)
    # Once compared, only what failed can be tried again.
    lacking = state is not RescoringState.READY or bool(progress and progress.failed)
    return {
        "progress": progress,
        "compared": reads.compared_boards(opened),
        "unread": not opened.task.holdout.is_compiled,
        "unreadable": compilation.error_code if compilation and compilation.error_code else "",
        "may_start": organises and state is not RescoringState.ACCEPTED and lacking,
        "may_withdraw": organises and state is not RescoringState.ACCEPTED,
        "decision": (decision or DecisionForm(initial={"digest": digest}))
        if decides and state is RescoringState.READY
        else None,
        "stuck": acts.is_stuck(opened),
        "relaunch": digest if decides else "",
    }
