"""Find what a request to an endpoint names, among what its owner may see."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from challenges.organising import rules as organising_rules
from challenges.organising.models.challenges import Challenge, Phase
from challenges.organising.queries import current_phase, phase_of
from portal.accounts.views import person
from portal.lib import clock, visible
from portal.lib.refusals import Closed, Hidden


def challenge_named(request: HttpRequest, slug: str) -> Challenge:
    """Return a challenge that the caller may read; raises Hidden for any other."""
    return visible.find(
        Challenge.objects.visible_to(request.user), among=Challenge.objects.all(), slug=slug
    )


def phase_to_enter(challenge: Challenge, index: int | None = None) -> Phase:
    """Return the phase of this index, by default the one in view; raises Closed without one."""
    if index is not None:
        return phase_of(challenge, index)
    phase = current_phase(list(challenge.phases.all()), clock.now())
    if phase is None:
        raise Closed(_("Ce challenge n’a pas encore de phase."), code="phase_closed")
    return phase


def phase_to_run(request: HttpRequest, challenge: Challenge, index: int) -> Phase:
    """Return a phase for who runs the challenge or decides on it; raises Hidden for others."""
    phase = phase_of(challenge, index)
    if not may_run(request, phase):
        raise Hidden(denied=challenge)
    return phase


def may_run(request: HttpRequest, phase: Phase) -> bool:
    """Say whether the caller runs the challenge of a phase, or decides on it for the Region."""
    by = person(request)
    return organising_rules.may_read_cockpit(by, phase.challenge) or organising_rules.is_apart(
        by, phase.challenge
    )
