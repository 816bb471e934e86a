"""Run the processes of the embedded mode as one group: none outlives the command."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

PR_SET_PDEATHSIG = 1
RESTART_SECONDS = (0.5, 1.0, 2.0, 5.0)
STOP_SECONDS = 10.0
_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One supervised process: its name, its command and what its environment adds."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    retry_at: float = 0.0

    def start(self) -> None:
        """Start the process in a group of its own; it receives SIGTERM when its parent dies."""
        self.process = subprocess.Popen(  # noqa: S603  # our own commands
            self.command,
            env={**os.environ, **self.environment},
            preexec_fn=_die_with_parent,
            start_new_session=True,
        )

    def sweep(self) -> None:
        """Kill what is left of the process: a schedule that it left behind would run twice."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def tend(self) -> None:
        """Restart the process if it has ended, a little later each time."""
        if self.process is None or self.process.poll() is None:
            return
        now = time.monotonic()
        if self.retry_at == 0.0:
            wait = RESTART_SECONDS[min(self.failures, len(RESTART_SECONDS) - 1)]
            self.retry_at, self.failures = now + wait, self.failures + 1
        elif now >= self.retry_at:
            self.retry_at = 0.0
            self.sweep()
            self.start()


class Supervisor:
    """Keep children running until a signal asks to stop."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = children
        self.stopping = False

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def start(self) -> None:
        """Start the children that do not run yet, and listen to SIGINT and SIGTERM."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        for child in self.children:
            if child.process is None:
                child.start()

    def watch(self) -> None:
        """Tend the children until asked to stop, then end them."""
        while not self.stopping:
            for child in self.children:
                child.tend()
            time.sleep(0.2)
        self.end()

    def end(self) -> None:
        """Ask every child to stop; after ten seconds kill what is left of them and of theirs."""
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
        for child in self.children:
            child.sweep()
        for process in running:
            process.wait()
