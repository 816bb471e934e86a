"""The schedule: each duty once a period, whatever runs it; a failed one is tried again."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django.db import connections

from portal.audit import duties
from portal.audit.models import Heartbeat, ScheduledRun
from portal.audit.tasks import run_duties
from portal.lib import clock

NOON = datetime.fromisoformat("2026-03-02T12:34:56+00:00")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the duties by two that note their runs."""
    runs: list[str] = []
    monkeypatch.setattr(duties, "_duties", {})
    duties.duty("hourly", minutes=60)(lambda: runs.append("hourly"))
    duties.duty("daily", minutes=24 * 60)(lambda: runs.append("daily"))
    monkeypatch.setattr(clock, "now", lambda: NOON)
    return runs


@pytest.mark.parametrize(
    ("minutes", "start"), [(10, "12:30"), (60, "12:00"), (360, "12:00"), (1_440, "00:00")]
)
def test_periods_are_counted_from_midnight(minutes: int, start: str) -> None:
    assert duties.slot(NOON, minutes) == datetime.fromisoformat(f"2026-03-02T{start}:00+00:00")


@pytest.mark.django_db
def test_each_duty_runs_once_a_period(done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert duties.run_due() == ["daily", "hourly"]
    assert duties.run_due() == []
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(minutes=30))
    assert duties.run_due() == ["hourly"]
    assert sorted(done) == ["daily", "hourly", "hourly"]
    assert ScheduledRun.objects.count() == 3


@pytest.mark.django_db
def test_a_duty_that_fails_is_tried_again(done: list[str], caplog: Any) -> None:
    broken = [True]

    def fail() -> None:
        done.append("tried")
        if broken:
            raise RuntimeError("no")

    duties.duty("a fragile one", minutes=60)(fail)
    assert duties.run_due() == ["daily", "hourly"]
    assert "a fragile one" in caplog.text
    broken.clear()
    assert duties.run_due() == ["a fragile one"]
    assert done.count("tried") == 2


@pytest.mark.django_db
def test_a_duty_by_itself_that_fails_waits_for_its_next_period(
    done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        done.append("tried")
        raise RuntimeError("no")

    duties.duty("by itself", minutes=60, by_itself=True)(fail)
    for _ in range(2):
        duties.run_due()
    assert done.count("tried") == 1
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(minutes=30))
    duties.run_due()
    assert done.count("tried") == 2


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_four_schedulers_run_a_duty_once(done: list[str]) -> None:
    start = threading.Barrier(4)

    def schedule() -> None:
        start.wait()
        duties.run_due()
        connections.close_all()

    threads = [threading.Thread(target=schedule) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == ["daily", "hourly"]


@pytest.mark.django_db
def test_old_runs_are_forgotten() -> None:
    for days in (29, 31):
        ScheduledRun.objects.create(name="x", slot=clock.now() - timedelta(days=days))
    duties.forget_runs()
    assert ScheduledRun.objects.count() == 1


@pytest.mark.django_db
def test_the_task_gives_a_sign_of_life(done: list[str]) -> None:
    run_duties()
    assert Heartbeat.objects.get().name == "tasks"
    assert sorted(done) == ["daily", "hourly"]


def test_the_schedule_names_tasks_that_exist() -> None:
    named = {row["task"] for row in settings.CELERY_BEAT_SCHEDULE.values()}
    assert named == {"audit.relay", "audit.duties"}
    assert named <= set(current_app.tasks)
    assert {"audit.denials", "audit.runs"} <= set(duties._duties)
