"""From a received file to its score, and what happens when something breaks."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import (
    DataError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    connection,
)

from challenges import worker as loop
from challenges.entries import queries
from challenges.entries.actions import choices
from challenges.enums import EntryStatus, EvaluationState, JobKind, JobState, ReasonCode
from challenges.evaluation import queries as evaluation_queries
from challenges.evaluation.actions import evaluations, interventions
from challenges.models import Challenge, Entry, Evaluation, Job, Score, SealedResult, Standing
from challenges.queue import actions as jobs
from challenges.queue.worker import Beating
from challenges.results import actions as results
from challenges.scoring.process import child
from challenges.scoring.verdict import Evaluated, Fault, Verdict
from challenges.worker import Worker, drain
from datasets import gate
from portal.audit.models import AuditEvent, Outbox
from portal.lib import clock
from portal.lib.refusals import Conflict, NotAllowed
from tests.challenges.world import answer, entered, opened, truth_of
from tests.factories.accounts import UserFactory
from tests.factories.challenges import TeamFactory, captain_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    return opened(tmp_path)


def fresh(entry: Entry) -> Entry:
    return Entry.objects.get(pk=entry.pk)


def actions(after: int) -> list[str]:
    return list(
        AuditEvent.objects.filter(seq__gt=after).order_by("seq").values_list("action", flat=True)
    )


def test_a_file_is_checked_then_scored(challenge: Challenge) -> None:
    entry = entered(challenge)
    before = AuditEvent.objects.count()
    assert drain()
    entry = fresh(entry)
    assert (entry.status, entry.day_slot, entry.verdict["rows"]) == (EntryStatus.SCORED, 1, 120)
    assert len(entry.canonical_sha256) == 64
    public = [row for row in range(120) if row % 10 < 3]
    lines = dict(line.split(",") for line in answer(0.7).decode().splitlines())
    right = sum(int(lines[f"A{row:04}"]) == truth_of(row) for row in public) / len(public)
    scores = Score.objects.filter(evaluation__entry=entry).order_by("metric")
    assert [(each.metric, each.split, each.group) for each in scores] == [
        ("exactitude", "public", ""),
        ("mae", "public", ""),
    ]
    assert (scores[0].value, scores[0].value_text) == (round(right, 4), f"{right:.4f}")
    assert actions(before) == ["entry.checked", "holdout.opened", "entry.scored"]
    owed = Outbox.objects.filter(topic="mail.entry_scored")
    assert [row.ids for row in owed] == [{"entry_id": str(entry.pk)}]
    receipt = json.loads(entry.score_receipts.get().text)["payload"]
    assert receipt["values"] == {"public": {each.metric: each.value_text for each in scores}}
    assert receipt["holdout_sha256"] == entry.evaluations.get().holdout.ciphertext_sha256
    standing = Standing.objects.get(entry=entry)
    assert (standing.rank, standing.cells["exactitude"]["value"]) == (1, scores[0].value)
    low, high = standing.interval_low, standing.interval_high
    assert low is not None
    assert high is not None
    assert low <= scores[0].value <= high
    assert queries.released_figures(entry)["exactitude"]["low"] == low


def test_under_a_ladder_no_interval_tells_what_is_held_back(challenge: Challenge) -> None:
    """The middle of an interval tells the value that a ladder holds back."""
    challenge.phases.update(ladder=True)
    team = TeamFactory(challenge=challenge)
    best, other = entered(challenge, 0.9, team=team), entered(challenge, 0.3, team=team)
    assert drain()
    assert queries.released_figures(best)["exactitude"]["low"] is not None
    assert queries.released_figures(other) == queries.released_figures(best)


def test_nothing_private_is_readable_before_the_reveal(challenge: Challenge, settings: Any) -> None:
    entered(challenge)
    assert drain()
    assert set(Score.objects.values_list("split", "metric")) == {
        ("public", "exactitude"),
        ("public", "mae"),
    }
    settings.HOLDOUT_PRIVATE_KEY_FILE = ""
    sealed = SealedResult.objects.order_by("pk").first()
    assert sealed is not None
    assert b"exactitude" not in bytes(sealed.payload)
    with pytest.raises(gate.VaultSealed):
        gate.open_result(bytes(sealed.payload))


def test_a_wrong_file_is_refused_by_line_and_costs_nothing(challenge: Challenge) -> None:
    entry = entered(challenge, content=answer(0.7).replace(b"A0003,", b"A0002,"))
    assert drain()
    entry = fresh(entry)
    assert (entry.status, entry.day_slot, entry.total_slot) == (EntryStatus.REJECTED, None, None)
    fault = entry.verdict["faults"][0]
    assert (fault["code"], fault["line"], entry.reason_code) == (
        "E_ID_DUPLICATE",
        5,
        "E_ID_DUPLICATE",
    )
    assert entry.evaluations.count() == 0
    assert Outbox.objects.filter(topic="mail.entry_rejected").count() == 1


def test_a_withdrawn_entry_is_left_alone(challenge: Challenge) -> None:
    team = TeamFactory(challenge=challenge)
    entry = entered(challenge, team=team)
    choices.withdraw(entry=entry, by=captain_of(team))
    assert drain()
    assert fresh(entry).status == EntryStatus.WITHDRAWN
    assert fresh(entry).day_slot == 1
    assert Job.objects.alive().count() == 0


def test_a_scored_entry_that_is_withdrawn_leaves_the_board(challenge: Challenge) -> None:
    team = TeamFactory(challenge=challenge)
    entry = entered(challenge, team=team)
    assert drain()
    choices.withdraw(entry=fresh(entry), by=captain_of(team))
    assert drain()
    assert Standing.objects.filter(team=team).count() == 0
    assert Score.objects.filter(evaluation__entry=entry).count() == 2


def failing(error: Exception) -> Callable[..., None]:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise error

    return fail


def broken(monkeypatch: pytest.MonkeyPatch, name: str, error: Exception) -> None:
    monkeypatch.setattr(child, name, failing(error))


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the back-off pass at once."""
    real = clock.now
    started = real()
    monkeypatch.setattr(clock, "now", lambda: started + (real() - started) * 200)


