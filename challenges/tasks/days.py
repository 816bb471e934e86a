"""Have the ranks of each day kept."""

from challenges.actions import days
from portal.audit.duties import duty


@duty("challenges.days", minutes=60)
def keep_days() -> None:
    """Have the worker write the days that are over, and those that a change moved."""
    days.queue()
