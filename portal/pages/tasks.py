"""What the schedule does for the editorial pages."""

from portal.audit.duties import schedule
from portal.pages import searching

# What the schedule does, and how often.
schedule("pages.search_texts", searching.catch_up, minutes=4)
