"""Bundles that people deposit: read by the worker, accepted once, forgotten in time."""

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from challenges import worker as loop
from challenges.bundles import child
from challenges.enums import ImportState, JobKind, JobState
from challenges.evaluation import worker as vault
from challenges.exchange import worker as exchange_worker
from challenges.exchange.actions import bundles as acts
from challenges.models import BundleImport, Challenge, Job
from challenges.queue import actions as jobs
from challenges.queue.worker import Beating
from challenges.tasks import expire_imports
from challenges.worker import drain
from datasets.models import HoldoutVersion
from portal.accounts.models import User
from portal.lib import clock, objects
from portal.lib.refusals import Conflict, Invalid, NotAllowed, QuotaSpent, TooLarge
from tests.challenges import world
from tests.challenges.bundles.foreign.tables import KAGGLE
from tests.factories.accounts import UserFactory
from tests.portal.accounts.ledger import acts as verbs

pytestmark = pytest.mark.django_db
METRIC = {"metric": "roc_auc"}


def zipped(files: Mapping[str, str | bytes]) -> io.BytesIO:
    """Write a zip in memory."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)  # of no date: twice the same bytes
    made.seek(0)
    return made


def folder_zipped(folder: Path) -> io.BytesIO:
    """Write the files of a folder as a zip."""
    return zipped(
        {
            place.relative_to(folder).as_posix(): place.read_bytes()
            for place in sorted(folder.rglob("*"))
            if place.is_file()
        }
    )


def deposited(by: User, content: io.BytesIO | None = None) -> BundleImport:
    """Deposit a bundle, a sound Kaggle one by default."""
    return acts.deposit(content=content or zipped(KAGGLE), filename="defi.zip", by=by).made


def read(by: User, content: io.BytesIO | None = None) -> BundleImport:
    """Deposit a bundle and have the worker read it."""
    made = deposited(by, content)
    assert drain()
    made.refresh_from_db()
    return made


def created(made: BundleImport, answers: Mapping[str, str], by: User) -> BundleImport:
    """Answer, and have the worker make the draft."""
    acts.accept_report(made=made, answers=answers, by=by)
    assert drain()
    return BundleImport.objects.get(pk=made.pk)


def stored() -> set[str]:
    return set(objects.store().hashes())


def test_a_deposit_is_encrypted_once_and_read_by_the_worker() -> None:
    by = world.owner()
    made = deposited(by)
    again = acts.deposit(content=zipped(KAGGLE), filename="autre.zip", by=by)
    assert (again.made, again.created) == (made, False)
    assert stored() == {made.sealed}
    assert b"solution.csv" not in objects.read(made.sealed)
    assert Job.objects.get(kind=JobKind.IMPORT).subject_id == str(made.pk)
    assert drain()
    made.refresh_from_db()
    assert (made.state, made.format, made.told("errors")) == ("read", "kaggle-csv", [])
    assert [one["key"] for one in made.told("questions")][:1] == ["metric"]
    assert not Challenge.objects.exists()
    assert verbs()[-2:] == ["import.deposited", "import.read"]


def test_acceptance_makes_one_draft() -> None:
    by = world.owner()
    made = read(by)
    wrong = created(made, {"quotas": "beaucoup"}, by)
    assert [(one["code"], one["key"]) for one in wrong.refusals] == [("E_ANSWER", "metric")]
    assert (wrong.state, Challenge.objects.exists()) == (ImportState.READ, False)
    assert wrong.answers == {"quotas": "beaucoup"}

    asked = acts.accept_report(made=made, answers=METRIC, by=by)
    again = acts.accept_report(made=made, answers={"metric": "mae"}, by=by)  # a double click
    assert (asked.state, again.answers, again.refusals) == ("creating", METRIC, [])
    with pytest.raises(Conflict):
        acts.abandon_import(made=made, by=by)
    assert drain()

    found, challenge = BundleImport.objects.get(pk=made.pk), Challenge.objects.get()
    assert (found.state, found.challenge) == (ImportState.ACCEPTED, challenge)
    assert (found.sealed, found.keys) == ("", [])
    assert verbs().count("import.accepted") == 1
    assert created(found, METRIC, by).challenge == challenge
    assert created(read(by), METRIC, by).challenge == challenge
    assert (Challenge.objects.count(), HoldoutVersion.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_the_deposit_is_forgotten_once_accepted() -> None:
    by = world.owner()
    made = read(by)
    created(made, METRIC, by)
    assert made.sealed not in stored()


def test_a_creation_that_fails_by_our_fault_can_be_asked_for_again() -> None:
    by = world.owner()
    made = read(by)
    acts.accept_report(made=made, answers=METRIC, by=by)
    job = Job.objects.get(kind=JobKind.IMPORT)
    Job.objects.update(state=JobState.DEAD)
    loop._bury(job)
    made.refresh_from_db()
    assert (made.state, made.answers, made.sealed != "") == (ImportState.READ, METRIC, True)
    assert [one["code"] for one in made.refusals] == ["X_PLATFORM"]
    assert created(made, METRIC, by).challenge == Challenge.objects.get()


def test_the_draft_of_a_lost_lease_is_undone() -> None:
    by = world.owner()
    made = read(by)
    acts.accept_report(made=made, answers=METRIC, by=by)
    stale = jobs.claim(owner="worker that was killed")
    assert stale is not None
    Job.objects.update(state=JobState.READY, lease_token=None, lease_until=None)
    exchange_worker.import_job(stale, vault.Truths(), Beating(stale))
    made.refresh_from_db()
    assert (made.is_being_created, Challenge.objects.exists()) == (True, False)
    assert drain()  # the next worker makes it
    assert BundleImport.objects.get(pk=made.pk).challenge == Challenge.objects.get()


def test_our_own_form_is_rehearsed_before_it_is_offered(tmp_path: Path) -> None:
    by = world.owner()
    made = read(by, folder_zipped(world.folder(tmp_path)))
    assert (made.state, made.format) == ("read", "open-emploi")
    assert made.report["dry_run"] == ["vérité compilée, scores enregistrés retrouvés"]
    challenge = created(made, {}, by).challenge
    assert challenge is not None
    assert challenge.slug == "niveau"


@pytest.mark.django_db(transaction=True)
def test_a_bundle_with_a_fault_is_reported_whole_and_forgotten() -> None:
    by = world.owner()
    made = read(
        by, zipped(KAGGLE | {"test.csv": "id,x\n999,1\n", "sample_submission.csv": "id,y\n1,0\n"})
    )
    assert made.state == ImportState.REFUSED
    found = [(one["code"], one["file"]) for one in made.told("errors")]
    assert found == [("E_IDS", "test.csv"), ("E_IDS", "sample_submission.csv")]
    assert (made.sealed, made.keys, stored()) == ("", [], set())
    with pytest.raises(Conflict):
        acts.accept_report(made=made, answers=METRIC, by=by)


@pytest.mark.parametrize(
    ("bounds", "code"),
    [
        (child.Bounds(wall_seconds=0.01), "X_TIMEOUT"),
        (child.Bounds(memory_bytes=1 << 20), "X_MEMORY"),
        (child.Bounds(file_bytes=1_000), "X_MEMORY"),
    ],
)
def test_a_bundle_too_costly_to_read_is_refused(
    bounds: child.Bounds, code: str, tmp_path: Path
) -> None:
    path = tmp_path / "defi.zip"
    large = "id,y,Usage\n" + "".join(f"{at},1,Public\n" for at in range(200_000))
    path.write_bytes(zipped(KAGGLE | {"solution.csv": large}).getvalue())
    with pytest.raises(child.ChildLost) as lost:
        child.examine(path, bounds)
    assert lost.value.code == code


def test_a_lost_child_is_a_line_of_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "defi.zip"
    path.write_bytes(zipped(KAGGLE).getvalue())
    narrow = child.Bounds(wall_seconds=0.01)
    examine = child.examine
    monkeypatch.setattr(child, "examine", lambda path: examine(path, narrow))
    found = exchange_worker.examine_bundle(path)
    assert [one["code"] for one in found["errors"]] == [exchange_worker.LIMITS]


def test_only_who_deposited_it_accepts_or_sees_it() -> None:
    by, other, administrator = world.owner(), world.owner(), UserFactory(region="administrator")
    made = read(by)
    for person, seen in ((by, [made]), (other, []), (administrator, [made])):
        assert list(BundleImport.objects.visible_to(person)) == seen
    for person in (other, administrator):
        with pytest.raises(NotAllowed):
            acts.accept_report(made=made, answers=METRIC, by=person)
        with pytest.raises(NotAllowed):
            acts.abandon_import(made=made, by=person)
    with pytest.raises(NotAllowed):
        deposited(UserFactory())


@override_settings(BUNDLES_PER_PERSON=1, BUNDLE_MAX_BYTES=100_000)
def test_deposits_are_bounded() -> None:
    by = world.owner()
    with pytest.raises(TooLarge):
        deposited(by, io.BytesIO(bytes(100_001)))
    with pytest.raises(Invalid):
        deposited(by, io.BytesIO())
    deposited(by)
    with pytest.raises(QuotaSpent):
        deposited(by, io.BytesIO(b"PK"))
    assert BundleImport.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_bundle_that_waits_too_long_is_forgotten() -> None:
    by = world.owner()
    late, kept, left = read(by), deposited(by, io.BytesIO(b"PK")), deposited(by, io.BytesIO(b"P"))
    BundleImport.objects.filter(pk=late.pk).update(expires_at=clock.now() - timedelta(seconds=1))
    expire_imports()
    acts.abandon_import(made=left, by=by)
    states = {one.pk: one.state for one in BundleImport.objects.all()}
    assert states == {late.pk: "expired", kept.pk: "waiting", left.pk: "expired"}
    assert stored() == {kept.sealed}


def test_a_dead_job_says_that_the_fault_is_ours() -> None:
    made = deposited(world.owner())
    job = Job.objects.get(kind=JobKind.IMPORT)
    loop._bury(job)
    made.refresh_from_db()
    assert (made.state, made.sealed) == (ImportState.FAILED, "")
    Job.objects.update(state=JobState.READY)
    assert drain()  # a job that comes late changes nothing
    made.refresh_from_db()
    assert made.state == ImportState.FAILED


def test_the_report_of_a_lost_lease_is_dropped() -> None:
    made = deposited(world.owner())
    job = Job.objects.get(kind=JobKind.IMPORT)
    report: dict[str, Any] = {"errors": []}
    assert not acts.finish_reading(job=job, made=made, report=report)
    made.refresh_from_db()
    assert made.is_waiting


@pytest.mark.parametrize("title", ["a\0b", "a\ud800b"])
def test_a_character_that_no_database_keeps_is_a_line_of_the_report(title: str) -> None:
    conf = json.dumps({"EVAL_METRIC": "accuracy_score", title: title})
    made = read(world.owner(), zipped(KAGGLE | {"conf.json": conf}))
    assert made.state == ImportState.REFUSED
    assert [(one["code"], one["file"]) for one in made.told("errors")] == [("E_JSON", "conf.json")]
