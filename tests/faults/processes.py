"""Real processes of the portal on the test's own database, and the means to kill them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from portal.management.commands.up import CELERY, QUIET_ABOUT_ROOT

ROOT = Path(__file__).resolve().parent.parent.parent


def database_url() -> str:
    """Return the address of the database under test."""
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    return (
        f"postgresql://{given['USER']}:{given['PASSWORD']}@{given['HOST']}:{given['PORT']}"
        f"/{given['NAME']}"
    )


class PortalProcess:
    """One command of the portal in its own process group; no broker answers it by default."""

    def __init__(
        self, var: Path, *command: str, name: str, hurried: bool = False, **environment: str
    ) -> None:
        self.log = (var / f"{name}.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(var),
                "TMPDIR": os.environ.get("TMPDIR", "/tmp"),  # noqa: S108  # the host's own
                "LANG": "C.UTF-8",
                "DJANGO_SETTINGS_MODULE": "tests.faults.hurried" if hurried else "portal.settings",
                "VAR_DIR": str(var),
                "SECRET_KEY": settings.SECRET_KEY,
                "DATABASE_URL": database_url(),
                "OBJECTS_URL": settings.OBJECTS_URL,
                "BROKER_URL": "redis://127.0.0.1:1/0",
                "HOLDOUT_PUBLIC_KEY_FILE": settings.HOLDOUT_PUBLIC_KEY_FILE,
                "RECEIPT_KEY_FILE": settings.RECEIPT_KEY_FILE,
                **environment,
            },
        )

    @property
    def pid(self) -> int:
        """Return the process id, the end of the owner's name in a lease."""
        return self.process.pid

    def kill(self) -> None:
        """Kill the group as the machine would: no goodbye."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def stop(self) -> None:
        """Ask to stop, as an administrator would."""
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.kill()
        self.log.close()


class WorkerProcess(PortalProcess):
    """One `manage.py work`, with the private key."""

    def __init__(self, var: Path, *, hurried: bool, **environment: str) -> None:
        key = {"HOLDOUT_PRIVATE_KEY_FILE": settings.EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE}
        command = (str(ROOT / "manage.py"), "work")
        super().__init__(var, *command, name="worker", hurried=hurried, **key, **environment)


class TasksProcess(PortalProcess):
    """The process that takes messages, as `up` starts it; with the schedule unless told not to."""

    def __init__(self, var: Path, *, schedule: bool = True, **environment: str) -> None:
        words = [word for word in CELERY.split() if schedule or word != "--beat"]
        command = ("-W", QUIET_ABOUT_ROOT, "-m", *words)
        super().__init__(var, *command, name="tasks", **environment)


def run_once(
    var: Path, *command: str, name: str, point: str = "", seconds: float = 120, **environment: str
) -> int:
    """Run a command to its end, killed at a point when one is named; return how it ended."""
    failpoint = {"OE_FAILPOINT": point} if point else {}
    running = PortalProcess(var, *command, name=name, **failpoint, **environment)
    try:
        return int(running.process.wait(timeout=seconds))
    finally:
        running.kill()  # closes its log


def killed_worker(var: Path, point: str, **environment: str) -> WorkerProcess:
    """Start a worker that dies at a point; return it dead."""
    worker = WorkerProcess(var, hurried=True, OE_FAILPOINT=point, **environment)
    try:
        assert until(lambda: worker.process.poll() is not None, 60), point
    finally:
        worker.kill()  # closes its log
    assert worker.process.returncode == 9
    return worker


def until(done: Callable[[], Any], seconds: float, *, every: float = 0.05) -> bool:
    """Wait for something; False when the time is over."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True
