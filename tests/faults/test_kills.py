"""kill -9 at every step: every entry, draft, row and alert ends once, and nothing is left."""

import os
import random
import re
import time
from collections import Counter
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from catalogue.community.actions import alerts
from catalogue.contributions.actions import tables
from catalogue.contributions.enums import BatchState, ContributionStatus
from catalogue.models import AlertMatch, Contribution, ContributionBatch, Resource
from catalogue.resources.enums import ResourceKind
from catalogue.search.query import ResourceQuery
from challenges.entries.enums import EntryStatus
from challenges.exchange.actions import bundles as bundle_imports
from challenges.models import (
    BundleImport,
    Challenge,
    CodeRun,
    Entry,
    Job,
    Score,
    SealedPredictions,
    SealedResult,
)
from challenges.queue import worker as queue_worker
from challenges.queue.enums import JobState
from challenges.sandbox import rooms
from challenges.worker import drain
from datasets.holdouts.models import HoldoutVersion
from portal.accounts.enums import Role
from portal.audit import outbox, sweep
from portal.audit.models import AuditEvent
from portal.lib import clock
from portal.lib.storage import objects
from tests.catalogue.contributions.test_tables import table
from tests.challenges import world
from tests.challenges.bundles.foreign.tables import KAGGLE
from tests.challenges.exchange.test_bundle_imports import METRIC, read, zipped
from tests.challenges.programs.cases import isolated
from tests.challenges.programs.code import world as code_world
from tests.challenges.world import entered, opened
from tests.factories import contributions as make
from tests.factories.accounts import UserFactory
from tests.factories.catalogue import ResourceFactory
from tests.faults.processes import ROOT, WorkerProcess, killed_worker, run_once, until
from tests.portal.test_sweep import aged

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


def run(challenge: Challenge, var: Path, *, kills: int, entries: int, hurried: bool) -> None:
    """Kill the worker many times, then leave one alone until all is settled."""
    draw = random.Random(7)  # noqa: S311  # test data
    for number in range(entries):
        entered(challenge, 0.4 + number / 100, seed=number)
    for _ in range(kills):
        kill_while_working(WorkerProcess(var, hurried=hurried), draw)
    last = WorkerProcess(var, hurried=hurried)
    try:
        assert until(lambda: unfinished() == 0, SETTLE_SECONDS), (var / "worker.log").read_text()
        assert until(lambda: not Job.objects.alive().exists(), SETTLE_SECONDS)
    finally:
        last.stop()


def nothing_lost(entries: int) -> None:
    """Every entry has one outcome and its figures once; nothing is under a lease."""
    statuses = Counter(Entry.objects.values_list("status", flat=True))
    assert sum(statuses.values()) == entries + 1  # and the reference
    assert set(statuses) <= TERMINAL
    assert Score.objects.count() == 2 * statuses[EntryStatus.SCORED]
    assert SealedResult.objects.count() == statuses[EntryStatus.SCORED]
    assert not Job.objects.filter(state__in=[JobState.READY, JobState.LEASED]).exists()
    # What three workers in turn died on waits for a person; nothing else does.
    dead = Job.objects.filter(state=JobState.DEAD, kind__in=["check", "score"]).count()
    assert statuses[EntryStatus.NEEDS_ATTENTION] == dead
    assert statuses[EntryStatus.SCORED] == entries + 1 - dead


def test_three_kills_lose_nothing(tmp_path: Path) -> None:
    challenge = opened(tmp_path)
    run(challenge, tmp_path, kills=3, entries=10, hurried=True)
    nothing_lost(10)
    assert Entry.objects.filter(status=EntryStatus.SCORED).count() >= 9


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


@pytest.mark.full
@pytest.mark.parametrize("point", POINTS)
def test_a_death_between_any_two_statements_is_repaired(tmp_path: Path, point: str) -> None:
    challenge = opened(tmp_path)
    entered(challenge)
    killed_worker(tmp_path, point)
    scored = Entry.objects.of_teams().filter(status=EntryStatus.SCORED)
    if not point.startswith("standings"):
        assert scored.count() == 0  # never scored without its figures
        assert Score.objects.filter(evaluation__entry__in=Entry.objects.of_teams()).count() == 0
    second = WorkerProcess(tmp_path, hurried=True)
    try:
        assert until(lambda: not Job.objects.alive().exists(), SETTLE_SECONDS)
    finally:
        second.stop()
    assert scored.count() == 1
    nothing_lost(1)


# --- code of a team: scored once, nothing left in clear

