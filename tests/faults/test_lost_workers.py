"""A worker that is lost is noticed by any other, even by one in the middle of a long job."""

import json
import threading
import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from challenges.enums import JobKind, JobState
from challenges.models import Job
from challenges.queue import actions as jobs
from challenges.queue import worker as queue_worker
from challenges.queue.worker import Beating
from challenges.sandbox import base
from challenges.worker import Worker
from portal.audit.models import AuditBody, AuditEvent, Heartbeat
from portal.lib import clock
from tests.faults.processes import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault]


def leased() -> Job:
    jobs.put(kind=JobKind.WATCH, subject_id=1, dedup_key="1")
    job = jobs.claim(owner="one")
    assert job is not None
    return job


def test_a_busy_worker_notices_the_lost_one(settings: Any) -> None:
    settings.BEAT_SECONDS = settings.REAP_SECONDS = 0.05
    for number in (1, 2):
        jobs.put(kind=JobKind.WATCH, subject_id=number)
    lost = jobs.claim(owner="lost")
    assert lost is not None
    Job.objects.filter(pk=lost.pk).update(lease_until=clock.now() - timedelta(seconds=1))
    worker = Worker("busy")
    held = jobs.claim(owner=worker.name)
    assert held is not None
    with Beating(held, tidy=worker.tidy) as beating:
        assert until(lambda: Job.objects.get(pk=lost.pk).state == JobState.READY, 10)
        assert until(Heartbeat.objects.filter(name="worker").exists, 10)
    assert not beating.lost.is_set()
    event = AuditEvent.objects.get(action="job.reaped")
    facts = json.loads(AuditBody.objects.get(event=event).body)["facts"]
    assert (facts["owner"], facts["attempt"]) == ("lost", 1)
    assert datetime.fromisoformat(facts["last_beat"]) == lost.beat_at


def test_a_tidying_that_fails_stops_no_beat(settings: Any) -> None:
    settings.BEAT_SECONDS = 0.05
    job, failures = leased(), []

    def fail() -> None:
        failures.append(1)
        raise ValueError("no")

    with Beating(job, tidy=fail) as beating:
        assert until(lambda: len(failures) > 2, 10)
    assert not beating.lost.is_set()
    assert Job.objects.get(pk=job.pk).beat_at > job.beat_at


def test_a_worker_that_hangs_lets_its_job_go_and_leaves(settings: Any) -> None:
    settings.BEAT_SECONDS = settings.JOB_MOST_SECONDS = 0.05
    settings.JOB_STOP_SECONDS, settings.LEASE_SECONDS = 0.05, 1
    job, left = leased(), threading.Event()
    with Beating(job, hung=left.set) as beating:
        assert left.wait(10)
        assert beating.is_over()
        assert until(lambda: Job.objects.abandoned(clock.now()).exists(), 10)


def test_a_silent_database_stops_the_work(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    beating = Beating(leased())
    now = time.monotonic()
    monkeypatch.setattr(queue_worker.time, "monotonic", lambda: now + settings.LEASE_SECONDS - 1)
    assert not beating.is_over()
    monkeypatch.setattr(queue_worker.time, "monotonic", lambda: now + settings.LEASE_SECONDS + 1)
    assert beating.is_over()  # the thread may be waiting for an answer
    assert beating.lost.is_set()


def test_the_program_of_a_lost_job_is_killed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def handle(_job: Job, _truths: object, beating: Beating) -> None:
        beating.lost.set()
        asked.append(base.is_halted())

    watched = queue_worker.Work(handle, bury=lambda _job: None)
    monkeypatch.setitem(queue_worker._works, JobKind.WATCH, watched)
    jobs.put(kind=JobKind.WATCH, subject_id=1, dedup_key="1")
    assert Worker("one").work_one()
    assert asked == [True]
    assert not base.is_halted()
