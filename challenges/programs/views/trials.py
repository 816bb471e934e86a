"""Try code on the public sample: its own page, live, with its result and its log."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_safe

from challenges.entries.models import warnings_told
from challenges.entries.views import Stage, faults_of, phase_to_enter, stage
from challenges.evaluation.enums import RunState
from challenges.organising.enums import PhaseKind
from challenges.programs import queries as program_queries
from challenges.programs.actions import code as team_code
from challenges.programs.forms import TrialForm
from challenges.programs.models import CodeTrial, trial_detail, trial_reason, trial_state
from challenges.programs.views.programs import packing
from challenges.scoring.verdict import ReasonCode
from challenges.teams.queries import has_accepted_terms
from challenges.teams.views.head import challenge_context, deposit_context
from challenges.teams.views.pages import own_team
from portal.accounts.views import person
from portal.lib import visible
from portal.lib.prose.numbers import number
from portal.lib.refusals import Hidden
from portal.lib.storage import files, objects
from portal.lib.web.form_pages import attempted, sent
from portal.lib.web.requests import get_or_post

MARKS = {
    RunState.QUEUED: ("calanque", "clock"),
    RunState.RUNNING: ("calanque", "loader"),
    RunState.DONE: ("pin", "check"),
    RunState.FAILED: ("ocre", "triangle-alert"),
}
MIB = 1 << 20


@get_or_post
def trials(request: HttpRequest, slug: str) -> HttpResponseBase:
    """List the trials of one's team, and start one."""
    context = deposit_context(request, slug, kind=PhaseKind.CODE)
    if context["team"] is None:
        refused = 200 if request.method in {"GET", "HEAD"} else 403
        return render(request, "challenges/entries/entries_none.html", context, status=refused)
    plan = program_queries.plan_of(context["phase"])
    if plan is None:
        raise Hidden
    form = TrialForm(sent(request), request.FILES or None)
    made, status = attempted(
        form,
        lambda: team_code.start_trial(
            phase=phase_to_enter(context["phase"]),
            team=context["team"] or own_team(request, context["challenge"]),
            content=form.cleaned_data["file"],
            original_name=form.file_name,
            by=person(request),
        ),
        dict.fromkeys(("trials_reached", "too_large"), "file"),
    )
    if made is not None:
        messages.success(request, _("Archive reçue : l’essai est lancé."))
        return redirect("challenges:trial", slug, made.pk)
    team, phase = context["team"], context["phase"]
    made_before = program_queries.team_trials(request.user, team)
    context |= {
        "form": form,
        "plan": plan,
        "packing": packing(plan, phase, is_first=not made_before),
        "left": program_queries.trials_left(team, context["now"]),
        "rows": [_row(each) for each in made_before],
        "accepted": has_accepted_terms(context["challenge"], request.user),
        "reads_log": phase.logs == "team_trial",
    }
    return render(request, "challenges/programs/trials.html", context, status=status)


@require_safe
def trial(request: HttpRequest, slug: str, trial: UUID) -> HttpResponse:
    """Show one trial of one's team: its state, what it wrote, its log."""
    own = own_trial(request, slug, trial)
    context = challenge_context(request, slug, "entries") | _life(own)
    context |= {
        "whole": True,
        "left": program_queries.trials_left(own.team, context["now"]),
        "faults": faults_of(own.verdict),
        "detail": trial_detail(own),
        "warnings": warnings_told(own.verdict),
        "measures": _measures(own),
        "reads_log": own.phase.logs == "team_trial",
    }
    return render(request, "challenges/programs/trial.html", context)


@require_safe
def state(request: HttpRequest, slug: str, trial: UUID) -> HttpResponse:
    """Send the live state of a trial, the fragment that its page holds."""
    own = own_trial(request, slug, trial)
    context = _life(own) | {"challenge": own.phase.challenge}
    return render(request, "challenges/programs/trial_state.html", context)


