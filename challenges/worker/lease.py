"""Keep a job's lease alive while the work runs."""

import logging
import threading
from collections.abc import Callable
from types import TracebackType

from django.conf import settings
from django.db import DatabaseError, connection

from challenges.actions import jobs
from challenges.models import Job

log = logging.getLogger("portal.worker")


class Beating:
    """Beat every few seconds from a thread; `lost` is set when the lease was taken away.

    tidy: what the worker does between two jobs; the thread does it while this one lasts, so that
    a long job delays neither the jobs of a lost worker nor the signs of life.
    """

    def __init__(self, job: Job, *, tidy: Callable[[], None] | None = None) -> None:
        if job.lease_token is None:
            raise ValueError("the job is not leased")
        self._tidy = tidy
        self.job_id, self.token = job.pk, job.lease_token
        self.lost = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="beat", daemon=True)

    def __enter__(self) -> "Beating":
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

    def _beat(self) -> None:
        try:
            while not self._stop.wait(settings.BEAT_SECONDS):
                self._once()
        finally:
            connection.close()  # the thread's own

    def _once(self) -> None:
        try:
            if not jobs.beat(job_id=self.job_id, token=self.token):
                self.lost.set()
            if self._tidy is not None:
                self._tidy()
        except DatabaseError as error:  # it may be back before the lease ends
            log.warning("no beat for %s: %s", self.job_id, type(error).__name__)
            connection.close()
        except Exception:  # a boundary: what fails in the tidying must not end the beats
            log.exception("tidying beside %s failed", self.job_id)
