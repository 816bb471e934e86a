"""Leases: a lost worker is noticed by any other, even by one in the middle of a long job."""

import json
import threading
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from challenges.models import Job
from challenges.queue import actions as jobs
from challenges.queue import worker as queue_worker
from challenges.queue.enums import JobKind, JobState
from challenges.queue.worker import Beating
from challenges.sandbox import base
from challenges.worker import Worker
from portal.audit.models import AuditBody, AuditEvent, Heartbeat
from portal.lib import clock
from tests.faults.processes import until
from tests.properties import HealthCheck, settings
from tests.properties import strategies as st

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


JOBS = 4


class Leases(RuleBasedStateMachine):
    """Two workers that may stop at any time, a clock that only goes forward."""

    moment = clock.now

    def __init__(self) -> None:
        super().__init__()
        self.ahead = timedelta()
        self.held: list[Job] = []
        self.ended: dict[str, int] = {}
        self.buried: list[str] = []
        self.savepoint: Any = None

    @initialize()
    def fill(self) -> None:
        self.start = Leases.moment()
        self.savepoint = transaction.savepoint()
        clock.now = lambda: self.start + self.ahead
        for number in range(JOBS):
            jobs.put(kind=JobKind.SCORE, subject_id=number)

    def teardown(self) -> None:
        clock.now = Leases.moment
        if self.savepoint:
            transaction.savepoint_rollback(self.savepoint)

    @rule(seconds=st.integers(0, 40))
    def wait(self, seconds: int) -> None:
        self.ahead += timedelta(seconds=seconds, milliseconds=1)

    @rule(owner=st.sampled_from(["a", "b"]))
    def claim(self, owner: str) -> None:
        job = jobs.claim(owner=owner)
        if job is not None:
            assert job.dedup_key not in self.ended
            self.held.append(job)

    @rule(data=st.data())
    def beat(self, data: st.DataObject) -> None:
        if self.held:
            job = data.draw(st.sampled_from(self.held))
            alive = jobs.beat(job_id=job.pk, token=job.lease_token)
            assert alive == self.owns(job)

    @rule(data=st.data())
    def complete(self, data: st.DataObject) -> None:
        if self.held:
            job = data.draw(st.sampled_from(self.held))
            owned = self.owns(job)
            assert jobs.complete(job) == owned
            if owned:
                self.ended[job.dedup_key] = self.ended.get(job.dedup_key, 0) + 1

    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        if self.held:
            job = data.draw(st.sampled_from(self.held))
            jobs.give_back(job=job, code="x", buried=self.bury)

    @rule()
    def reap(self) -> None:
        jobs.reap(buried=self.bury)

    def bury(self, job: Job) -> None:
        self.buried.append(job.dedup_key)

    def owns(self, job: Job) -> bool:
        fresh = Job.objects.get(pk=job.pk)
        return fresh.state == JobState.LEASED and fresh.lease_token == job.lease_token

    @invariant()
    def nothing_ends_twice(self) -> None:
        assert all(times == 1 for times in self.ended.values())
        assert len(self.buried) == len(set(self.buried))
        assert not set(self.buried) & set(self.ended)

    @invariant()
    def each_job_has_an_owner_or_a_due_time_or_an_end(self) -> None:
        for job in Job.objects.order_by("pk"):
            assert job.attempt <= job.max_attempts
            if job.state == JobState.LEASED:
                assert job.lease_until is not None
            elif job.state == JobState.READY:
                assert job.run_after <= clock.now() + timedelta(seconds=15)
            else:
                assert job.finished_at is not None


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize(
    "examples", [20, pytest.param(2_000, marks=pytest.mark.full)], ids=["short", "long"]
)
def test_leases_hold_in_any_order(examples: int) -> None:
    run_state_machine_as_test(
        Leases,
        settings=settings(
            max_examples=examples,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
