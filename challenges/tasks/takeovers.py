"""Have the phases that open take over the final choices of those before them."""

from challenges.entries.actions import choices
from challenges.entries.queries import phases_taking_over
from portal.audit.duties import duty
from portal.lib import clock


@duty("challenges.takeovers", minutes=1, by_itself=True)
def take_over() -> None:
    """Copy the choices that are due, a team at a time; what fails is tried again."""
    for phase in phases_taking_over(clock.now()):
        choices.take_over(phase=phase)
