"""Each kind of process starts as the operations page says, with its own role of PostgreSQL."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from datasets.vault import form
from portal.lib import signing
from tests import servers
from tests.portal import production
from tests.portal.management.conftest import Roles

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.database,
    pytest.mark.slow,
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="SQLite has no roles; run on PostgreSQL"
    ),
    pytest.mark.skipif(bool(servers.Redis.missing()), reason=servers.Redis.missing()),
]
START_SECONDS = 240
CELERY = ("-m", "celery", "-A", "portal")
# What docs/operations.md tells to start, and the role that it gives to each.
COMMANDS = {
    "worker": ("worker", ("manage.py", "work")),
    "tasks": ("tasks", (*CELERY, "worker", "-Q", "default", "--pool", "solo")),
    "schedule": ("tasks", (*CELERY, "beat")),
}


@dataclass(frozen=True)
class Started:
    """The processes by name, and where the web answers."""

    running: dict[str, subprocess.Popen[bytes]]
    port: int


def environment(folder: Path, kind: str, url: str, broker: str) -> dict[str, str]:
    """Give good production values for one kind of process; the worker alone has the private key."""
    private = {"HOLDOUT_PRIVATE_KEY_FILE": str(folder / "private.key")}
    return production.environment(
        folder,
        HOME=str(folder),
        PROCESS_KIND=kind,
        TRUSTED_PROXIES="127.0.0.1",
        DATABASE_URL=url,
        BROKER_URL=broker,
        **(private if kind == "worker" else {}),
    )


def make_keys(folder: Path) -> None:
    """Write what the environment names, each for its owner's eyes alone."""
    private, public = form.new_pair()
    signing._generate(folder / "receipt.key")
    (folder / "private.key").write_bytes(private)
    (folder / "public.key").write_bytes(public)
    for name in ("private.key", "receipt.key"):
        (folder / name).chmod(0o400)


@pytest.fixture
def processes(roles: Roles, tmp_path: Path) -> Iterator[Started]:
    """Start the web on a free port, the worker, the tasks and the schedule."""
    make_keys(tmp_path)
    (tmp_path / "var").mkdir()
    port = servers.free_port()
    web = ("-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "2")
    with ExitStack() as stack:
        broker = stack.enter_context(servers.running(servers.Redis())).url
        started = {}
        for name, (kind, command) in {"web": ("web", web), **COMMANDS}.items():
            output = stack.enter_context((tmp_path / f"{name}.log").open("wb"))
            started[name] = process = subprocess.Popen(
                [sys.executable, *command],
                cwd=settings.BASE_DIR,
                env=environment(tmp_path, kind, roles.url(kind), broker),
                stdout=output,
                stderr=output,
            )
            stack.callback(process.wait, timeout=60)
            stack.callback(process.terminate)
        yield Started(started, port)


def health(port: int) -> dict[str, str]:
    """Ask the state of the service as a proxy does: the level of each part."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/sante/?format=json",
        headers={"Host": "portail.invalid", "X-Forwarded-Proto": "https"},
    )
    with suppress(OSError), urllib.request.urlopen(request, timeout=10) as answer:
        return {check["key"]: check["level"] for check in json.load(answer)["checks"]}
    return {}


def test_each_kind_of_process_starts_with_its_own_role(processes: Started, tmp_path: Path) -> None:
    def said() -> str:
        return "\n".join(path.read_text("utf-8")[-1_500:] for path in tmp_path.glob("*.log"))

    deadline = time.monotonic() + START_SECONDS
    levels: dict[str, str] = {}
    # The tasks give a sign of life when the schedule asks for it.
    while {levels.get(key) for key in ("database", "worker", "tasks")} != {"good"}:
        ended = {name: process.poll() for name, process in processes.running.items()}
        assert set(ended.values()) == {None}, (ended, said())
        assert time.monotonic() < deadline, (levels, said())
        time.sleep(0.5)
        levels = health(processes.port)
    assert "permission denied" not in said()