@require_safe
def log(request: HttpRequest, slug: str, trial: UUID) -> HttpResponseBase:
    """Send what a trial printed, as a text file."""
    own = own_trial(request, slug, trial)
    if own.phase.logs != "team_trial":
        raise Hidden
    content = own.log.encode()
    name = f"{slug}-essai.txt"
    return files.attachment([content], name, media_type="text/plain", size=len(content))


@login_not_required
@require_safe
def sample(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send the public sample of inputs, under the names that programs read."""
    plan = program_queries.plan_of(deposit_context(request, slug)["phase"])
    if plan is None:
        raise Hidden
    return files.attachment(
        objects.open(plan.sample_sha256),
        f"{slug}-echantillon.zip",
        media_type="application/zip",
        size=plan.sample_size,
    )


def own_trial(request: HttpRequest, slug: str, trial: UUID) -> CodeTrial:
    """Return a trial of this person's team; 404 for any other, known or not."""
    return visible.find(
        CodeTrial.objects.visible_to(request.user).select_related("phase__challenge", "team"),
        among=CodeTrial.objects.all(),
        pk=trial,
        phase__challenge__slug=slug,
    )


def badge_of(trial: CodeTrial) -> tuple[str, str, str]:
    """Return the word, pigment and icon of the state of a trial."""
    return (trial_state(trial.state), *MARKS[RunState(trial.state)])


def _life(own: CodeTrial) -> dict[str, Any]:
    return {
        "trial": own,
        "badge": badge_of(own),
        "stages": _stages(own),
        "final": not own.is_alive,
        "reason": trial_reason(own.reason_code),
    }


def _stages(own: CodeTrial) -> list[Stage]:
    state: RunState = RunState(own.state)
    received = stage(_("Reçue"), "done", own.created_at, own.original_name)
    run = stage(_("Exécution sur l’échantillon"))
    checked = stage(_("Fichier produit"))
    match state:
        case RunState.QUEUED:
            waits = stage(_("File d’attente"), "now", _("en cours"))
            return [received, waits, run, checked]
        case RunState.RUNNING:
            run = stage(_("Exécution sur l’échantillon"), "now", _("en cours"))
        case RunState.DONE:
            run = stage(_("Exécution sur l’échantillon"), "done", own.finished_at)
            checked = stage(_("Fichier produit"), "done", None, _rows(own))
        case RunState.FAILED:
            wrote = own.reason_code == ReasonCode.OUTPUT
            run = stage(
                _("Exécution sur l’échantillon"),
                "done" if wrote else "error",
                own.finished_at,
                "" if wrote else trial_reason(own.reason_code),
            )
            if wrote:
                checked = stage(_("Fichier produit"), "error", None, trial_reason(own.reason_code))
    return [received, stage(_("File d’attente"), "done"), run, checked]


def _rows(own: CodeTrial) -> str:
    rows = int(own.verdict.get("rows") or 0)
    text = ngettext("%(n)s ligne, aucune erreur", "%(n)s lignes, aucune erreur", rows)
    return text % {"n": number(rows)}


def _row(own: CodeTrial) -> dict[str, Any]:
    return {"trial": own, "badge": badge_of(own), "reason": trial_reason(own.reason_code)}


def _measures(own: CodeTrial) -> list[tuple[str, str]]:
    """Write the exact measures of a trial: its inputs are public, they tell nothing."""
    found = own.measures
    if not found:
        return []
    return [
        (
            pgettext("exécution", "Durée"),
            _("%(n)s s") % {"n": number(found["wall_seconds"], 1)},
        ),
        (_("Temps de calcul"), _("%(n)s s") % {"n": number(found["cpu_seconds"], 1)}),
        (
            _("Mémoire au plus haut"),
            _("%(n)s Mo") % {"n": number(found["peak_bytes"] // MIB)},
        ),
        (_("Processus à la fois, au plus"), number(found["processes"])),
    ]
