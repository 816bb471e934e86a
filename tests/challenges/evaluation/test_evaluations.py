"""From a received file to its score: what breaks, who examines it, a phase that is paused."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import DataError, IntegrityError, OperationalError, ProgrammingError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from challenges import worker as loop
from challenges.entries.actions import choices
from challenges.entries.enums import EntryStatus
from challenges.evaluation import queries as evaluation_queries
from challenges.evaluation import worker as evaluation_worker
from challenges.evaluation.actions import evaluations, interventions, sweeps
from challenges.evaluation.enums import EvaluationState
from challenges.invariants import INVARIANTS
from challenges.models import Challenge, Entry, Job, Notice, Score, Standing
from challenges.queue import actions as jobs
from challenges.queue.enums import JobKind, JobState
from challenges.rescoring.models import RescoringState
from challenges.results import actions as results
from challenges.scoring import child
from challenges.scoring.verdict import Evaluated, Fault, ReasonCode, Verdict
from challenges.worker import Worker, drain
from portal.accounts.models import User
from portal.audit.models import AuditBody, AuditEvent, Outbox
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from tests.challenges.organising.test_challenges import signed_in
from tests.challenges.pages.scenes import Costs, url_of
from tests.challenges.refusals import refuses
from tests.challenges.rescoring.test_rescorings import accepted, corrected, phase
from tests.challenges.world import (
    CANARY,
    answer,
    entered,
    opened,
    owner_of,
    public_figures,
    scored,
    truth_of,
)
from tests.factories.accounts import UserFactory
from tests.factories.challenges import EntryFactory, TeamFactory, captain_of
from tests.factories.letters import delivered

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
    assert public_figures(entry)["exactitude"]["low"] == low


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


def test_p12_no_sealed_answer_stands_in_an_error_a_log_or_a_letter(
    challenge: Challenge,
    caplog: pytest.LogCaptureFixture,
    mailoutbox: list[EmailMessage],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level("DEBUG")
    entries = [entered(challenge), entered(challenge, content=answer(0.7).replace(b"A0003", b"X"))]
    assert drain()

    def broken(*_args: Any, **_said: Any) -> None:
        raise ValueError(f"row {CANARY}")  # as a library does, with a value of the answers

    monkeypatch.setattr(evaluation_worker, "scorer_for", broken)
    entries.append(entered(challenge))
    drain()
    delivered()
    ends = [fresh(each).status for each in entries]
    assert ends[:2] == [EntryStatus.SCORED, EntryStatus.REJECTED]
    assert ends[2] != EntryStatus.SCORED
    said = [(fresh(each).verdict, fresh(each).reason_sentence) for each in entries]
    letters = [f"{each.subject}{each.body}" for each in mailoutbox]
    assert letters
    kept = [*AuditBody.objects.values_list(), *Job.objects.values_list()]
    assert CANARY not in f"{said}{letters}{kept}{caplog.text}"


def test_a_withdrawn_entry_is_left_alone_and_leaves_the_board(challenge: Challenge) -> None:
    team = TeamFactory(challenge=challenge)
    scored, early = (entered(challenge, team=team, seed=seed) for seed in (1, 2))
    choices.withdraw(entry=early, by=captain_of(team))
    assert drain()
    early = fresh(early)
    assert (early.status, early.day_slot) == (EntryStatus.WITHDRAWN, 2)
    assert Job.objects.alive().count() == 0
    choices.withdraw(entry=fresh(scored), by=captain_of(team))
    assert drain()
    assert Standing.objects.filter(team=team).count() == 0
    assert Score.objects.filter(evaluation__entry=scored).count() == 2


def failing(error: Exception) -> Callable[..., None]:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise error

    return fail


PLACES = {"check": (child, "check"), "examine": (evaluation_worker, "examine_file")}


def broken(monkeypatch: pytest.MonkeyPatch, name: str, error: Exception) -> None:
    monkeypatch.setattr(*PLACES[name], failing(error))


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the back-off pass at once."""
    real = clock.now
    started = real()
    monkeypatch.setattr(clock, "now", lambda: started + (real() - started) * 200)


