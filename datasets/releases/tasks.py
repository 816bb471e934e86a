"""Publish the releases whose files came in parts; end old uploads."""

from datasets.releases import uploads
from portal.audit.duties import schedule
from portal.lib.queue import task


@task(uploads.TASK)
def publish_release(pending_id: int) -> None:
    """Publish one release that was asked for."""
    uploads.publish_asked(pending_id)


schedule("datasets.releases", uploads.publish_waiting, uploads.expire, minutes=5, by_itself=True)
