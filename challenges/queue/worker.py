"""What the worker holds while it works: the lease of a job, its folder, who asked.

A killed process removes nothing: a deposit being read, an archive unpacked, a draft being written
would stay in clear. The temporary files of a worker lie in one folder of its own, held by a lock
that dies with it; the next worker of the same user on this host removes those that nobody holds.
What lies in memory is named by its process: `sandbox.rooms`.
"""

import fcntl
import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection

from challenges.queue import actions as jobs
from challenges.queue.actions import Buried
from challenges.queue.enums import JobKind
from challenges.queue.models import Job
from portal.accounts.models import User

log = logging.getLogger("portal.worker")


@dataclass(frozen=True)
class Work:
    """What does the jobs of a kind, and what moves on the subject of one that is dead.

    do: called with the job, what this worker keeps open, and the lease. most_seconds: how long one
    attempt at a job may last; JOB_MOST_SECONDS where the kind says nothing.
    """

    do: Callable[[Job, Any, "Beating"], None]
    bury: Buried
    most_seconds: Callable[[Job], float] | None = None


_works: dict[str, Work] = {}


def register(
    kind: JobKind,
    do: Callable[[Job, Any, "Beating"], None],
    *,
    bury: Buried,
    most_seconds: Callable[[Job], float] | None = None,
) -> None:
    """Say what does the jobs of a kind; each subject says it of its own, at start."""
    _works[kind] = Work(do, bury, most_seconds)


def work_of(kind: str) -> Work:
    """Return what does the jobs of a kind."""
    return _works[kind]


def bury(job: Job) -> None:
    """Move on the subject of a dead job."""
    work_of(job.kind).bury(job)


class Beating:
    """Beat every few seconds from a thread; `lost` is set when the work must stop.

    That is: the lease was taken away, no beat succeeded for as long as it lasts, or the job passed
    the time that one of its kind may take. Nothing beats any more then: a worker that hangs keeps
    no job, and gives no sign of life. `unanswered` tells the second case: no fault of the job.
    tidy: what the worker does between two jobs; the thread does it while this one lasts, so that
    a long job delays neither the jobs of a lost worker nor the signs of life. hung: called when
    the work has not stopped although it had to. asks: what the work has asked before each beat; it
    may put the job off, which takes the lease away.
    """

    def __init__(
        self,
        job: Job,
        *,
        tidy: Callable[[], None] | None = None,
        hung: Callable[[], None] | None = None,
    ) -> None:
        if job.lease_token is None:
            raise ValueError("the job is not leased")
        self._tidy, self._hung = tidy, hung
        self.asks: Callable[[], object] | None = None
        self.job, self.job_id, self.token = job, job.pk, job.lease_token
        self.lost = threading.Event()
        self._began = self._held = time.monotonic()
        self._most: float | None = None
        self.unanswered = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="beat", daemon=True)

    def __enter__(self) -> "Beating":
        self._began = self._held = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def is_over(self) -> bool:
        """Say whether the work must stop, even while the database leaves a beat unanswered."""
        if time.monotonic() - self._held > settings.LEASE_SECONDS and not self.lost.is_set():
            self.unanswered = True
            self.lost.set()
        return self.lost.is_set()

    def _beat(self) -> None:
        try:
            while not self._stop.wait(settings.BEAT_SECONDS):
                self._once()
                if self.lost.is_set():
                    break
        finally:
            connection.close()  # the thread's own
        if self.lost.is_set() and not self._stop.wait(settings.JOB_STOP_SECONDS):
            log.error("job %s %s does not stop", self.job.kind, self.job_id)
            if self._hung is not None:
                self._hung()

    def _once(self) -> None:
        try:
            if self.asks is not None:
                self.asks()
            if jobs.beat(job_id=self.job_id, token=self.token):
                self._held = time.monotonic()
            else:
                self.lost.set()
            if not self.lost.is_set() and self._is_too_long():
                log.warning("job %s %s lasts too long", self.job.kind, self.job_id)
                self.lost.set()
            if self._tidy is not None and not self.lost.is_set():
                self._tidy()
        except DatabaseError as error:  # it may be back before the lease ends
            log.warning("no beat for %s: %s", self.job_id, type(error).__name__)
            connection.close()
        except Exception:  # a boundary: what fails in the tidying must not end the beats
            log.exception("tidying beside %s failed", self.job_id)
        self.is_over()

    def _is_too_long(self) -> bool:
        if self._most is None:  # asked at the first beat: a short job costs no query
            self._most = most_seconds(self.job)
        return time.monotonic() - self._began > self._most


def most_seconds(job: Job) -> float:
    """Return how long one attempt at a job may last."""
    limit = work_of(job.kind).most_seconds
    return limit(job) if limit is not None else float(settings.JOB_MOST_SECONDS)


FOLDER_PREFIX, FOLDER_LOCK = "openemploi-work-", "held"
BORN_SECONDS = 5.0  # a folder so young may not be held yet
_folder_roots: list[Path] = []  # where this process has its folder


@contextmanager
def temporary_folder() -> Iterator[None]:
    """Write the temporary files of this process in a folder of its own, removed at the end."""
    before, root = tempfile.tempdir, Path(tempfile.gettempdir())
    with locked_folder(root) as folder:
        tempfile.tempdir = str(folder)
        _folder_roots.append(root)
        try:
            yield
        finally:
            _folder_roots.remove(root)
            tempfile.tempdir = before


def clean_folders() -> int:
    """Remove what other workers left on disk since they were killed; return how many folders."""
    return sum(remove_left_folders(root) for root in _folder_roots)


@contextmanager
def locked_folder(root: Path) -> Iterator[Path]:
    """Make a folder that a lock holds, after those of dead workers are removed."""
    remove_left_folders(root)
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=root))
    folder.chmod(0o711)  # the rooms of runs inside belong to another user
    try:
        with (folder / FOLDER_LOCK).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_left_folders(root: Path) -> int:
    """Remove the folders that killed workers of this user left; return how many."""
    return sum(_remove_folder(folder) for folder in sorted(root.glob(f"{FOLDER_PREFIX}*")))


def _remove_folder(folder: Path) -> bool:
    try:
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
            return False
        with (folder / FOLDER_LOCK).open() as file:
            if time.time() - os.fstat(file.fileno()).st_mtime < BORN_SECONDS:
                return False
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
            return True
    except OSError:  # held by a living worker, or going away by itself
        return False


# What the worker's role of PostgreSQL reads of a person: no name, no address, no password.
PERSON_FIELDS = ("id", "public_id", "person_key", "is_active")


def acting_person(pk: int) -> User:
    """Return the person who asked for a job, their other fields left unread."""
    return User.objects.only(*PERSON_FIELDS).get(pk=pk)