def test_our_fault_is_tried_three_times_then_examined_and_tried_again(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = entered(challenge)
    with monkeypatch.context() as patch:
        broken(patch, "examine", RuntimeError("a secret value"))
        hurry(patch)
        assert drain()
    entry = fresh(entry)
    assert (entry.status, entry.reason_code) == (EntryStatus.NEEDS_ATTENTION, ReasonCode.PLATFORM)
    assert (entry.day_slot, entry.total_slot) == (None, None)  # our fault keeps nobody's
    job = Job.objects.get(kind=JobKind.SCORE, subject_id=str(entry.evaluations.get().pk))
    assert (job.state, job.attempt, job.error_code) == (JobState.DEAD, 3, "RuntimeError")
    assert Outbox.objects.filter(topic="mail.entry_examined").count() == 1
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


def test_a_file_that_takes_too_long_fails_and_keeps_its_slot(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = entered(challenge)
    late = Evaluated(Verdict(accepted=False, faults=(Fault("X_TIMEOUT", "Temps dépassé."),)))
    monkeypatch.setattr(evaluation_worker, "examine_file", lambda *_args, **_kwargs: late)
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
    check = jobs.claim(owner="slow")
    assert evaluations.begin_check(job=check) is not None
    Job.objects.filter(pk=check.pk).update(lease_token=uuid4())
    assert evaluations.begin_check(job=check) is None
    assert not evaluations.finish_check(job=check, accepted=True, verdict={}, digest="")
    assert not results.begin_standings(job=check)
    assert (fresh(entry).status, entry.evaluations.count()) == (EntryStatus.CHECKING, 0)
    Job.objects.filter(pk=check.pk).update(state="ready", lease_token=None, lease_until=None)
    assert Worker("slow").work_one()  # the check
    job = jobs.claim(owner="slow")
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


def test_a_missing_job_is_made_again(challenge: Challenge) -> None:
    entry = entered(challenge)
    Job.objects.filter(subject_id=str(entry.pk)).delete()
    assert sweeps.sweep_entries() == 1
    assert sweeps.sweep_entries() == 0
    assert drain()
    assert fresh(entry).status == EntryStatus.SCORED
    waiting = entered(challenge, seed=2)
    assert Worker().work_one()
    Job.objects.filter(kind=JobKind.SCORE, state=JobState.READY).delete()
    assert sweeps.sweep_entries() == 1
    waiting.evaluations.all().delete()  # its score was not even asked for
    Job.objects.filter(kind=JobKind.SCORE, state=JobState.READY).delete()
    assert sweeps.sweep_entries() == 1
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


@pytest.mark.parametrize("error", [OperationalError, DataError, IntegrityError, ProgrammingError])
def test_what_a_living_database_refuses_is_the_job_s_fault(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """A statement that takes too long, a value too long."""
    entry = entered(challenge)
    broken(monkeypatch, "check", error("canceling statement due to statement timeout"))
    assert Worker().work_one()
    job = Job.objects.get(kind=JobKind.CHECK, subject_id=str(entry.pk))
    assert (job.state, job.attempt, job.error_code) == (JobState.READY, 1, error.__name__)


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


def test_the_queue_says_how_long_to_wait(challenge: Challenge) -> None:
    first, second = entered(challenge), entered(challenge, seed=2)
    assert (
        evaluation_queries.queue_position(first),
        evaluation_queries.queue_position(second),
    ) == (0, 1)
    wait = evaluation_queries.expected_wait_seconds(first)  # of the reference
    assert wait is not None
    assert wait > 0
    assert drain()
    assert evaluation_queries.queue_position(fresh(first)) is None


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
    Challenge.objects.update(restricted=True)  # no grant: nothing acts, nobody is told each hour
    assert not evaluation_queries.has_late_entries(clock.now())
    Challenge.objects.update(restricted=False)
    assert sweeps.sweep_entries() == 1
    assert (fresh(entry).status, fresh(entry).reason_code) == (
        EntryStatus.NEEDS_ATTENTION,
        ReasonCode.PLATFORM,
    )
    assert Outbox.objects.filter(topic="mail.entry_examined").count() == 1
    assert sweeps.sweep_entries() == 0
    assert not evaluation_queries.has_late_entries(clock.now())


QUEUE = "/moderation/soumissions/"


@pytest.fixture
def moderator(client: Client) -> User:
    """Sign a moderator in."""
    made: User = UserFactory(region="moderator")
    client.force_login(made)
    return made


def examined(**values: Any) -> Entry:
    """Make an entry whose check died three times."""
    entry: Entry = EntryFactory(
        status=EntryStatus.NEEDS_ATTENTION, reason_code="X_PLATFORM", **values
    )
    Job.objects.create(
        kind=JobKind.CHECK,
        subject_id=str(entry.pk),
        dedup_key=str(entry.pk),
        state=JobState.DEAD,
        attempt=3,
        error_code="ChildLost",
        run_after=timezone.now(),
        created_at=timezone.now(),
        finished_at=timezone.now(),
    )
    return entry


def page(entry: Entry) -> str:
    """Return the address of the examination of an entry."""
    return reverse("challenges:examination", args=[entry.pk])


def said(entry: Entry, decision: str, **more: str) -> dict[str, str]:
    """Fill the form as the page of this version does."""
    return {"version": str(entry.version), "decision": decision, "sure": "on", **more}


def test_queue_says_what_waits_and_why(client: Client, moderator: User) -> None:
    assert "Rien à examiner" in client.get(QUEUE).text
    entry = examined(original_name="secret-de-l-equipe.csv", note="secret")
    EntryFactory(scored=True)
    text = client.get(QUEUE).text
    assert page(entry) in text
    assert text.count("ChildLost") == 1
    assert "3 tentatives" in text.replace("\u00a0", " ")
    assert entry.enrolment.team.name in text
    for shown in (text, client.get(page(entry)).text):
        assert "secret" not in shown


def test_a_decision_is_confirmed_then_an_entry_is_tried_again(
    client: Client, moderator: User
) -> None:
    entry = examined()
    for missing, sentence in (
        ("decision", "Choisissez une décision."),
        ("sure", "Cochez la case pour confirmer."),
        ("version", "Rechargez la page"),
    ):
        given = said(entry, "requeue")
        del given[missing]
        refused = client.post(page(entry), given)
        assert refused.status_code == 422
        assert sentence in refused.text
    stale = said(entry, "give_back")
    Entry.objects.update(version=entry.version + 2)
    refused = client.post(page(entry), stale)
    assert refused.status_code == 409
    assert "attend de nouveau une décision" in refused.text
    assert f'value="{entry.version + 2}"' in refused.text
    entry.refresh_from_db()
    assert entry.status == EntryStatus.NEEDS_ATTENTION
    done = client.post(page(entry), said(entry, "requeue", note="Disque plein."), follow=True)
    assert "Soumission relancée." in done.text
    assert Entry.objects.get().status == EntryStatus.CHECKING
    assert Job.objects.get().state == JobState.READY
    assert AuditEvent.objects.filter(action="entry.requeued").count() == 1


@pytest.mark.parametrize(("decision", "slot"), [("give_back", None), ("keep", 1)])
def test_an_entry_is_closed_once_and_its_slot_given_back_or_kept(
    client: Client, moderator: User, decision: str, slot: int | None
) -> None:
    entry = examined()
    client.post(page(entry), said(entry, decision))
    before = AuditEvent.objects.count()
    again = client.post(page(entry), said(entry, "give_back"), follow=True)
    assert "n’attend plus de décision" in again.text
    found = Entry.objects.get()
    assert (found.status, found.day_slot) == (EntryStatus.FAILED, slot)
    assert AuditEvent.objects.count() == before
    assert AuditEvent.objects.filter(action="entry.given_up").count() == 1
    assert "Noter de nouveau" in client.get(page(entry)).text


@pytest.mark.parametrize("of", ["its team", "a rival"])
def test_who_plays_decides_on_no_entry(client: Client, of: str) -> None:
    entry = examined()
    team = entry.enrolment.team
    team = team if of == "its team" else TeamFactory(challenge=team.challenge)
    both = UserFactory(region="moderator")
    team.members.filter(user=captain_of(team)).update(user=both)
    client.force_login(both)
    assert "une autre personne de la Région décidera" in client.get(page(entry)).text
    assert client.post(page(entry), said(entry, "requeue")).status_code == 403
    assert Entry.objects.get().status == EntryStatus.NEEDS_ATTENTION


def test_queue_costs_the_same_for_one_and_three(
    client: Client, moderator: User, count: int, costs: Costs
) -> None:
    for _ in range(count):
        examined()
    with costs(10):
        client.get(QUEUE)


def test_a_failed_entry_is_scored_again_and_nothing_else(client: Client, moderator: User) -> None:
    entry = examined()
    interventions.give_up(entry=entry, our_fault=False, by=moderator)
    assert f"Soumission {entry.number}" not in client.get(QUEUE).text
    assert f"Soumission {entry.number}" in client.get(f"{QUEUE}?echecs=1").text
    entry.refresh_from_db()
    assert "Noter de nouveau" in client.get(page(entry)).text
    assert client.post(page(entry), said(entry, "give_back")).status_code == 302
    entry.refresh_from_db()
    assert (entry.status, entry.day_slot) == (EntryStatus.FAILED, 1)
    assert client.post(page(entry), said(entry, "again")).status_code == 302
    entry.refresh_from_db()
    assert entry.status == EntryStatus.QUEUED
    captain = captain_of(entry.enrolment.team)
    with pytest.raises(NotAllowed):
        interventions.score_again(entry=entry, by=captain)
    with pytest.raises(Conflict):
        interventions.score_again(entry=entry, by=moderator)


@pytest.fixture
def running(tmp_path: Path) -> Challenge:
    return scored(tmp_path, 0.9)


def test_a_paused_phase_receives_checks_and_scores_at_the_end(running: Challenge) -> None:
    by = owner_of(running)
    before = entered(running, 0.7, seed=2)
    interventions.pause(phase=phase(), reason="Le programme est faux.", by=by)
    entry = entered(running, 0.8, seed=3)
    assert drain()
    assert {fresh(before).status, fresh(entry).status} == {EntryStatus.QUEUED}
    assert not Score.objects.filter(evaluation__entry__in=[before, entry]).exists()
    assert sweeps.sweep_entries() == 0
    assert list(INVARIANTS["I2"][1]()) == []
    assert "Le programme est faux" in Notice.objects.get(kind="scoring").text
    page = signed_in(captain_of(entry.enrolment.team)).get(url_of(running, "entry", entry.pk))
    assert "La notation de cette phase est en pause." in page.text
    assert "Le programme est faux." in page.text
    sending = signed_in(captain_of(entry.enrolment.team)).get(url_of(running, "entries"))
    assert "votre fichier est reçu, daté et vérifié" in sending.text
    interventions.resume(phase=phase(), by=by)
    assert drain()
    assert {fresh(before).status, fresh(entry).status} == {EntryStatus.SCORED}
    acts = AuditEvent.objects.filter(action__startswith="phase.").order_by("seq")
    assert list(acts.values_list("action", flat=True))[-2:] == ["phase.paused", "phase.resumed"]


def test_a_change_of_scoring_is_tried_and_put_in_force_during_a_pause(
    running: Challenge,
) -> None:
    interventions.pause(phase=phase(), reason="Réponses fausses.", by=owner_of(running))
    entry = entered(running, 0.8, seed=4)
    assert drain()
    made = accepted(running, truth=corrected())
    assert made.state == RescoringState.IN_FORCE
    assert fresh(entry).status == EntryStatus.SCORED
    shown = Score.objects.filter(evaluation__entry=entry)
    assert set(shown.values_list("evaluation__holdout", flat=True)) == {made.task.holdout_id}


def test_only_what_the_platform_broke_is_tried_again(running: Challenge) -> None:
    by: User = owner_of(running)
    ours, theirs, program = (entered(running, 0.7, seed=10 + at) for at in range(3))
    assert drain()
    Entry.objects.filter(pk=ours.pk).update(status="needs_attention", reason_code="X_PLATFORM")
    ours.evaluations.update(state="pending", finished_at=None)
    keys = [str(each.pk) for each in ours.evaluations.all()]
    Job.objects.filter(subject_id__in=keys).update(state="dead", attempt=3)
    Entry.objects.filter(pk=theirs.pk).update(status="failed", reason_code="X_TIMEOUT")
    Entry.objects.filter(pk=program.pk).update(status="needs_attention", reason_code="X_PROGRAM")
    slot = fresh(ours).day_slot
    (read,) = evaluation_queries.phase_pipelines(running)
    assert (read.broken, read.oldest) == (1, None)
    assert read.counts == {"failed": 1, "needs_attention": 2, "scored": 1}
    answer = signed_in(by).post(url_of(running, "pipeline_retry", 0), follow=True)
    assert "1 soumission relancée." in answer.text
    assert drain()
    assert (fresh(ours).status, fresh(ours).day_slot) == (EntryStatus.SCORED, slot)
    assert fresh(theirs).status == EntryStatus.FAILED
    assert fresh(program).status == EntryStatus.NEEDS_ATTENTION
    with refuses(Conflict, "nothing_to_retry"):
        interventions.retry_phase(phase=phase(), by=by)
    told = AuditEvent.objects.filter(action__in=["phase.retried", "entry.requeued"])
    assert told.count() == 2


def test_the_page_of_the_queue(running: Challenge) -> None:
    organiser = signed_in(owner_of(running))
    address = url_of(running, "pipeline")
    organiser.get(address)  # reads what a process keeps
    counts = []
    for at in range(2):
        with CaptureQueriesContext(connection) as seen:
            page = organiser.get(address)
        counts.append(len(seen))
        entered(running, 0.7, seed=20 + at)
    assert counts[0] == counts[1] <= 25
    assert "Mettre la notation en pause" in page.text
    pause = url_of(running, "pipeline_pause", 0)
    bare = organiser.post(pause, {"reason": ""})
    assert bare.status_code == 422
    assert "Dites pourquoi" in bare.text
    with pytest.raises(Invalid):
        interventions.pause(phase=phase(), reason=" ", by=owner_of(running))
    assert organiser.post(pause, {"reason": "Une fuite."}).status_code == 302
    again = organiser.post(pause, {"reason": "Une fuite."})
    assert again.status_code == 409
    shown = organiser.get(address).text
    assert "Une fuite." in shown
    assert "Mettre la notation en pause" not in shown
    resume = url_of(running, "pipeline_resume", 0)
    assert [organiser.post(resume).status_code for _twice in "12"] == [302, 409]
    assert not phase().paused_at
