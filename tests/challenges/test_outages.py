"""A store that does not answer is never told as a fault of what somebody deposited."""

from pathlib import Path
from typing import Any, Never

import pytest

from challenges.enums import BuildState, EntryStatus, ImportState, JobKind, JobState
from challenges.exchange.actions import bundles as acts
from challenges.models import Challenge, ChallengeDraft, Job
from challenges.organising.actions import drafts
from challenges.queue import actions as jobs
from challenges.worker import drain
from datasets.models import SealedFile
from portal.lib import clock, objects
from portal.lib.refusals import Unavailable
from portal.pages.health import Level, checks
from tests.challenges import world
from tests.challenges.test_authoring import filled
from tests.challenges.test_bundle_imports import METRIC, created, deposited, read

pytestmark = pytest.mark.django_db


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
