"""A worker that is killed takes its programs with it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.challenges.sandbox.words import processes_with

ROOT = Path(__file__).resolve().parents[3]
SECONDS = f"8639{os.getpid()}"
WORKER = f"""
from challenges.sandbox.base import Call
from challenges.sandbox.bubblewrap import Bubblewrap
Bubblewrap().run(Call(("sh", "-c", "sleep {SECONDS} & sleep {SECONDS}"), "/tmp"))
"""


def wait_for(count: int) -> list[str]:
    """Wait until so many programs run, at most a minute."""
    end = time.monotonic() + 60
    while True:
        found = [line for line in processes_with(SECONDS) if line.startswith("sleep")]
        if len(found) == count or time.monotonic() > end:
            return found
        time.sleep(0.02)


@pytest.mark.usefixtures("sandbox")
def test_nothing_outlives_a_killed_worker() -> None:
    worker = subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT)
    try:
        assert len(wait_for(2)) == 2
    finally:
        worker.kill()
        worker.wait()
    assert wait_for(0) == []
