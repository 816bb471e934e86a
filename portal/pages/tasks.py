"""What the schedule does for the editorial pages."""

from portal.audit.duties import duty
from portal.pages import searching


@duty("pages.search_texts", minutes=4)
def catch_up() -> None:
    """Let the search find the pages that were put online without a publication of Wagtail's."""
    searching.catch_up()
