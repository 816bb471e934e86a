"""Who may have something read just now: one reading a person, a few in all.

Each holds a thread of the web server while another site answers.
"""

import contextlib
from collections.abc import Iterator

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from portal.lib.refusals import QuotaSpent

# A turn that nobody gave back ends by itself: longer than any reading lasts.
LONGEST_SECONDS = 120
OWN_BUSY = _("Une lecture demandée par vous est en cours : attendez qu’elle finisse.")
ALL_BUSY = _("Le portail lit déjà plusieurs descriptions : réessayez dans quelques secondes.")


@contextlib.contextmanager
def reading(person_id: int) -> Iterator[None]:
    """Hold a person's turn and one of PASTES_AT_A_TIME; QuotaSpent when there is none."""
    own = f"paste:of:{person_id}"
    if not cache.add(own, 1, timeout=LONGEST_SECONDS):
        raise QuotaSpent(OWN_BUSY, code="too_many_requests")
    try:
        places = (f"paste:place:{number}" for number in range(settings.PASTES_AT_A_TIME))
        taken = next((key for key in places if cache.add(key, 1, timeout=LONGEST_SECONDS)), None)
        if taken is None:
            raise QuotaSpent(ALL_BUSY, code="too_many_requests")
        try:
            yield
        finally:
            cache.delete(taken)
    finally:
        cache.delete(own)
