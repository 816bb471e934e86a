"""The scoring worker: claim a job, do it, end it by an action; nothing here needs a broker.

Long work is done outside any transaction. The queue is polled every second.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.db import DatabaseError, connection

from challenges.evaluation import worker as evaluator
from challenges.evaluation.actions import sweeps
from challenges.exchange import worker as exchange_worker
from challenges.organising.actions import challenges
from challenges.programs import worker as program_worker
from challenges.programs.actions import code as team_code
from challenges.queue import actions as jobs
from challenges.queue import worker as queue_worker
from challenges.queue.models import Job
from challenges.queue.worker import Beating
from challenges.rescoring import worker as rescoring_worker
from challenges.rescoring.actions import trials
from challenges.results import worker as result_worker
from challenges.sandbox.base import halted_by
from datasets import gate
from datasets.access.actions import extracts
from portal.audit.duties import beat
from portal.lib import clock
from portal.lib.meanwhile import meanwhile

log = logging.getLogger("portal.worker")
# Imported so that what they do is registered.
WORKERS = (evaluator, rescoring_worker, result_worker, program_worker, exchange_worker)
_BOUNDARY_SECONDS = 5.0
_IDLE_SECONDS = 0.2


class Worker:
    """One process that works: its name, what it has opened, when it last tidied."""

    def __init__(self, name: str = "", *, hung: Callable[[], None] | None = None) -> None:
        self.name = name or f"worker-{socket.gethostname()}-{os.getpid()}"
        self.truths = evaluator.Truths()
        self._hung = hung
        self._tidied = float("-inf")
        self._tidied_whole = time.monotonic()
        self._reaps_from = float("-inf")
        self._interrupted: Job | None = None  # by a database that went away: the queue has it not
        self._claimed = False

    def work_one(self) -> bool:
        """Do the next due job, or else build an extract that is due; False when there is none."""
        self._put_back()
        job = jobs.claim(owner=self.name)
        if job is None:
            # What has no lease delays no sign of life.
            beside = partial(meanwhile, self.tidy, every=settings.BEAT_SECONDS)
            return extracts.build_due(beside=beside)
        self._claimed = True
        with Beating(job, tidy=self.tidy, hung=self._hung) as beating, halted_by(beating.is_over):
            self._do(job, beating)
        if beating.unanswered:
            self._interrupted = job
        return True

    def _put_back(self) -> None:
        """Give the queue the job that a silent database interrupted; its attempt does not count."""
        if self._interrupted is not None:
            jobs.postpone(job=self._interrupted, seconds=0, code=jobs.DATABASE_AWAY)
            self._interrupted = None

    def _do(self, job: Job, beating: Beating) -> None:
        try:
            queue_worker.work_of(job.kind).do(job, self.truths, beating)
        except Exception as error:  # the boundary of the worker
            self._interrupted = job
            away = jobs.outage(error)
            if away == jobs.DATABASE_AWAY:
                raise  # the loop waits for the database
            # The type only: a message could hold a value of the held-out data.
            code = away or str(getattr(error, "code", "") or type(error).__name__)
            log.warning("job %s %s attempt %d: %s", job.kind, job.pk, job.attempt, code)
            if away:
                jobs.postpone(job=job, code=away)
            else:
                jobs.give_back(job=job, code=code, buried=queue_worker.bury)
            self._interrupted = None

    def tidy(self, *, force: bool = False) -> None:
        """Every few seconds: sign of life, abandoned jobs, missing jobs, passed closes."""
        now = time.monotonic()
        if not force and now - self._tidied < settings.REAP_SECONDS:
            return
        self._tidied = now
        if now - self._tidied_whole > settings.LEASE_SECONDS:
            # The database was away, or we were: the others could not beat, or will now.
            self._reaps_from = now + settings.LEASE_SECONDS
        lacks = evaluator.missing_isolation()
        beat(
            "worker",
            claimed=self._claimed,
            process=self.name,
            isolates=lacks is None,
            **({"lacks": lacks.sentence} if lacks else {}),
        )
        self._claimed = False
        evaluator.clean_rooms()
        queue_worker.clean_folders()
        if now >= self._reaps_from:
            jobs.reap(buried=queue_worker.bury)
        self._tidied_whole = now  # the database answers, whatever fails below
        trials.sweep_trials()
        team_code.sweep_trials()
        sweeps.sweep_entries()
        challenges.close_those_over()

    def stop(self) -> None:
        """Forget what was opened."""
        self.truths.forget()


def run(stop: threading.Event, *, name: str = "") -> None:
    """Work until asked to stop; a database that goes away is waited for."""
    with queue_worker.temporary_folder():
        _work(stop, name)


def _leave() -> None:
    """End this process, whose work does not stop: its supervisor starts another."""
    os._exit(os.EX_SOFTWARE)


def _work(stop: threading.Event, name: str) -> None:
    worker = Worker(name, hung=_leave)
    while not stop.is_set():
        try:
            worker.tidy()
            if worker.work_one():
                continue
        except DatabaseError as error:
            log.warning("database: %s", type(error).__name__)
            connection.close()
            stop.wait(_BOUNDARY_SECONDS)
        stop.wait(settings.WORKER_POLL_SECONDS)
    worker.stop()


def drain(
    done: Callable[[], bool] | None = None, *, seconds: float = 600.0, name: str = ""
) -> bool:
    """Work until `done` says so, or until nothing is left but what a pause holds.

    False when time ran out.

    For commands that do the worker's job themselves; in embedded mode the process takes the
    private key.
    """
    gate.act_as_worker()
    worker = Worker(name)
    deadline = time.monotonic() + seconds
    finished = done or (lambda: not Job.objects.alive().unheld(clock.now()).exists())
    try:
        worker.tidy(force=True)
        while time.monotonic() < deadline:
            if _turn(worker):
                continue
            if finished():
                return True
            time.sleep(_IDLE_SECONDS)
        return finished()
    finally:
        worker.stop()


def _turn(worker: Worker) -> bool:
    """Do one job; a database that is busy or away for a moment is no reason to give up."""
    try:
        if worker.work_one():
            return True
        worker.tidy()
    except DatabaseError as error:
        log.warning("database: %s", type(error).__name__)
        connection.close()
    return False
