"""The queue: leases, outages that are nobody's fault, and the references scored each night."""

from datetime import datetime, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any, Never
from uuid import uuid4

import pytest
from django.db import transaction

from challenges.entries.enums import EntryStatus
from challenges.evaluation import worker as vault
from challenges.exchange.actions import bundles as acts
from challenges.exchange.models import ImportState
from challenges.models import (
    BaselineCheck,
    Challenge,
    ChallengeDraft,
    Entry,
    Evaluation,
    Job,
    Score,
)
from challenges.organising.actions import drafts
from challenges.organising.enums import BuildState
from challenges.queue import actions as jobs
from challenges.queue import worker as queue_worker
from challenges.queue.enums import JobKind, JobState
from challenges.rescoring import tasks
from challenges.rescoring import worker as judging
from challenges.rescoring.actions import rescorings
from challenges.rescoring.models import WatchState
from challenges.worker import drain
from datasets.models import SealedFile
from portal.audit.models import AuditEvent, Outbox
from portal.lib import clock, immutable
from portal.lib.refusals import Unavailable
from portal.lib.storage import objects
from portal.pages.health import Level, checks
from tests.challenges import world
from tests.challenges.exchange.test_bundle_imports import METRIC, created, deposited, read
from tests.challenges.organising.test_authoring import filled
from tests.challenges.pages.scenes import url_of
from tests.challenges.world import opened, owner_of
from tests.factories.accounts import signed_in

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
        patch.setattr(objects.FolderStore, "open", away)
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


def test_a_bundle_is_read_once_the_store_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    made = deposited(world.owner())
    tried_without_store(JobKind.IMPORT, monkeypatch)
    assert drain()
    made.refresh_from_db()
    assert made.state == ImportState.READ


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


def test_a_bundle_makes_its_draft_once_the_store_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    by = world.owner()
    made = read(by)
    acts.accept_report(made=made, answers=METRIC, by=by)
    tried_without_store(JobKind.IMPORT, monkeypatch)
    made.refresh_from_db()
    assert (made.state, made.refusals) == (ImportState.CREATING, [])
    assert drain()
    made.refresh_from_db()
    assert made.challenge == Challenge.objects.get()


def test_sealed_answers_that_are_gone_are_told_to_who_can_deposit_them_again() -> None:
    by = world.owner()
    challenge = filled(by)
    objects.store().delete(SealedFile.objects.get().ciphertext_sha256)
    drafts.ask_build(challenge=challenge, by=by)
    assert drain()
    written = ChallengeDraft.objects.get()
    assert written.state == BuildState.REFUSED
    assert [one["code"] for one in written.errors] == ["vault_broken"]


def test_a_deposit_that_is_gone_is_told_to_who_can_deposit_it_again() -> None:
    by = world.owner()
    made = read(by)
    objects.store().delete(made.sealed)
    found = created(made, METRIC, by)
    assert found.state == ImportState.READ
    assert [one["code"] for one in found.refusals] == ["E_ZIP_CORRUPT"]


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    return opened(tmp_path)


def night(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    """Live the night after so many days: queue what is watched and have the worker do it."""
    now = clock.now
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: now() + timedelta(days=days))
        tasks.watch_baselines()
        assert drain()


