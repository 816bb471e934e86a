"""What the app does by itself."""

from datasets.releases import actions as releases
from portal.audit.duties import schedule

# What the schedule does, and how often.
schedule("datasets.objects", releases.sweep, minutes=60, by_itself=True)
