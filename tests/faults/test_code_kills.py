"""kill -9 of the worker while code of a team runs: scored once, nothing left in clear."""

from pathlib import Path

import pytest

from challenges.enums import EntryStatus
from challenges.models import CodeRun, Job, Score, SealedPredictions
from challenges.sandbox import rooms
from tests.challenges.code import world
from tests.challenges.programs.cases import isolated
from tests.faults.processes import WorkerProcess, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault, pytest.mark.slow]
SHARED = Path("/dev/shm")  # noqa: S108  # where hidden inputs lie while code reads them
POINTS = ["run.before_code", "run.read", "run.computed", "run.before_commit"]


def left_by(pid: int) -> list[str]:
    """List what a process laid in memory and did not remove."""
    return [
        one.name
        for one in SHARED.iterdir()
        if rooms.NAME.match(one.name) and f"-{pid}-" in one.name
    ]


@pytest.mark.parametrize("point", [pytest.param(point, marks=pytest.mark.full) for point in POINTS])
def test_a_death_while_code_runs_is_repaired(tmp_path: Path, point: str) -> None:
    isolated()
    challenge = world.opened(tmp_path)
    entry = world.entered(challenge, world.package())
    worker = WorkerProcess(tmp_path, hurried=True, OE_FAILPOINT=point)
    assert until(lambda: worker.process.poll() is not None, 60), point
    assert worker.process.returncode == 9
    worker.log.close()
    assert bool(left_by(worker.pid)) is (point == "run.read")
    assert not CodeRun.objects.filter(state="done").exists()

    second = WorkerProcess(tmp_path, hurried=True)
    try:
        assert until(lambda: not Job.objects.alive().exists(), 90)
        assert until(lambda: not left_by(worker.pid), 30)
    finally:
        second.stop()

    entry.refresh_from_db()
    assert (entry.status, entry.code_runs.get().state) == (EntryStatus.SCORED, "done")
    assert SealedPredictions.objects.count() == 1
    assert Score.objects.filter(evaluation__entry=entry, metric="exactitude").count() == 1