SHARED = Path("/dev/shm")  # noqa: S108  # where hidden inputs lie while code reads them
CODE_POINTS = ["run.before_code", "run.read", "run.computed", "run.before_commit"]


def left_by(pid: int) -> list[str]:
    """List what a process laid in memory and did not remove."""
    return [
        one.name
        for one in SHARED.iterdir()
        if rooms.NAME.match(one.name) and f"-{pid}-" in one.name
    ]


@pytest.mark.parametrize(
    "point", [pytest.param(point, marks=pytest.mark.full) for point in CODE_POINTS]
)
def test_a_death_while_code_runs_is_repaired(tmp_path: Path, point: str) -> None:
    isolated()
    challenge = code_world.opened(tmp_path)
    entry = code_world.entered(challenge, code_world.package())
    worker = killed_worker(tmp_path, point)
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


# --- a bundle deposited, its draft made: nothing lost, doubled or left

DEPOSIT = """
from challenges.exchange.actions import bundles
from portal.accounts.models import User
with open({path!r}, "rb") as content:
    bundles.deposit(content=content, filename="defi.zip", by=User.objects.get(pk={pk}))
"""


def test_a_deposit_killed_before_its_row_leaves_nothing_in_the_end(tmp_path: Path) -> None:
    by = world.owner()
    (tmp_path / "defi.zip").write_bytes(zipped(KAGGLE).getvalue())
    words = DEPOSIT.format(path=str(tmp_path / "defi.zip"), pk=by.pk)
    command = (str(ROOT / "manage.py"), "shell", "-c", words)
    assert run_once(tmp_path, *command, name="deposit", point="deposit.kept") == 9
    (left,) = dict(objects.store().ages())
    assert not BundleImport.objects.exists()
    for _delay in range(2):
        aged(left)
        sweep.sweep()
    assert list(dict(objects.store().ages())) == list(objects.store().aside()) == []
    assert read(by).is_read  # the same archive again


@pytest.mark.ci
@pytest.mark.parametrize("point", ["creation.opened", "creation.before_commit"])
def test_a_draft_whose_worker_is_killed_is_made_once(tmp_path: Path, point: str) -> None:
    by = world.owner()
    made = read(by)
    bundle_imports.accept_report(made=made, answers=METRIC, by=by)
    (tmp_path / "tmp").mkdir()
    place = {"TMPDIR": str(tmp_path / "tmp")}
    killed_worker(tmp_path, point, **place)
    assert not Challenge.objects.exists()
    made.refresh_from_db()
    assert made.is_being_created
    leased = Job.objects.filter(state=JobState.LEASED)
    assert leased.update(lease_until=clock.now() - timedelta(seconds=1)) == 1
    assert drain(lambda: not BundleImport.objects.get().is_being_created)
    assert BundleImport.objects.get().challenge == Challenge.objects.get()
    assert HoldoutVersion.objects.count() == 1
    left = set(dict(objects.store().ages()))
    for sha256 in left:
        aged(sha256)
    sweep.sweep()  # what the killed worker sealed, and no row names
    assert len(left - set(dict(objects.store().ages()))) == (point == "creation.before_commit")

    assert clear(tmp_path / "tmp") != []  # a killed process removes nothing
    for lock in (tmp_path / "tmp").glob(
        f"{queue_worker.FOLDER_PREFIX}*/{queue_worker.FOLDER_LOCK}"
    ):
        os.utime(lock, times=(0, 0))
    again = WorkerProcess(tmp_path, hurried=True, **place)
    try:
        assert until(lambda: clear(tmp_path / "tmp") == [], 30)
    finally:
        again.stop()  # else it takes the jobs of the tests that follow
    assert [*(tmp_path / "tmp").iterdir()] == []


def clear(place: Path) -> list[str]:
    """List the folders that hold a deposit in clear; some may go while they are looked through."""
    return [folder for folder, _folders, files in os.walk(place) if "defi.zip" in files]


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


# --- a table of cards: no row lost, none written twice

# What a worker does with the message of a lot.
CARRY_OUT = """
import sys
import django
django.setup()
from catalogue.contributions import tasks
tasks.import_cards(batch_id=int(sys.argv[1]))
"""


def carry_out(var: Path, batch: ContributionBatch, point: str = "") -> int:
    """Run a worker on a lot, killed at a point; return how it ended."""
    return run_once(var, "-c", CARRY_OUT, str(batch.pk), name="lot", point=point)


