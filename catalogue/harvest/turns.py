"""Who may have something read just now: one reading a person, a few in all.

Each holds a thread of the web server while another site answers.
"""

import contextlib
from collections.abc import Iterator

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.lib import rates
from portal.lib.refusals import QuotaSpent

# A turn that nobody gave back ends by itself: longer than any reading lasts.
LONGEST_SECONDS = 120
OWN_BUSY = _("Une lecture demandée par vous est en cours : attendez qu’elle finisse.")
ALL_BUSY = _("Le portail lit déjà plusieurs descriptions : réessayez dans quelques secondes.")


@contextlib.contextmanager
def reading(person_id: int) -> Iterator[None]:
    """Hold a person's turn and one of PASTES_AT_A_TIME; QuotaSpent when there is none."""
    own = rates.take_turn(f"paste:of:{person_id}", most=1, seconds=LONGEST_SECONDS)
    if own is None:
        raise QuotaSpent(OWN_BUSY, code="too_many_requests")
    try:
        place = rates.take_turn("paste", most=settings.PASTES_AT_A_TIME, seconds=LONGEST_SECONDS)
        if place is None:
            raise QuotaSpent(ALL_BUSY, code="too_many_requests")
        try:
            yield
        finally:
            place.give_back()
    finally:
        own.give_back()
