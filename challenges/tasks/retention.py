"""Delete what was kept long enough."""

from challenges import retention
from challenges.organising.actions import guests
from portal.audit.duties import duty


@duty("challenges.retention", minutes=24 * 60, by_itself=True)
def keep_no_longer() -> None:
    """Delete the files of teams whose months have passed, empty the logs whose days have."""
    retention.delete_files()
    retention.forget_logs()


@duty("challenges.guests", minutes=24 * 60)
def forget_guests() -> None:
    """Delete the addresses that were invited and did not answer."""
    guests.forget_old()