def silent() -> None:
    """Let the time pass after which a worker that says nothing is held for dead."""
    since = clock.now() - timedelta(minutes=settings.BATCH_STALE_MINUTES + 1)
    ContributionBatch.objects.update(beat_at=since)


MANY = ["batches.after_row:4"] * 3 + ["batches.after_sending:4"] * 3


@pytest.mark.ci
@pytest.mark.parametrize(
    ("rows", "points"),
    [
        pytest.param(4, ["batches.after_row:2", "batches.after_sending"], id="two kills"),
        pytest.param(20, MANY, id="six kills", marks=pytest.mark.full),
    ],
)
def test_kills_lose_and_double_no_row(tmp_path: Path, rows: int, points: list[str]) -> None:
    holder = make.organisation("Mission locale du Var")
    editor = make.joined(make.person(), holder, Role.EDITOR)
    ready = make.NEED_CELLS
    titles = [f"{number} – repérer les ruptures de contrat" for number in range(rows)]
    made = tables.read_table(table(*(ready | {"title": title} for title in titles)))
    batch = tables.prepare(
        organisation=holder, name="fiches.csv", columns=made.columns, rows=made.rows, by=editor
    )
    tables.ask(batch=batch, sends=True, charter=make.CHARTER, by=editor)
    for point in points:
        assert carry_out(tmp_path, batch, point) == 9, (tmp_path / "lot.log").read_text()
        before = Contribution.objects.count()
        assert carry_out(tmp_path, batch) == 0  # its lease still stands: left alone
        assert Contribution.objects.count() == before
        silent()
    assert carry_out(tmp_path, batch) == 0, (tmp_path / "lot.log").read_text()
    batch.refresh_from_db()
    assert (batch.state, batch.cursor, batch.failures) == (BatchState.DONE, rows, [])
    assert sum(batch.counts.values()) == rows
    found = Contribution.objects.filter(batch=batch, status=ContributionStatus.SUBMITTED)
    assert sorted(each.content["title"] for each in found) == sorted(titles)
    assert Resource.objects.count() == Contribution.objects.count() == rows
    for action in ("contribution.started", "contribution.submitted"):
        assert AuditEvent.objects.filter(action=action).count() == rows
    assert AuditEvent.objects.filter(action="batch.imported").count() == 1
    assert outbox.pending(topic="mail.batch_to_review") == 1


# --- alerts: no publication missed, none told twice

# What the schedule and the relay do, one after the other, on a morning of the day given.
WRITE_ALERTS = """
import sys
import django
django.setup()
from datetime import datetime
from catalogue.community.actions import alerts
from portal.audit import outbox
alerts.write_all(at=datetime.fromisoformat(sys.argv[1]))
while outbox.relay():
    pass
"""
ALERT_POINTS = ("alerts.gathered", "alerts.after_sending", "alerts.found", "alerts.before_sending")


def write_alerts(var: Path, day: int, point: str = "") -> int:
    """Run the process once, killed at a point; return how it ended."""
    at = f"2099-01-{day:02d}T09:00:00+00:00"
    return run_once(var, "-c", WRITE_ALERTS, at, name="alerts", point=point, EMAIL_URL="folder:")


def told_in(var: Path) -> list[str]:
    """List the addresses of cards in every letter of the folder."""
    found: list[str] = []
    for path in sorted(var.rglob("*.eml")):
        letter: Any = message_from_bytes(path.read_bytes(), policy=policy.default)
        text = letter.get_body(("plain",)).get_content()
        found += re.findall(r"/ressources/[\w-]+/", text)
    return found


@pytest.mark.ci
@pytest.mark.parametrize(
    ("publications", "kills"), [(4, 2), pytest.param(40, 10, marks=pytest.mark.full)]
)
def test_kills_miss_and_double_no_alert(tmp_path: Path, publications: int, kills: int) -> None:
    alerts.save(
        query=ResourceQuery(q="emploi"), title="Emploi", frequency="daily", by=UserFactory()
    )
    cards = []
    for number in range(kills):
        for _ in range(publications // kills):
            card = ResourceFactory(published=True, title="Un emploi", kind=ResourceKind.NEED)
            cards.append(card.get_absolute_url())
        assert write_alerts(tmp_path, number + 1, ALERT_POINTS[number % len(ALERT_POINTS)]) == 9
        assert write_alerts(tmp_path, number + 1) == 0, (tmp_path / "alerts.log").read_text()
    assert sorted(told_in(tmp_path)) == sorted(cards)
    assert AlertMatch.objects.filter(told_on=None).count() == 0
    assert outbox.pending(topic="mail.saved_search") == 0
