"""One command on an empty folder ends with the portal served, and leaves no process behind."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings

from tests.servers import alive, free_port

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.ci]


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError:
        return 0, ""


def descendants(pid: int) -> set[int]:
    found: set[int] = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) in found | {pid}:
            found.add(int(path.parent.name))
    return found


def test_up_serves_the_home_page_and_stops_clean(tmp_path: Path) -> None:
    port = free_port()
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in {"PATH", "HOME", "LANG", "VIRTUAL_ENV"}
    } | {"PORT": str(port), "VAR_DIR": str(tmp_path)}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            deadline = time.monotonic() + 240
            # The web answers while the content is written; the address is told once all is there.
            while "Ctrl-C" not in (tmp_path / "log").read_text():
                assert process.poll() is None, (tmp_path / "log").read_text()
                assert time.monotonic() < deadline, (tmp_path / "log").read_text()
                time.sleep(0.3)
            status, body = get(f"http://127.0.0.1:{port}/")
            assert status == 200
            assert "Open Emploi" in body
            for path in ("/ressources/", "/challenges/", "/donnees/", "/en/", "/sante/"):
                assert get(f"http://127.0.0.1:{port}{path}")[0] == 200, path
            family = descendants(process.pid)
            assert len(family) >= 3
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
    said = (tmp_path / "log").read_text()
    assert "administration" in said  # the passwords were shown
    deadline = time.monotonic() + 10
    while (left := [pid for pid in family if alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert [Path(f"/proc/{pid}/cmdline").read_text() for pid in left] == []
