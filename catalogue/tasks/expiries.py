"""Set aside, each hour, the news whose last day is over."""

from catalogue.actions import expiries
from portal.audit.duties import duty


@duty("catalogue.expiries", minutes=60, by_itself=True)
def settle() -> None:
    """Set aside what is over."""
    expiries.settle_due()
