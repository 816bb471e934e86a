"""Say, by form, that the teams of a challenge send code, and how it is run."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from challenges.actions import coding
from challenges.enums import ChallengeStatus
from challenges.forms.coding import CodeForm
from challenges.views.authoring import tried
from challenges.views.rooms import room, run_by
from challenges.views.teams import person


@require_http_methods(["GET", "HEAD", "POST"])
def write_code(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose what teams send; the rules of code change in a draft only."""
    challenge = run_by(request, slug)
    former = coding.rules_of(challenge)
    form = CodeForm(request.POST if request.method == "POST" else None, rules=former)
    status = tried(
        form,
        lambda: coding.settle(challenge=challenge, rules=form.rules, by=person(request)),
        {"code_rules": "layouts"},
    )
    if not status:
        messages.success(request, _("Enregistré."))
        turned = (form.rules is None) != (former is None)
        return redirect("challenges:write_files" if turned else "challenges:write_code", slug)
    context = room(
        challenge,
        "write_code",
        form=form,
        draft=challenge.status == ChallengeStatus.DRAFT,
        rules=former,
        lede=_("Des fichiers de réponses, ou des programmes que le portail lance lui-même."),
    )
    return render(request, "challenges/organise/code.html", context, status=status)
