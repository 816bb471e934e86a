"""kill -9 of the worker: every entry ends, no figure is written twice, nobody is stuck."""

import random
import time
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db.models import Count

from challenges.enums import EntryStatus, JobState
from challenges.models import Challenge, Entry, Job, Score, SealedResult
from tests.challenges.world import entered, opened
from tests.faults.processes import WorkerProcess, until

TERMINAL = {
    EntryStatus.REJECTED,
    EntryStatus.SCORED,
    EntryStatus.FAILED,
    EntryStatus.WITHDRAWN,
    EntryStatus.NEEDS_ATTENTION,
}
SETTLE_SECONDS = 60
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault, pytest.mark.slow]


def unfinished() -> int:
    return Entry.objects.exclude(status__in=sorted(TERMINAL)).count()


def kill_while_working(worker: WorkerProcess, draw: random.Random) -> None:
    """Kill the worker soon after it took a job, or soon after it started to look."""
    owner = f"-{worker.pid}"
    until(lambda: Job.objects.filter(lease_owner__endswith=owner).exists(), 20, every=0.01)
    time.sleep(draw.uniform(0, 0.25))
    worker.kill()


def run(challenge: Challenge, var: Path, *, kills: int, entries: int, hurried: bool) -> float:
    """Kill the worker many times, then leave one alone; return how long it took to settle."""
    draw = random.Random(7)  # noqa: S311  # test data
    for number in range(entries):
        entered(challenge, 0.4 + number / 100, seed=number)
    for _ in range(kills):
        kill_while_working(WorkerProcess(var, hurried=hurried), draw)
    last = WorkerProcess(var, hurried=hurried)
    started = time.monotonic()
    try:
        assert until(lambda: unfinished() == 0, SETTLE_SECONDS), (var / "worker.log").read_text()
        settled = time.monotonic() - started
        assert until(lambda: not Job.objects.alive().exists(), SETTLE_SECONDS)
    finally:
        last.stop()
    return settled


def check(entries: int) -> None:
    """Every entry has one outcome, each figure and sealed result is there once."""
    statuses = dict(Entry.objects.values_list("status").annotate(Count("pk")).order_by("status"))
    assert sum(statuses.values()) == entries + 1  # and the reference
    assert set(statuses) <= TERMINAL
    scored = Entry.objects.filter(status=EntryStatus.SCORED)
    assert Score.objects.count() == 2 * scored.count()
    assert SealedResult.objects.count() == scored.count()
    assert not Job.objects.filter(state=JobState.LEASED).exists()
    call_command("verify")


def test_three_kills_lose_nothing(tmp_path: Path) -> None:
    challenge = opened(tmp_path)
    run(challenge, tmp_path, kills=3, entries=10, hurried=True)
    check(10)
    assert Entry.objects.filter(status=EntryStatus.SCORED).count() >= 9


@pytest.mark.full
def test_no_broker_is_needed(tmp_path: Path) -> None:
    """With nothing behind the broker's address, 40 queued entries are all scored."""
    challenge = opened(tmp_path)
    run(challenge, tmp_path, kills=0, entries=40, hurried=False)
    check(40)
    assert Entry.objects.filter(status=EntryStatus.SCORED).count() == 41


POINTS = [
    "job.claimed",
    "check.before_child",
    "check.before_commit",
    "score.before_child",
    "score.computed",
    "score.before_scores",
    "score.after_scores",
    "score.before_commit",
    "standings.computed",
]


@pytest.mark.parametrize("point", [pytest.param(point, marks=pytest.mark.full) for point in POINTS])
def test_a_death_between_any_two_statements_is_repaired(tmp_path: Path, point: str) -> None:
    challenge = opened(tmp_path)
    entered(challenge)
    worker = WorkerProcess(tmp_path, hurried=True, OE_FAILPOINT=point)
    assert until(lambda: worker.process.poll() is not None, 30), point
    assert worker.process.returncode == 9
    worker.log.close()
    scored = Entry.objects.filter(status=EntryStatus.SCORED, is_baseline=False)
    if not point.startswith("standings"):
        assert scored.count() == 0  # never scored without its figures
        assert Score.objects.filter(evaluation__entry__is_baseline=False).count() == 0
    second = WorkerProcess(tmp_path, hurried=True)
    try:
        assert until(lambda: not Job.objects.alive().exists(), SETTLE_SECONDS)
    finally:
        second.stop()
    assert scored.count() == 1
    check(1)
