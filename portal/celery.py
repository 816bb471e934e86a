"""The Celery application: messages are hints, the database is the queue."""

import os
from pathlib import Path

from celery import Celery
from celery.signals import beat_init, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()


@app.on_after_configure.connect
def _make_folders(sender: Celery, **_: object) -> None:
    options = sender.conf.broker_transport_options or {}
    for name in ("data_folder_in", "data_folder_out", "control_folder"):
        if name in options:
            Path(options[name]).mkdir(parents=True, exist_ok=True)


@worker_init.connect
@beat_init.connect
def _refuse_unsafe_start(**_: object) -> None:
    from portal.checks import refuse_unsafe_start  # noqa: PLC0415  # app ready

    refuse_unsafe_start()
