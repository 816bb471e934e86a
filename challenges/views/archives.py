"""The page that ends a challenge for good."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from challenges import rules
from challenges.enums import CHALLENGE_EDGES, ChallengeStatus
from challenges.models import Challenge
from challenges.organising.actions import challenges
from challenges.organising.forms.challenges import ArchiveForm
from challenges.views.head import person
from challenges.views.rooms import find_to_run, room
from portal.accounts.authorization import require
from portal.accounts.stepup import step_up_required
from portal.lib.refusals import Conflict


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Say what archiving ends, and archive with a public reason."""
    if request.method == "POST":
        return _archive(request, slug)
    return _show(request, find_to_run(request, slug), ArchiveForm())


@step_up_required
def _archive(request: HttpRequest, slug: str) -> HttpResponse:
    challenge, by = find_to_run(request, slug), person(request)
    require(rules.may_archive_challenge, by, challenge)
    form = ArchiveForm(request.POST)
    if not form.is_valid():
        return _show(request, challenge, form, status=422)
    try:
        challenges.archive(challenge=challenge, reason=form.cleaned_data["reason"], by=by)
    except Conflict as refusal:
        form.add_error(None, str(refusal))
        return _show(request, challenge, form, status=409)
    messages.success(request, _("Challenge archivé."))
    return redirect("challenges:organiser", slug)


def _show(
    request: HttpRequest, challenge: Challenge, form: ArchiveForm, *, status: int = 200
) -> HttpResponse:
    by = person(request)
    edges = CHALLENGE_EDGES[ChallengeStatus(challenge.status)]
    edits = rules.may_edit_challenge(by, challenge)
    context = room(
        challenge,
        "organiser_archive",
        edits=edits,
        follows=edits or rules.may_follow_challenge(by, challenge),
        form=form,
        over=challenge.status == ChallengeStatus.ARCHIVED,
        ready=ChallengeStatus.ARCHIVED in edges,
        published=challenge.status == ChallengeStatus.REVEALED,
        allowed=rules.may_archive_challenge(by, challenge),
    )
    return render(request, "challenges/organise/archive.html", context, status=status)
