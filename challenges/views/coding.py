"""Say, by form, that the teams of a challenge send code, and how it is run."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from challenges.actions import coding
from challenges.enums import ChallengeStatus
from challenges.forms.coding import CodeForm
from challenges.organising.views.drafts import tried
from challenges.organising.views.layout import person, room, run_by


@require_http_methods(["GET", "HEAD", "POST"])
def write_code(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose what teams send; the rules of code change in a draft only."""
    challenge = run_by(request, slug)
    former = coding.rules_of(challenge)
    draft, by = challenge.status == ChallengeStatus.DRAFT, person(request)
    sent = request.POST if request.method == "POST" else None
    form = CodeForm(sent, rules=former, draft=not challenge.is_public)

    def act() -> None:
        if challenge.is_public and form.rules is not None:
            coding.amend(challenge=challenge, rules=form.rules, by=by)
        else:
            coding.settle(challenge=challenge, rules=form.rules, by=by)

    status = tried(form, act, {"code_rules": "layouts"})
    if not status:
        messages.success(request, _("Enregistré."))
        turned = (form.rules is None) != (former is None)
        return redirect("challenges:write_files" if turned else "challenges:write_code", slug)
    context = room(
        challenge,
        "write_code",
        form=form,
        open_to_change=draft or (former is not None and coding.may_amend(challenge)),
        rules=former,
        lede=_("Des fichiers de réponses, ou des programmes que le portail lance lui-même."),
    )
    return render(request, "challenges/organise/code.html", context, status=status)
