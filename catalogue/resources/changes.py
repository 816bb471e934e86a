"""What else happens when a card changes: subjects above register it when the portal starts.

Each registered function is called in the transaction of the change, after its own rows.
"""

from collections.abc import Callable
from typing import Generic, ParamSpec

from wagtail.models import Revision

from catalogue.resources.models import Resource

P = ParamSpec("P")


class Change(Generic[P]):
    """One sort of change, and what follows it, in the order in which it was registered."""

    def __init__(self) -> None:
        self.consequences: list[Callable[P, None]] = []

    def follow(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call what follows the change."""
        for consequence in self.consequences:
            consequence(*args, **kwargs)


# What the public reads of a card was written: the row, fetched with its organisation.
written: Change[[Resource]] = Change()
# A revision is going online: the card as it was before, and the revision.
published: Change[[Resource, Revision]] = Change()
archived: Change[[Resource]] = Change()
restored: Change[[Resource]] = Change()
# A card is being removed for good: its rows are still there.
removed: Change[[Resource]] = Change()
# The quality of a public card is another: its key, its score.
rated: Change[[int, int]] = Change()