@pytest.mark.slow
def test_a_reference_that_scores_the_same_rings_nobody(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (list(Score.objects.values_list()), Evaluation.objects.count())
    for days in (1, 1, 2):
        night(monkeypatch, days)
    assert [each.state for each in BaselineCheck.objects.order_by("day")] == ["same", "same"]
    assert before == (list(Score.objects.values_list()), Evaluation.objects.count())
    assert Outbox.objects.filter(topic="mail.baseline_drifted").count() == 0


@pytest.mark.slow
def test_each_drift_rings_once(challenge: Challenge, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluation = Evaluation.objects.get(entry__is_baseline=True)
    known = vault.unseal(evaluation.pk)
    shifts = iter([2e-9, 2e-9, 0.0, 2e-9, 0.1])

    def shifted(pk: Any) -> Any:
        by = next(shifts)
        public = {**known["values"]["public"]}
        public["exactitude"] += by
        return known | {"values": known["values"] | {"public": public}}

    monkeypatch.setattr(judging.vault, "unseal", shifted)
    for days in range(1, 6):
        night(monkeypatch, days)
    rows = BaselineCheck.objects.order_by("day")
    assert [(each.state, each.rang) for each in rows] == [
        ("drifted", True),
        ("drifted", False),
        ("same", False),
        ("drifted", True),
        ("drifted", True),
    ]
    assert {each.figure for each in rows if each.state == "drifted"} == {"public/exactitude"}
    assert Outbox.objects.filter(topic="mail.baseline_drifted").count() == 3
    told = list(AuditEvent.objects.values_list("action", flat=True))
    assert told.count("baseline.drifted") == 3
    browser = signed_in(owner_of(challenge))
    page = browser.get(url_of(challenge, "rescorings")).text
    assert "La référence ne donne plus le même score" in page
    assert "public/exactitude" in page
    cockpit = url_of(challenge, "organiser")
    assert "La référence ne donne plus le même score" in browser.get(cockpit).text
    shifts = iter([0.0])
    night(monkeypatch, 6)
    assert "La référence ne donne plus le même score" not in browser.get(cockpit).text


def test_a_figure_beyond_the_tolerance_is_a_drift() -> None:
    expected = {"public/a": 0.5, "private/a": 0.25}
    public = {"public/a"}

    def found(**moves: float) -> Any:
        return lambda: {
            "public/a": 0.5 + moves.get("public", 0.0),
            "private/a": 0.25 + moves.get("private", 0.0),
        }

    def judged(**moves: float) -> Any:
        return judging.compare_runs(expected, found(**moves), public=public, runs=1)

    assert judged().state == WatchState.SAME
    assert judged(public=0.9e-9).state == WatchState.SAME
    seen = judged(public=1.1e-9, private=0.1)
    assert (seen.state, seen.figure, seen.tolerance) == (WatchState.DRIFTED, "public/a", 1e-9)
    hidden = judged(private=0.1)
    assert (hidden.state, hidden.figure, hidden.difference) == (WatchState.DRIFTED, "", None)
    gone = judging.compare_runs(expected, lambda: {"public/a": 0.5}, public=public, runs=1)
    assert (gone.state, gone.figure) == (WatchState.DRIFTED, "")


def test_a_scoring_that_draws_is_allowed_three_standard_deviations() -> None:
    draws = [0.50, 0.52, 0.48, 0.51, 0.49]

    def judged(shift: float) -> Any:
        left = iter([each + shift for each in draws])
        return judging.compare_runs(
            {"acc": 0.501}, lambda: {"acc": next(left)}, public={"acc"}, runs=5
        )

    assert fmean(draws) == pytest.approx(0.5)
    assert (judged(0.0).state, judged(0.0).runs) == (WatchState.SAME, 5)
    assert judged(0.1).state == WatchState.DRIFTED

    def fails() -> Any:
        raise judging.vault.ScoringFailed("X_PROGRAM")

    seen = judging.compare_runs({"acc": 0.5}, fails, public={"acc"}, runs=5)
    assert (seen.state, seen.reason_code) == (WatchState.FAILED, "X_PROGRAM")


@pytest.mark.slow
def test_a_lost_lease_and_a_second_delivery_write_nothing(challenge: Challenge) -> None:
    assert rescorings.queue_watches() == 1
    assert rescorings.queue_watches() == 1
    assert Job.objects.filter(kind="watch").count() == 1
    assert drain()
    job = Job.objects.get(kind="watch")
    evaluation = Evaluation.objects.get(entry=Entry.objects.get(is_baseline=True))
    seen = rescorings.WatchOutcome(WatchState.DRIFTED, "public/exactitude", 0.1, 1e-9)
    assert rescorings.note_watch(job=job, evaluation=evaluation, seen=seen) is None
    assert BaselineCheck.objects.get().state == "same"
    with pytest.raises(immutable.WriteRefused):
        BaselineCheck.objects.update(state="drifted")
