"""Have the phases that open take over the final choices of those before them."""

from challenges.actions import takeovers
from challenges.queries.takeovers import due
from portal.audit.duties import duty
from portal.lib import clock


@duty("challenges.takeovers", minutes=1, by_itself=True)
def take_over() -> None:
    """Copy the choices that are due, a team at a time; what fails is tried again."""
    for phase in due(clock.now()):
        takeovers.take_over(phase=phase)
