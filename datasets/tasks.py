"""What the app does by itself."""

from datasets.actions import releases
from portal.audit.duties import duty


@duty("datasets.objects", minutes=60, by_itself=True)
def sweep_objects() -> None:
    """Take away the bytes that no row names."""
    releases.sweep()
