"""Ask who answers for a card to read it again, a year after it was last reviewed."""

from datetime import timedelta

from django.db.models import Exists, OuterRef

from catalogue.models import HarvestedRecord, Resource
from portal.audit.outbox import owe
from portal.lib import clock

# A card is asked about once; one that was missed is caught up with for a month.
CAUGHT_UP_DAYS = 30


def remind_due() -> int:
    """Owe one letter for each public card whose review is due since less than a month.

    Cards that a source fills or that are archived are left out. Returns how many are due; a card
    already asked about for the same date is owed nothing more.
    """
    now = clock.now()
    fed = HarvestedRecord.objects.filter(resource=OuterRef("pk"))
    due = Resource.objects.public().filter(
        ~Exists(fed),
        archived_at=None,
        next_review_at__lte=now,
        next_review_at__gt=now - timedelta(days=CAUGHT_UP_DAYS),
    )
    asked = list(due.order_by("pk").values_list("pk", "next_review_at"))
    for pk, at in asked:
        owe("mail.card_to_review", key=f"{pk}:{at:%Y-%m-%d}", resource_id=pk)
    return len(asked)