def test_our_fault_is_tried_three_times_then_examined(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = entered(challenge)
    broken(monkeypatch, "examine", RuntimeError("a secret value"))
    hurry(monkeypatch)
    assert drain()
    entry = fresh(entry)
    assert (entry.status, entry.reason_code) == (EntryStatus.NEEDS_ATTENTION, ReasonCode.PLATFORM)
    assert (entry.day_slot, entry.total_slot) == (None, None)  # our fault keeps nobody's
    job = Job.objects.get(kind=JobKind.SCORE, subject_id=str(entry.evaluations.get().pk))
    assert (job.state, job.attempt, job.error_code) == (JobState.DEAD, 3, "RuntimeError")
    assert Outbox.objects.filter(topic="mail.entry_examined").count() == 1


def test_a_moderator_gives_it_another_try(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = entered(challenge)
    with monkeypatch.context() as patch:
        broken(patch, "examine", RuntimeError())
        hurry(patch)
        assert drain()
    with pytest.raises(NotAllowed):
        interventions.requeue(entry=entry, by=entry.submitted_by)
    interventions.requeue(entry=entry, by=UserFactory(region="moderator"))
    assert drain()
    entry = fresh(entry)
    assert (entry.status, entry.day_slot) == (EntryStatus.SCORED, 1)


def test_an_entry_tried_again_is_scored_though_its_team_used_its_slot(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    phase = challenge.phases.get()
    phase.max_per_day = 1
    phase.save(update_fields=["max_per_day"])
    entry = entered(challenge)
    with monkeypatch.context() as patch:
        broken(patch, "check", RuntimeError())
        hurry(patch)
        assert drain()
    another = entered(challenge, seed=2, team=entry.enrolment.team)
    interventions.requeue(entry=entry, by=UserFactory(region="moderator"))
    assert drain()
    entry, another = fresh(entry), fresh(another)
    assert (entry.status, another.status) == (EntryStatus.SCORED, EntryStatus.SCORED)
    assert (entry.day_slot, another.day_slot) == (None, 1)


def test_a_moderator_gives_the_slot_back(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = entered(challenge)
    broken(monkeypatch, "check", RuntimeError())
    hurry(monkeypatch)
    assert drain()
    assert fresh(entry).status == EntryStatus.NEEDS_ATTENTION
    moderator = UserFactory(region="moderator")
    interventions.give_up(entry=entry, our_fault=True, by=moderator)
    assert (fresh(entry).status, fresh(entry).day_slot) == (EntryStatus.FAILED, None)
    with pytest.raises(Conflict):
        interventions.give_up(entry=entry, our_fault=True, by=moderator)


def test_a_file_that_takes_too_long_fails_and_keeps_its_slot(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = entered(challenge)
    late = Evaluated(Verdict(accepted=False, faults=(Fault("X_TIMEOUT", "Temps dépassé."),)))
    monkeypatch.setattr(child, "examine", lambda *_args, **_kwargs: late)
    hurry(monkeypatch)
    assert drain()
    entry = fresh(entry)
    assert (entry.status, entry.reason_code, entry.day_slot) == (
        EntryStatus.FAILED,
        "X_TIMEOUT",
        1,
    )
    assert entry.reason_sentence.startswith("Temps dépassé")
    assert entry.evaluations.get().state == EvaluationState.FAILED
    assert Score.objects.filter(evaluation__entry=entry).count() == 0


def test_a_result_that_comes_late_is_dropped(challenge: Challenge) -> None:
    entry = entered(challenge)
    worker = Worker("slow")
    assert worker.work_one()  # the check
    job = jobs.claim(owner="slow")
    assert job is not None
    evaluation = evaluations.begin_score(job=job)
    assert evaluation is not None
    Job.objects.filter(pk=job.pk).update(lease_until=clock.now() - timedelta(seconds=1))
    jobs.reap(buried=evaluations.bury_subject)
    Job.objects.filter(pk=job.pk).update(run_after=clock.now())
    assert drain()
    assert fresh(entry).status == EntryStatus.SCORED
    result = evaluations.Result({"exactitude": 0.0}, b"x", "0" * 64, "k")
    assert not evaluations.finish_score(job=job, result=result)
    assert not evaluations.finish_failed(job=job, code="X_TIMEOUT")
    scores = Score.objects.filter(evaluation=evaluation, metric="exactitude")
    assert [score.value > 0 for score in scores] == [True]


def test_a_check_that_comes_late_is_dropped(challenge: Challenge) -> None:
    entry = entered(challenge)
    job = jobs.claim(owner="slow")
    assert job is not None
    assert evaluations.begin_check(job=job) is not None
    Job.objects.filter(pk=job.pk).update(lease_token=uuid4())
    assert evaluations.begin_check(job=job) is None
    assert not evaluations.finish_check(job=job, accepted=True, verdict={}, digest="")
    assert not results.begin_standings(job=job)
    assert fresh(entry).status == EntryStatus.CHECKING
    assert fresh(entry).evaluations.count() == 0


def test_a_lost_lease_stops_the_beat(challenge: Challenge, settings: Any) -> None:
    settings.BEAT_SECONDS = 0.01
    jobs.put(kind=JobKind.SCORE, subject_id="x", dedup_key="x")
    job = jobs.claim(owner="slow")
    assert job is not None
    with Beating(job) as beating:
        beating._once()
        assert not beating.lost.is_set()
        job.lease_token = uuid4()
        beating.token = job.lease_token
        beating._once()
        assert beating.lost.is_set()


def test_a_missing_job_is_made_again(challenge: Challenge) -> None:
    entry = entered(challenge)
    Job.objects.filter(subject_id=str(entry.pk)).delete()
    assert evaluations.sweep_entries() == 1
    assert evaluations.sweep_entries() == 0
    assert drain()
    assert fresh(entry).status == EntryStatus.SCORED
    waiting = entered(challenge, seed=2)
    assert Worker().work_one()
    Job.objects.filter(kind=JobKind.SCORE, state=JobState.READY).delete()
    assert evaluations.sweep_entries() == 1
    assert drain()
    assert fresh(waiting).status == EntryStatus.SCORED


def test_a_lost_database_is_not_the_job_s_fault(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = entered(challenge)
    job = Job.objects.get(kind=JobKind.CHECK, subject_id=str(entry.pk))
    worker = Worker()
    with monkeypatch.context() as patch:
        broken(patch, "check", OperationalError("gone"))
        patch.setattr(connection, "is_usable", lambda: False)
        for _time in range(job.max_attempts + 1):
            with pytest.raises(OperationalError):
                worker.work_one()
        job.refresh_from_db()
        assert (job.state, job.attempt) == (JobState.LEASED, 1)
    while worker.work_one():
        pass
    assert fresh(entry).status == EntryStatus.SCORED


def test_a_statement_that_a_living_database_gives_up_counts(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = entered(challenge)
    broken(monkeypatch, "check", OperationalError("canceling statement due to statement timeout"))
    hurry(monkeypatch)
    assert drain()
    assert fresh(entry).status == EntryStatus.NEEDS_ATTENTION


def test_no_job_is_taken_from_a_worker_that_an_outage_kept_from_beating(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered(challenge)
    busy = jobs.claim(owner="busy")
    assert busy is not None
    real, later = time.monotonic, 0.0
    monkeypatch.setattr(loop.time, "monotonic", lambda: real() + later)
    worker = Worker()
    worker.tidy(force=True)
    with monkeypatch.context() as patch:
        patch.setattr(loop, "beat", failing(OperationalError("gone")))
        later = settings.LEASE_SECONDS + 1
        with pytest.raises(OperationalError):
            worker.tidy()
    Job.objects.filter(pk=busy.pk).update(lease_until=clock.now() - timedelta(seconds=1))
    later += settings.REAP_SECONDS + 1
    worker.tidy()
    assert Job.objects.get(pk=busy.pk).state == JobState.LEASED
    for _time in range(3):
        later += settings.REAP_SECONDS + 1
        worker.tidy()
    assert Job.objects.get(pk=busy.pk).state == JobState.READY


@pytest.mark.parametrize("error", [DataError, IntegrityError, ProgrammingError])
def test_a_value_that_the_database_refuses_is_the_job_s_fault(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    entry = entered(challenge)
    broken(monkeypatch, "check", error("value too long"))
    assert Worker().work_one()
    job = Job.objects.get(kind=JobKind.CHECK, subject_id=str(entry.pk))
    assert (job.state, job.attempt, job.error_code) == (JobState.READY, 1, error.__name__)


def test_the_queue_says_how_long_to_wait(challenge: Challenge) -> None:
    first, second = entered(challenge), entered(challenge, seed=2)
    assert (queries.queue_position(first), queries.queue_position(second)) == (0, 1)
    wait = queries.expected_wait_seconds(first)  # of the reference
    assert wait is not None
    assert wait > 0
    assert drain()
    assert queries.queue_position(fresh(first)) is None


def test_the_same_answer_in_another_order_has_the_same_digest(challenge: Challenge) -> None:
    lines = answer(0.7).splitlines()
    shuffled = b"\n".join([lines[0], *reversed(lines[1:])]) + b"\n"
    first, second = entered(challenge), entered(challenge, content=shuffled)
    assert drain()
    assert fresh(first).canonical_sha256 == fresh(second).canonical_sha256
    ranks = Standing.objects.filter(is_baseline=False).values_list("rank", "tier")
    assert list(ranks) == [(1, 1), (1, 1)]


def test_each_opening_of_the_held_out_data_is_recorded(challenge: Challenge) -> None:
    opened = AuditEvent.objects.filter(action="holdout.opened")
    assert opened.count() >= 2  # to compile, to score the reference
    assert Evaluation.objects.get().state == EvaluationState.DONE


def test_an_entry_that_stays_too_long_is_examined(challenge: Challenge) -> None:
    entry = entered(challenge)
    job = jobs.claim(owner="lost")
    assert job is not None
    assert evaluations.begin_check(job=job) is not None
    Job.objects.all().delete()
    began = clock.now() - timedelta(minutes=16)
    Entry.objects.filter(pk=entry.pk).update(status_since=began)
    assert evaluation_queries.has_late_entries(clock.now())
    assert not evaluation_queries.has_late_entries(began + timedelta(minutes=14))
    assert evaluations.sweep_entries() == 1
    assert (fresh(entry).status, fresh(entry).reason_code) == (
        EntryStatus.NEEDS_ATTENTION,
        ReasonCode.PLATFORM,
    )
    assert Outbox.objects.filter(topic="mail.entry_examined").count() == 1
    assert evaluations.sweep_entries() == 0
    assert not evaluation_queries.has_late_entries(clock.now())
