"""The queue of a challenge: what waits, a pause, another try of what broke down by our fault."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from challenges import rules
from challenges.actions import pauses as acts
from challenges.forms.pipelines import PauseForm
from challenges.models import Challenge, Phase
from challenges.organising.views.layout import find_to_run, person, phase_of, room
from challenges.queries import pipelines as reads
from portal.accounts.authorization import require
from portal.lib.refusals import Conflict


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what waits in each phase."""
    return _show(request, find_to_run(request, slug))


@require_POST
def pause(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Hold the scoring of a phase, with a reason that teams read."""
    challenge = find_to_run(request, slug)
    phase = phase_of(challenge, index)
    require(rules.may_pause_phase, person(request), phase)
    form = PauseForm(request.POST, phase=phase)
    if not form.is_valid():
        return _show(request, challenge, sent=form, status=422)
    try:
        acts.pause(phase=phase, reason=form.cleaned_data["reason"], by=person(request))
    except Conflict as refusal:
        form.add_error(None, str(refusal))
        return _show(request, challenge, sent=form, status=409)
    messages.success(request, _("Notation en pause. Les soumissions arrivent et attendent."))
    return redirect("challenges:pipeline", slug)


@require_POST
def resume(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Let the scoring of a phase go on."""
    phase = phase_of(find_to_run(request, slug), index)
    acts.resume(phase=phase, by=person(request))
    messages.success(request, _("La notation reprend."))
    return redirect("challenges:pipeline", slug)


@require_POST
def retry(request: HttpRequest, slug: str, index: int) -> HttpResponse:
    """Try again the entries that broke down by the platform's fault."""
    phase = phase_of(find_to_run(request, slug), index)
    made = acts.retry(phase=phase, by=person(request))
    said = ngettext("%(n)s soumission relancée.", "%(n)s soumissions relancées.", made)
    messages.success(request, said % {"n": made})
    return redirect("challenges:pipeline", slug)


def _show(
    request: HttpRequest, challenge: Challenge, *, sent: PauseForm | None = None, status: int = 200
) -> HttpResponse:
    by = person(request)
    edits = rules.may_edit_challenge(by, challenge)
    context: dict[str, Any] = {
        "rows": [
            {
                "pipeline": each,
                "phase": each.phase,
                "runs": rules.may_pause_phase(by, each.phase),
                "form": _of(each.phase, sent) or PauseForm(phase=each.phase),
            }
            for each in reads.of(challenge)
        ],
        "wrong": sent is not None,
        "lede": _(
            "Ce qui attend dans chaque phase. Une pause garde les soumissions sans les noter, le "
            "temps de corriger une notation ; les équipes en lisent le motif."
        ),
        "edits": edits,
        "follows": edits or rules.may_follow_challenge(by, challenge),
    }
    return render(
        request,
        "challenges/organise/pipeline.html",
        room(challenge, "pipeline", **context),
        status=status,
    )


def _of(phase: Phase, sent: PauseForm | None) -> PauseForm | None:
    return sent if sent is not None and sent.phase.pk == phase.pk else None
