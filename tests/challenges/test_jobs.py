"""The queue: a lease, a token, and nothing from whoever lost it."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from challenges.enums import JobKind, JobState
from challenges.models import Job
from challenges.queue import actions as jobs
from portal.audit.models import AuditEvent
from portal.lib import clock

pytestmark = pytest.mark.django_db
buried: list[str] = []


def bury(job: Job) -> None:
    buried.append(job.dedup_key)


@pytest.fixture(autouse=True)
def forget() -> None:
    buried.clear()


def put(key: str, kind: JobKind = JobKind.SCORE, rank: int = 0) -> None:
    jobs.put(kind=kind, subject_id=key, dedup_key=key, fair_rank=rank)


def claimed() -> Job:
    job = jobs.claim(owner="w")
    assert job is not None
    return job


def pass_time(monkeypatch: pytest.MonkeyPatch, seconds: float) -> datetime:
    later = clock.now() + timedelta(seconds=seconds)
    monkeypatch.setattr(clock, "now", lambda: later)
    return later


def test_a_job_is_put_once() -> None:
    put("a")
    put("a")
    assert Job.objects.count() == 1


def test_checks_go_first_then_the_team_that_waits_least() -> None:
    put("busy", rank=4)
    put("fair", rank=1)
    put("check", JobKind.CHECK, rank=9)
    assert [claimed().dedup_key for _ in range(3)] == ["check", "fair", "busy"]
    assert jobs.claim(owner="w") is None


def test_a_claim_gives_a_lease() -> None:
    put("a")
    job = claimed()
    fresh = Job.objects.get()
    assert (fresh.state, fresh.lease_token, fresh.attempt) == (
        JobState.LEASED,
        job.lease_token,
        1,
    )
    assert fresh.lease_until is not None
    assert fresh.beat_at is not None
    assert (fresh.lease_until - fresh.beat_at).total_seconds() == 30


def test_a_beat_prolongs_the_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    put("a")
    job = claimed()
    later = pass_time(monkeypatch, 10)
    assert jobs.beat(job_id=job.pk, token=job.lease_token)
    assert Job.objects.get().lease_until == later + timedelta(seconds=30)
    assert not jobs.beat(job_id=job.pk, token=uuid4())


def test_a_completed_job_is_done_once() -> None:
    put("a")
    job = claimed()
    with transaction.atomic():
        assert jobs.complete(job)
    with transaction.atomic():
        assert not jobs.complete(job)
    assert Job.objects.get().state == JobState.DONE
    assert [event.action for event in AuditEvent.objects.all()] == ["job.fenced"]


def test_a_stale_worker_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    put("a")
    stale = claimed()
    pass_time(monkeypatch, 31)
    assert jobs.reap(buried=bury) == 1
    pass_time(monkeypatch, 6)
    fresh = claimed()
    assert fresh.attempt == 2
    assert not jobs.beat(job_id=stale.pk, token=stale.lease_token)
    assert not jobs.fence(stale)
    assert not jobs.complete(stale)
    jobs.give_back(job=stale, code="late", buried=bury)
    assert Job.objects.get().lease_token == fresh.lease_token


def test_a_live_lease_is_not_reaped(monkeypatch: pytest.MonkeyPatch) -> None:
    put("a")
    claimed()
    pass_time(monkeypatch, 29)
    assert jobs.reap(buried=bury) == 0


def test_the_third_failure_is_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    put("a")
    waits = []
    for attempt in (1, 2, 3):
        job = claimed()
        assert job.attempt == attempt
        now = clock.now()
        jobs.give_back(job=job, code="Broken", buried=bury)
        fresh = Job.objects.get()
        if fresh.state == JobState.READY:
            waits.append(round((fresh.run_after - now).total_seconds()))
            assert jobs.claim(owner="w") is None
            pass_time(monkeypatch, waits[-1] + 1)
    assert waits == [5, 15]
    assert (fresh.state, fresh.error_code, buried) == (JobState.DEAD, "Broken", ["a"])
    assert fresh.finished_at is not None


def test_a_dead_job_is_revived_from_its_first_attempt() -> None:
    put("a")
    Job.objects.update(state=JobState.DEAD, attempt=3)
    jobs.revive(kind=JobKind.SCORE, subject_id="a", dedup_key="a")
    assert (Job.objects.get().state, Job.objects.get().attempt) == (JobState.READY, 0)


def test_a_live_job_is_not_revived() -> None:
    put("a")
    job = claimed()
    jobs.revive(kind=JobKind.SCORE, subject_id="a", dedup_key="a")
    assert Job.objects.get().lease_token == job.lease_token
