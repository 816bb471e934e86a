"""Bound what one person, or one team, sends to others in a while."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from portal.lib import clock
from portal.lib.refusals import QuotaSpent

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def keep_pace(
    rows: QuerySet[Any], *, by: str, most: int, window: timedelta, sentence: str, code: str
) -> None:
    """Refuse one row more where `most` of them are younger than `window`.

    by: the field that dates a row. Raises QuotaSpent, with the instant when the oldest of them
    no longer counts.
    """
    since = clock.now() - window
    times = rows.filter(**{f"{by}__gt": since}).order_by(f"-{by}").values_list(by, flat=True)
    recent = list(times[:most])
    if len(recent) >= most:
        raise QuotaSpent(sentence, code=code, next_opening=recent[-1] + window)
