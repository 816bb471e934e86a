"""The queue: leases, and outages that are nobody's fault."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Never
from uuid import uuid4

import pytest
from django.db import transaction

from challenges.entries.enums import EntryStatus
from challenges.exchange.actions import bundles as acts
from challenges.exchange.models import ImportState
from challenges.models import (
    Challenge,
    ChallengeDraft,
    Job,
)
from challenges.organising.actions import drafts
from challenges.organising.enums import BuildState
from challenges.queue import actions as jobs
from challenges.queue import worker as queue_worker
from challenges.queue.enums import JobKind, JobState
from challenges.worker import drain
from datasets.holdouts.models import SealedFile
from portal.audit.models import AuditEvent
from portal.lib import clock
from portal.lib.refusals import Unavailable
from portal.lib.storage import folders, objects
from portal.pages.health import Level, checks
from tests.challenges import world
from tests.challenges.exchange.test_bundle_imports import METRIC, created, deposited, read
from tests.challenges.organising.test_authoring import filled

pytestmark = pytest.mark.django_db


def bury(job: Job) -> None:
    pytest.fail(f"{job.dedup_key} has not failed for good")


def test_a_subject_does_the_jobs_of_each_kind() -> None:
    for kind in JobKind:
        assert queue_worker.work_of(kind).do.__module__.endswith(".worker")


def put(key: str, kind: JobKind = JobKind.SCORE, rank: int = 0) -> None:
    jobs.put(kind=kind, subject_id=key, fair_rank=rank)


def claimed() -> Job:
    job = jobs.claim(owner="w")
    assert job is not None
    return job


def pass_time(monkeypatch: pytest.MonkeyPatch, seconds: float) -> datetime:
    later = clock.now() + timedelta(seconds=seconds)
    monkeypatch.setattr(clock, "now", lambda: later)
    return later


def test_checks_go_first_then_the_team_that_waits_least() -> None:
    put("busy", rank=4)
    put("fair", rank=1)
    put("check", JobKind.CHECK, rank=9)
    assert [claimed().dedup_key for _ in range(3)] == ["check", "fair", "busy"]
    assert jobs.claim(owner="w") is None


def test_a_claim_gives_a_lease_that_a_beat_prolongs(monkeypatch: pytest.MonkeyPatch) -> None:
    put("a")
    put("a")  # once
    job = claimed()
    fresh = Job.objects.get()
    assert (fresh.state, fresh.lease_token, fresh.attempt) == (JobState.LEASED, job.lease_token, 1)
    assert fresh.lease_until - fresh.beat_at == timedelta(seconds=30)
    later = pass_time(monkeypatch, 29)
    assert jobs.reap(buried=bury) == 0
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


def test_the_third_failure_is_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    put("a")
    waits, dead = [], list[Job]()
    for attempt in (1, 2, 3):
        job = claimed()
        assert job.attempt == attempt
        now = clock.now()
        jobs.give_back(job=job, code="Broken", buried=dead.append)
        fresh = Job.objects.get()
        if fresh.state == JobState.READY:
            waits.append(round((fresh.run_after - now).total_seconds()))
            assert jobs.claim(owner="w") is None
            pass_time(monkeypatch, waits[-1] + 1)
    assert waits == [5, 15]
    assert (fresh.state, fresh.error_code) == (JobState.DEAD, "Broken")
    assert [each.dedup_key for each in dead] == ["a"]
    assert fresh.finished_at is not None


def test_only_a_dead_job_is_revived_from_its_first_attempt() -> None:
    put("a")
    job = claimed()
    jobs.revive(kind=JobKind.SCORE, subject_id="a", dedup_key="a")
    assert Job.objects.get().lease_token == job.lease_token
    Job.objects.update(state=JobState.DEAD, attempt=3, lease_token=None, lease_until=None)
    jobs.revive(kind=JobKind.SCORE, subject_id="a", dedup_key="a")
    assert (Job.objects.get().state, Job.objects.get().attempt) == (JobState.READY, 0)


def tried_without_store(kind: JobKind, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the worker meet an outage more often than a job may fail; it is then due again."""

    def away(*_args: Any) -> Never:
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(folders.FolderStore, "open", away)
        for _time in range(4):
            assert drain(lambda: True)
            job = Job.objects.get(kind=kind, state=JobState.READY)
            assert (job.attempt, job.error_code) == (0, jobs.STORE_AWAY)
            assert job.run_after > clock.now()
            assert next(each for each in checks() if each.key == "queue").level == Level.WATCH
            Job.objects.update(run_after=clock.now())


def test_an_entry_waits_for_the_store_with_its_slot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = world.entered(world.opened(tmp_path))
    tried_without_store(JobKind.CHECK, monkeypatch)
    assert drain()
    entry.refresh_from_db()
    assert (entry.status, entry.day_slot) == (EntryStatus.SCORED, 1)


def test_a_draft_is_checked_once_the_store_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    by = world.owner()
    challenge = filled(by)
    drafts.ask_build(challenge=challenge, by=by)
    tried_without_store(JobKind.DRY_RUN, monkeypatch)
    written = ChallengeDraft.objects.get()
    assert (written.state, written.errors) == (BuildState.QUEUED, [])
    assert drain()
    written.refresh_from_db()
    assert (written.state, written.errors) == (BuildState.DONE, [])


def test_a_bundle_is_read_and_makes_its_draft_once_the_store_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by = world.owner()
    made = deposited(by)
    tried_without_store(JobKind.IMPORT, monkeypatch)
    assert drain()
    made.refresh_from_db()
    assert made.state == ImportState.READ
    acts.accept_report(made=made, answers=METRIC, by=by)
    tried_without_store(JobKind.IMPORT, monkeypatch)
    made.refresh_from_db()
    assert (made.state, made.refusals) == (ImportState.CREATING, [])
    assert drain()
    made.refresh_from_db()
    assert made.challenge == Challenge.objects.get()


def test_what_was_deposited_and_is_gone_is_told_to_who_can_deposit_it_again() -> None:
    by = world.owner()
    challenge = filled(by)
    objects.store().delete(SealedFile.objects.get().ciphertext_sha256)
    drafts.ask_build(challenge=challenge, by=by)
    assert drain()
    written = ChallengeDraft.objects.get()
    assert written.state == BuildState.REFUSED
    assert [one["code"] for one in written.errors] == ["vault_broken"]
    made = read(by)
    objects.store().delete(made.sealed)
    found = created(made, METRIC, by)
    assert found.state == ImportState.READ
    assert [one["code"] for one in found.refusals] == ["E_ZIP_CORRUPT"]
