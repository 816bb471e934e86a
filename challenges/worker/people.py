"""On whose behalf a job writes: as little of a person as the worker may read."""

from portal.accounts.models import User

# What the worker's role of PostgreSQL reads of a person: no name, no address, no password.
READ = ("id", "public_id", "person_key", "is_active")


def acting(pk: int) -> User:
    """Return the person who asked for a job, their other fields left unread."""
    return User.objects.only(*READ).get(pk=pk)
