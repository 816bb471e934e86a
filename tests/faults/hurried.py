"""Settings of a worker that a short fault test kills: the same code, a shorter lease."""

from portal.settings import *  # noqa: F403

LEASE_SECONDS = 3
BEAT_SECONDS = 0.5
REAP_SECONDS = 0.5
JOB_BACKOFF_SECONDS = (0.2, 0.5)
WORKER_POLL_SECONDS = 0.1
