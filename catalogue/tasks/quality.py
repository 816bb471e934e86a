"""Follow what time alone changes in the quality of cards."""

from catalogue.actions import quality
from portal.audit.duties import duty


@duty("catalogue.quality", minutes=24 * 60, by_itself=True)
def follow() -> None:
    """Note the scores that changed since yesterday: updates that did not come, links now dead."""
    quality.note_all()
