"""Point the application of this process at a broker, and read what waits there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from celery import current_app

from portal.lib import queue
from portal.settings.services import IMPATIENT

NAMES = ("broker_url", "broker_write_url", "broker_read_url")
KEPT = (*NAMES, "broker_transport_options", "task_default_queue")


def folder_options(folder: Path) -> dict[str, str]:
    """Return the options of the embedded broker below a folder of state."""
    messages = str(folder / "queue")
    return {
        "data_folder_in": messages,
        "data_folder_out": messages,
        "control_folder": str(folder / "queue-control"),
    }


@contextmanager
def pointed(url: str, *, folder: Path, name: str = "default") -> Iterator[None]:
    """Send to this broker, on the queue of this name. folder: where the embedded one keeps all."""
    options: dict[str, Any] = {} if url.startswith("memory") else IMPATIENT
    if url.startswith("filesystem"):
        options = folder_options(folder)
        (folder / "queue").mkdir(parents=True, exist_ok=True)
    conf = current_app.conf
    before = {key: conf[key] for key in KEPT}
    _switch(**dict.fromkeys(NAMES, url), broker_transport_options=options, task_default_queue=name)
    try:
        yield
    finally:
        _switch(**before)


def _switch(**values: Any) -> None:
    app = current_app._get_current_object()
    app.conf.update(values)
    app.__dict__.pop("amqp", None)  # what it remembers of the broker before
    app._pool = None
    app.set_current()
    queue._silent_until = 0.0


def messages(*, wait: float = 0.3) -> list[tuple[dict[str, Any], Any]]:
    """Take every message of the queue: (headers, body)."""
    found = []
    with current_app.connection_for_read() as link:
        waiting = link.SimpleQueue(current_app.conf.task_default_queue)
        while True:
            try:
                message = waiting.get(timeout=wait)
            except waiting.Empty:
                break
            assert message.content_type == "application/json"
            found.append((message.headers, message.payload))
            message.ack()
        waiting.close()
    return found
