"""Run the processes of the embedded mode as one group: none outlives the command."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
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
    reloads: bool = False  # it sees by itself that the code has changed
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    retry_at: float = 0.0

    def start(self) -> None:
        """Start the process in a group of its own; it receives SIGTERM when its parent dies."""
        self.retry_at = 0.0
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

    def stop(self) -> None:
        """Ask the process to end; after ten seconds, and in any case its own, kill what is left."""
        if self.process is not None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=STOP_SECONDS)
            self.sweep()
            self.process.wait()

    def tend(self) -> None:
        """Restart the process if it has ended, a little later each time."""
        if self.process is None or self.process.poll() is None:
            return
        now = time.monotonic()
        if self.retry_at == 0.0:
            wait = RESTART_SECONDS[min(self.failures, len(RESTART_SECONDS) - 1)]
            self.retry_at, self.failures = now + wait, self.failures + 1
        elif now >= self.retry_at:
            self.sweep()
            self.start()


class Sources:
    """The Python files of some folders, and whether one has changed since the last question."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = tuple(folders)
        self._dates = self._read()

    def have_changed(self) -> bool:
        """Say whether a file was written, added or removed since this was last asked."""
        before, self._dates = self._dates, self._read()
        return before != self._dates

    def _read(self) -> dict[Path, int]:
        dates: dict[Path, int] = {}
        for folder in self._folders:
            for path in folder.rglob("*.py"):
                with suppress(FileNotFoundError):
                    dates[path] = path.stat().st_mtime_ns
        return dates


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

    def watch(self, has_changed: Callable[[], bool] = lambda: False) -> None:
        """Tend the children until asked to stop, then end them.

        has_changed: asked five times a second; once it answers yes, all start again but those
        that see to it themselves.
        """
        while not self.stopping:
            if has_changed():
                for child in self.children:
                    if not child.reloads:
                        child.stop()
                        child.start()
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
