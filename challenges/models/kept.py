"""For how long what programs and code printed is kept."""

from datetime import datetime, timedelta

from django.conf import settings

from portal.lib import clock


def log_is_over(written_at: datetime | None) -> bool:
    """Say whether the days of a log written at this instant have passed."""
    days = timedelta(days=settings.LOGS_KEPT_DAYS)
    return written_at is not None and written_at <= clock.now() - days
