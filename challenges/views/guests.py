"""Invitations to take part: the organisers' page, and the page of a link."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from challenges.enums import ChallengeStatus, InvitationState, RegistrationMode
from challenges.models import Challenge, Guest
from challenges.organising import queries as reads
from challenges.organising.actions import guests as acts
from challenges.organising.forms.challenges import GuestsForm
from challenges.teams.queries import is_registered
from challenges.views.head import person, scene
from challenges.views.rooms import room, run_by
from challenges.views.trying import tried
from portal.lib import clock

PER_PAGE = 50
FACES = {
    acts.Outcome.INVITED: (gettext_lazy("Invitée"), "pin", "circle-check"),
    acts.Outcome.IN: (gettext_lazy("Inscrite"), "pin", "users"),
    acts.Outcome.KNOWN: (gettext_lazy("Déjà invitée"), "ardoise", "mail"),
    acts.Outcome.LATER: (gettext_lazy("Demain"), "ocre", "hourglass"),
    acts.Outcome.REFUSED: (gettext_lazy("Refusée"), "garance", "circle-x"),
}


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """List who is invited; invite addresses by POST, and say what became of each line."""
    challenge = run_by(request, slug)
    form = GuestsForm(request.POST if request.method == "POST" else None)
    report: list[acts.Line] = []
    status = tried(
        form,
        lambda: report.extend(
            acts.invite(challenge=challenge, lines=form.lines, by=person(request))
        ),
        dict.fromkeys(("too_many", "not_by_invitation", "guests_not_now"), "addresses"),
    )
    if status:
        return _show(request, challenge, form=form, status=status)
    # What could not leave stays in the form, to be mended.
    left = "\n".join(each.text for each in report if each.outcome in {"refused", "later"})
    again = GuestsForm(initial={"addresses": left})
    return _show(request, challenge, form=again, report=report)


@require_POST
def withdraw(request: HttpRequest, slug: str, guest: UUID) -> HttpResponse:
    """Take an invitation back."""
    found = _found(run_by(request, slug), guest)
    acts.withdraw(guest=found, by=person(request))
    messages.success(request, _("Invitation retirée. Qui s’est déjà inscrit reste inscrit."))
    return redirect("challenges:guests", slug)


@login_not_required
@require_safe
def invitation(request: HttpRequest, slug: str, guest: UUID, token: str) -> HttpResponse:
    """Show an invitation to whoever holds its link: how to take part, or why it ended."""
    context = scene(request, slug, "rules")
    challenge = context["challenge"]
    found = acts.by_link(challenge, guest, token)
    signed_in = request.user.is_authenticated
    context |= {
        "invitation": found,
        "taken": found.state == InvitationState.ACCEPTED,
        "live": found.is_open(context["now"]) and challenge.status == ChallengeStatus.PUBLISHED,
        "fits": signed_in
        and challenge.guests.inviting(person(request), at=context["now"])
        .filter(pk=found.pk)
        .exists(),
        "registered": signed_in and is_registered(challenge, request.user),
    }
    return render(request, "challenges/guest.html", context)


def _found(challenge: Challenge, guest: UUID) -> Guest:
    return get_object_or_404(challenge.guests.select_related("challenge"), public_id=guest)


def _show(
    request: HttpRequest,
    challenge: Challenge,
    *,
    form: GuestsForm | None = None,
    report: Sequence[acts.Line] = (),
    status: int = 200,
) -> HttpResponse:
    now = clock.now()
    listed = Paginator(reads.guests_of(challenge), PER_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = room(
        challenge,
        "guests",
        form=form or GuestsForm(),
        report=[(each, *FACES[each.outcome]) for each in report],
        counts=reads.guest_counts(challenge),
        page=listed,
        rows=[{"guest": each, "open": each.is_open(now)} for each in listed],
        by_invitation=challenge.registration == RegistrationMode.INVITED,
        may_invite=challenge.status == ChallengeStatus.PUBLISHED,
        wrong=status != 200,
    )
    return render(request, "challenges/organise/guests.html", context, status=status)
