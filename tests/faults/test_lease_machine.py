"""Claims, beats, ends, reaps and losses in any order: the queue's promises hold after each."""

from collections.abc import Iterator
from datetime import timedelta
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

from challenges.enums import JobKind, JobState
from challenges.models import Job
from challenges.queue import actions as jobs
from portal.lib import clock
from tests.properties import HealthCheck, settings
from tests.properties import strategies as st

pytestmark = [pytest.mark.django_db, pytest.mark.fault, pytest.mark.slow]
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


@pytest.fixture(autouse=True)
def real_clock_after() -> Iterator[None]:
    yield
    clock.now = Leases.moment


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
