"""The page that ends a challenge for good."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from challenges import rules
from challenges.actions import archives
from challenges.enums import CHALLENGE_EDGES, ChallengeStatus
from challenges.forms import ArchiveForm
from challenges.views.rooms import find_to_run, room
from challenges.views.teams import person
from portal.accounts.authorization import require
from portal.accounts.stepup import step_up_required
from portal.lib.refusals import Conflict


@require_http_methods(["GET", "HEAD", "POST"])
@step_up_required
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what archiving ends, and archive with a public reason."""
    challenge = find_to_run(request, slug)
    by = person(request)
    form, status = ArchiveForm(), 200
    if request.method == "POST":
        require(rules.may_archive_challenge, by, challenge)
        form, status = ArchiveForm(request.POST), 422
        if form.is_valid():
            try:
                archives.archive(challenge=challenge, reason=form.cleaned_data["reason"], by=by)
            except Conflict as refusal:
                form.add_error(None, str(refusal))
                status = 409
            else:
                messages.success(request, _("Challenge archivé."))
                return redirect("challenges:organiser", slug)
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
