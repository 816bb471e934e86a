"""Deliver what the app owes, and do what it does by itself."""

from datasets.access import tasks as access
from datasets.access.actions import extracts
from datasets.openings import tasks as openings  # noqa: F401  # registers its own
from datasets.releases import tasks as releases  # noqa: F401  # registers its own
from portal.audit.duties import schedule

# Imported so that what they deliver and do by themselves is registered.
TASKS = (access,)

# What the schedule does, and how often.
schedule("datasets.extracts", extracts.remove_ended, minutes=2, by_itself=True)
