"""Killed while a bundle is deposited, or its draft is made: nothing is lost, doubled or left."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from challenges.enums import JobState
from challenges.exchange.actions import bundles as bundle_imports
from challenges.models import BundleImport, Challenge, Job
from challenges.queue import worker as queue_worker
from challenges.worker import drain
from datasets.actions import releases
from datasets.models import HoldoutVersion
from portal.lib import clock, objects
from tests.challenges import world
from tests.challenges.bundles.foreign.tables import KAGGLE
from tests.challenges.test_bundle_imports import METRIC, read, zipped
from tests.datasets.test_actions import aged
from tests.faults.processes import ROOT, PortalProcess, WorkerProcess, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault, pytest.mark.slow]
DEPOSIT = """
from challenges.actions import bundle_imports
from portal.accounts.models import User
with open({path!r}, "rb") as content:
    bundle_imports.deposit(content=content, filename="defi.zip", by=User.objects.get(pk={pk}))
"""


def test_a_deposit_killed_before_its_row_leaves_nothing_in_the_end(tmp_path: Path) -> None:
    by = world.owner()
    (tmp_path / "defi.zip").write_bytes(zipped(KAGGLE).getvalue())
    words = DEPOSIT.format(path=str(tmp_path / "defi.zip"), pk=by.pk)
    command = (str(ROOT / "manage.py"), "shell", "-c", words)
    killed = PortalProcess(tmp_path, *command, name="deposit", OE_FAILPOINT="deposit.kept")
    assert killed.process.wait(timeout=60) == 9
    killed.kill()  # closes its log
    (left,) = objects.store().hashes()
    assert not BundleImport.objects.exists()
    for _delay in range(2):
        aged(left)
        releases.sweep()
    assert list(objects.store().hashes()) == list(objects.store().aside()) == []
    assert read(by).is_read  # the same archive again


@pytest.mark.parametrize("point", ["creation.opened", "creation.before_commit"])
def test_a_draft_whose_worker_is_killed_is_made_once(tmp_path: Path, point: str) -> None:
    by = world.owner()
    made = read(by)
    bundle_imports.accept_report(made=made, answers=METRIC, by=by)
    (tmp_path / "tmp").mkdir()
    place = {"TMPDIR": str(tmp_path / "tmp")}
    worker = WorkerProcess(tmp_path, hurried=True, OE_FAILPOINT=point, **place)
    assert until(lambda: worker.process.poll() is not None, 60)
    worker.kill()  # closes its log
    assert not Challenge.objects.exists()
    made.refresh_from_db()
    assert made.is_being_created
    leased = Job.objects.filter(state=JobState.LEASED)
    assert leased.update(lease_until=clock.now() - timedelta(seconds=1)) == 1
    assert drain(lambda: not BundleImport.objects.get().is_being_created)
    assert BundleImport.objects.get().challenge == Challenge.objects.get()
    assert HoldoutVersion.objects.count() == 1
    left = set(objects.store().hashes())
    for sha256 in left:
        aged(sha256)
    releases.sweep()  # what the killed worker sealed, and no row names
    assert len(left - set(objects.store().hashes())) == (point == "creation.before_commit")

    assert [*clear(tmp_path / "tmp")] != []  # a killed process removes nothing
    for lock in (tmp_path / "tmp").glob(
        f"{queue_worker.FOLDER_PREFIX}*/{queue_worker.FOLDER_LOCK}"
    ):
        os.utime(lock, times=(0, 0))
    again = WorkerProcess(tmp_path, hurried=True, **place)
    assert until(lambda: [*clear(tmp_path / "tmp")] == [], 30)
    again.stop()
    assert [*(tmp_path / "tmp").iterdir()] == []


def clear(place: Path) -> Iterator[Path]:
    """List the copies of deposits in clear."""
    return place.glob("**/defi.zip")


def test_the_folders_of_living_workers_stay(tmp_path: Path) -> None:
    with queue_worker.locked_folder(tmp_path) as mine:
        os.utime(mine / queue_worker.FOLDER_LOCK, times=(0, 0))
        assert queue_worker.remove_left_folders(tmp_path) == 0
        (tmp_path / f"{queue_worker.FOLDER_PREFIX}link").symlink_to(mine)
        left = tmp_path / f"{queue_worker.FOLDER_PREFIX}left"
        left.mkdir()
        (left / queue_worker.FOLDER_LOCK).touch()
        assert queue_worker.remove_left_folders(tmp_path) == 0  # perhaps a worker that starts
        os.utime(left / queue_worker.FOLDER_LOCK, times=(0, 0))
        assert queue_worker.remove_left_folders(tmp_path) == 1
    assert not mine.exists()
