"""Code of teams: tried on the public sample, run on hidden inputs, what a crash leaves of it."""

import json
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db.models import QuerySet

from challenges import invariants
from challenges.entries.actions import checks
from challenges.entries.enums import EntryStatus
from challenges.evaluation import worker as evaluator
from challenges.evaluation.actions import interventions, sweeps
from challenges.models import (
    Challenge,
    CodeRun,
    CodeTrial,
    Entry,
    Job,
    Rescoring,
    SealedPredictions,
    Team,
)
from challenges.organising.queries import NoSandbox
from challenges.programs import worker as program_worker
from challenges.programs.actions import code as team_code
from challenges.programs.actions import runs
from challenges.programs.actions.runs import RunOutcome
from challenges.programs.models import trial_reason
from challenges.queue import actions as jobs
from challenges.queue.enums import JobKind, JobState
from challenges.queue.worker import bury
from challenges.rescoring.actions import rescorings
from challenges.rescoring.models import RescoringState
from challenges.sandbox.bubblewrap import Bubblewrap
from challenges.scoring.verdict import Verdict, fault_of
from challenges.worker import Worker, drain
from datasets import gate
from portal.audit.models import AuditEvent
from portal.lib import clock, failpoints
from portal.lib.refusals import Conflict
from portal.lib.storage import objects
from tests.archives import zipped
from tests.challenges import world as answers
from tests.challenges.entries.test_scanning import EICAR, address, daemon
from tests.challenges.programs.cases import isolated
from tests.challenges.programs.code import world
from tests.challenges.programs.code.world import RIGHT, START, entered, package
from tests.challenges.refusals import refuses
from tests.challenges.world import worked
from tests.factories.accounts import UserFactory
from tests.factories.challenges import TeamFactory, captain_of

pytestmark = pytest.mark.django_db
# Reads every file that it may, but for the system's own, and looks for what each held-out row has.
LOOK = f"""
import os, stat
wanted = "".join(reversed({answers.CANARY[::-1]!r})).encode()
read = found = 0
for top, folders, files in os.walk("/"):
    if top == "/":
        folders[:] = [one for one in folders if one not in ("usr", "sys")]
    if top == "/proc" or "/task" in top:
        folders[:] = [one for one in folders if one.isdigit()][:20]
    for name in files:
        path = os.path.join(top, name)
        try:
            if not stat.S_ISREG(os.lstat(path).st_mode):
                continue
            with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
                content = file.read(2_000_000)
        except OSError:
            continue
        read += 1
        found += wanted in content
found += wanted.decode() in repr(os.environ)
print("inputs", sorted(os.listdir(given["--in"])), "read", read > 20, "found", found, flush=True)
"""


@pytest.fixture
def challenge(tmp_path: Path) -> Challenge:
    """Return an open challenge of code, or skip where this machine cannot isolate it."""
    isolated()
    return world.opened(tmp_path)


def run_of(entry: Entry) -> CodeRun:
    return entry.code_runs.get()


def exact(entry: Entry) -> Any:
    """Return the exact share of right answers on the public part."""
    return evaluator.unseal(entry.evaluations.get().pk)["values"]["public"]["exactitude"]


def test_code_is_run_then_scored_as_answers_are(challenge: Challenge) -> None:
    entry = worked(entered(challenge, package()))

    assert (entry.status, entry.reason_code) == (EntryStatus.SCORED, "")
    evaluation, run = entry.evaluations.get(), run_of(entry)
    assert (evaluation.run, run.state, exact(entry)) == (run, "done", 1.0)
    assert (run.minutes, run.half_gib) == (1, 1)
    assert run.measures["wall_seconds"] > 0
    assert evaluation.cpu_seconds is not None
    signed = json.loads(entry.score_receipts.get().text)["payload"]["run"]
    assert signed["package_sha256"] == entry.sha256
    assert signed["environment"] == run.environment_digest == evaluation.environment_digest
    assert signed["seed"] == 7
    kept = objects.read(SealedPredictions.objects.get(run=run).ciphertext_sha256)
    assert b"niveau" not in kept
    opened = AuditEvent.objects.filter(action="holdout.opened").order_by("seq")
    reasons = [json.loads(each.body.body)["facts"]["reason"] for each in opened]
    assert reasons[-2:] == [f"run {run.pk}", f"evaluation {evaluation.pk}"]


def test_no_label_lies_where_code_runs(tmp_path: Path) -> None:
    isolated()
    challenge = world.opened(tmp_path, logs="organiser")
    worked(entered(challenge, package()))  # the truth was opened by this worker before
    entry = worked(entered(challenge, package(START + LOOK + RIGHT)))
    assert entry.status == EntryStatus.SCORED
    said = "inputs ['submission_format.csv', 'test.csv'] read True found 0"
    assert run_of(entry).log.split("\n") == [said, ""]


def test_a_failure_is_a_class_for_the_team_and_exact_for_moderators(
    challenge: Challenge,
) -> None:
    wrong = {
        "X_PROGRAM": ("import sys; sys.exit(3)", "code de sortie 3"),
        "X_TIMEOUT": ("import time; time.sleep(30)", "plus de 1 s"),
        "X_MEMORY": ("import time; kept = bytearray(400_000_000); time.sleep(30)", "mémoire"),
        "X_OUTPUT": ("write([('A9999', 1)])", "E_ID_UNKNOWN"),
    }
    for code_, (program, detail) in wrong.items():
        challenge.phases.update(time_limit_s=1 if code_ == "X_TIMEOUT" else 60)
        entry = worked(entered(challenge, package(START + program)))
        run = run_of(entry)
        assert (entry.status, entry.reason_code) == (EntryStatus.FAILED, code_)
        assert entry.evaluations.get().reason_code == run.reason_code == code_
        assert detail in run.detail
        assert (entry.day_slot, entry.total_slot) == (1, 1)
        assert not entry.verdict["faults"]
        assert run.log == ""


def test_restricted_data_leave_no_word_of_a_program(tmp_path: Path) -> None:
    isolated()
    challenge = world.opened(tmp_path, restricted=True, logs="organiser")
    entry = worked(entered(challenge, package(START + "print('secret'); write([('A9999', 1)])")))
    run = run_of(entry)
    assert (run.reason_code, run.detail, run.log) == ("X_OUTPUT", "", "")


def test_a_package_that_cannot_start_costs_no_attempt(challenge: Challenge) -> None:
    for content, reason in [
        (b"id,niveau\nA0001,1\n", "E_ZIP_CORRUPT"),
        (zipped({"lisez-moi.txt": "rien"}), "E_PACKAGE"),
    ]:
        entry = worked(entered(challenge, content))
        assert (entry.status, entry.reason_code) == (EntryStatus.REJECTED, reason)
        assert (entry.day_slot, CodeRun.objects.filter(entry=entry).count()) == (None, 0)


def test_a_host_that_cannot_isolate_runs_nothing(
    challenge: Challenge, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JOB_BACKOFF_SECONDS = (0, 0)
    waiting = entered(challenge, package())
    assert Worker().work_one()  # checked while it could still isolate
    nowhere = Bubblewrap(program="bwrap-absent")
    monkeypatch.setattr(evaluator, "sandbox", lambda: nowhere)

    trial = asked_trial(challenge, package())
    refused = worked(entered(challenge, package()))  # before any sign of life

    assert (refused.status, refused.reason_code) == (EntryStatus.REJECTED, "X_NO_SANDBOX")
    trial.refresh_from_db()
    assert trial.reason_code == "X_NO_SANDBOX"
    waiting.refresh_from_db()
    assert (waiting.status, run_of(waiting).state) == (EntryStatus.NEEDS_ATTENTION, "queued")
    with pytest.raises(NoSandbox):
        entered(challenge, package())


def test_answers_are_checked_where_they_are_taken_and_code_is_tried_where_it_is(
    challenge: Challenge,
) -> None:
    team = TeamFactory(challenge=challenge)
    with refuses(Conflict, "code_phase"):
        checks.check(
            phase=challenge.phases.get(),
            team=team,
            content=b"id,niveau\nA0001,1\n",
            original_name="a.csv",
            by=captain_of(team),
        )
    challenge.phases.get().tasks.update(plan=None)
    with refuses(Conflict, "no_code"):
        asked_trial(challenge, b"rien")


class Killed(BaseException):
    """The process is gone: nothing after it runs."""


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give what kills the next worker at a place."""

    def at(place: str) -> None:
        def hit(name: str, *_args: Any) -> None:
            if name == place:
                monkeypatch.setattr(failpoints, "hit", lambda *_args: None)
                raise Killed

        monkeypatch.setattr(failpoints, "hit", hit)
        with pytest.raises(Killed):
            drain()
        leases_lapse()

    return at


def leases_lapse() -> None:
    """Give back what lost workers held, to be taken at once."""
    Job.objects.filter(state=JobState.LEASED).update(lease_until=clock.now() - timedelta(seconds=1))
    jobs.reap(buried=bury)
    Job.objects.filter(state=JobState.READY).update(run_after=clock.now())


def breaches() -> list[str]:
    return [f"{key}:{one}" for key, (_, find) in invariants.INVARIANTS.items() for one in find()]


@pytest.mark.parametrize(
    "place", ["run.before_code", "run.computed", "run.before_commit", "score.before_child"]
)
def test_a_worker_killed_between_two_steps_leaves_nothing_stuck(
    challenge: Challenge, killed: Any, place: str
) -> None:
    entry = entered(challenge, package())
    killed(place)

    entry = worked(entry)

    assert (entry.status, entry.code_runs.get().state) == (EntryStatus.SCORED, "done")
    assert entry.evaluations.get().scores.filter(metric="exactitude").count() == 1
    assert SealedPredictions.objects.count() == 1
    assert breaches() == []


def test_a_run_that_comes_late_is_dropped(challenge: Challenge) -> None:
    entry = entered(challenge, package())
    assert Worker().work_one()  # the check
    job = jobs.claim(owner="slow")
    assert job.kind == JobKind.RUN
    assert job.priority == 20
    assert runs.begin_run(job=job) is not None
    leases_lapse()
    entry = worked(entry)

    assert not runs.finish_run(job=job, ended=RunOutcome("X_PROGRAM"))
    entry.refresh_from_db()
    assert (entry.status, entry.code_runs.get().state) == (EntryStatus.SCORED, "done")


def test_a_missing_job_of_a_run_is_made_again(challenge: Challenge) -> None:
    entry = entered(challenge, package())
    assert Worker().work_one()
    Job.objects.filter(kind=JobKind.RUN).delete()
    assert [one.split(":")[0] for one in breaches()] == ["I2"]
    assert sweeps.sweep_entries() == 1
    assert worked(entry).status == EntryStatus.SCORED


def test_a_fault_of_ours_is_tried_again_then_examined_and_no_change_of_scoring_waits_for_it(
    challenge: Challenge, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JOB_BACKOFF_SECONDS = (0, 0)
    entry = entered(challenge, package())
    with monkeypatch.context() as broken:
        absent = Bubblewrap(program="bwrap-absent")
        broken.setattr(program_worker.evaluator, "sandbox", lambda: absent)
        broken.setattr(program_worker.evaluator, "missing_isolation", lambda: None)
        entry = worked(entry)
    assert (entry.status, entry.reason_code) == (EntryStatus.NEEDS_ATTENTION, "X_PLATFORM")
    job = Job.objects.get(kind=JobKind.RUN)
    assert (job.state, job.attempt, job.error_code) == (JobState.DEAD, 3, "X_NO_SANDBOX")

    made = tried(challenge)
    assert made.state == RescoringState.READY
    assert (sweeps.sweep_entries(), states()) == (0, ["queued"])

    moderator: Any = UserFactory(region="moderator")
    given = interventions.requeue(entry=entry, by=moderator)
    assert worked(given).status == EntryStatus.SCORED
    assert entry.evaluations.get(scorer_version=made.task.scorer_version).state == "done"


@pytest.mark.parametrize(
    ("codes", "ended"),
    [
        (["X_TIMEOUT", "X_MEMORY"], ("failed", "X_OUTPUT")),
        (["X_TIMEOUT", ""], ("scored", "")),
        (["X_PLATFORM", "X_PLATFORM", "X_MEMORY"], ("failed", "X_OUTPUT")),
        (["X_PLATFORM"] * 3, ("needs_attention", "X_PLATFORM")),
    ],
)
def test_an_output_that_our_reading_cannot_hold_twice_is_the_fault_of_the_output(
    challenge: Challenge,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    codes: list[str],
    ended: tuple[str, str],
) -> None:
    settings.JOB_BACKOFF_SECONDS = (0, 0)
    entry = entered(challenge, package())
    said, read = iter(codes), program_worker.child.read

    def reading(*args: Any, **given: Any) -> Any:
        found = next(said, "")
        return (Verdict(False, (fault_of(found),)), None) if found else read(*args, **given)

    monkeypatch.setattr(program_worker.child, "read", reading)
    entry = worked(entry)
    assert (entry.status, entry.reason_code) == ended
    assert next(said, None) is None  # nothing was read more often


def test_a_failed_run_is_made_again_when_a_moderator_asks(challenge: Challenge) -> None:
    entry = worked(entered(challenge, package("import sys; sys.exit(1)")))
    assert entry.code_runs.get().reason_code == "X_PROGRAM"
    moderator: Any = UserFactory(region="moderator")
    entry = worked(interventions.score_again(entry=entry, by=moderator))
    run = entry.code_runs.get()
    assert (entry.status, run.state, run.reason_code) == (EntryStatus.FAILED, "failed", "X_PROGRAM")
    assert Job.objects.get(kind=JobKind.RUN).state == JobState.DONE


def test_another_scoring_reads_the_predictions_that_were_kept(challenge: Challenge) -> None:
    """Corrected answers score what was predicted: no code runs again."""
    good = worked(entered(challenge, package()))
    failed = worked(entered(challenge, package("import sys; sys.exit(1)")))
    ran = list(CodeRun.objects.order_by("pk").values_list("pk", "finished_at"))
    task = tried(challenge).task

    assert list(CodeRun.objects.order_by("pk").values_list("pk", "finished_at")) == ran
    found = {
        entry.pk: entry.evaluations.get(scorer_version=task.scorer_version)
        for entry in (good, failed)
    }
    assert [(each.state, each.reason_code) for each in found.values()] == [
        ("done", ""),
        ("failed", "X_PROGRAM"),
    ]
    assert breaches() == []
    kept = SealedPredictions.objects.get(run__entry=good)
    objects.store().delete(kept.ciphertext_sha256)  # lost
    assert breaches() == [f"I23:run:{good.code_runs.get().pk}"]


def tried(challenge: Challenge) -> Rescoring:
    phase, owner = challenge.phases.get(), answers.owner_of(challenge)
    spec = phase.tasks.get(current=True).scorer_version.spec
    figures = [{**each, "primary": each["key"] == "mae"} for each in spec["metrics"]]
    made = rescorings.propose_figures(
        phase=phase, spec={**spec, "metrics": figures}, reason="Mieux.", by=owner
    )
    assert drain()
    rescorings.start(rescoring=made, by=owner)
    assert drain(seconds=60)
    made.refresh_from_db()
    return made


def states() -> list[str]:
    return list(CodeRun.objects.order_by("entry__received_at").values_list("state", flat=True))


def test_a_pause_holds_code_but_what_a_change_of_scoring_waits_for(challenge: Challenge) -> None:
    owner = answers.owner_of(challenge)
    before = entered(challenge, package())
    assert Worker().work_one()  # the check
    interventions.pause(phase=challenge.phases.get(), reason="Programme faux.", by=owner)
    entry = worked(entered(challenge, package()))
    assert (entry.status, states()) == (EntryStatus.QUEUED, ["queued", "queued"])

    Job.objects.filter(kind=JobKind.RUN).delete()
    assert sweeps.sweep_entries() == 2
    assert drain()
    assert states() == ["queued", "queued"]

    made = tried(challenge)
    assert (made.state, states()) == (RescoringState.READY, ["done", "done"])
    kept = [
        str(
            each.evaluations.get(
                holdout=made.former.holdout, scorer_version=made.former.scorer_version
            ).pk
        )
        for each in (before, entry)
    ]
    assert Job.objects.filter(kind=JobKind.SCORE, dedup_key__in=kept).delete()[0] == 2
    assert sweeps.sweep_entries() == 2
    assert drain()
    assert {each.status for each in Entry.objects.filter(pk__in=[before.pk, entry.pk])} == {
        EntryStatus.SCORING
    }

    interventions.resume(phase=challenge.phases.get(), by=owner)
    assert {worked(before).status, worked(entry).status} == {EntryStatus.SCORED}


def test_an_entry_is_locked_before_its_run_and_its_evaluation(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start of a score locks them in this order: another order would be a deadlock."""
    locked, select = list[str](), QuerySet.select_for_update

    def seen(rows: Any, *given: Any, **named: Any) -> Any:
        locked.append(rows.model.__name__)
        return select(rows, *given, **named)

    entered(challenge, package())
    monkeypatch.setattr(QuerySet, "select_for_update", seen)
    assert drain()
    assert [locked[locked.index(name) - 1] for name in ("CodeRun", "Evaluation")] == ["Entry"] * 2


def asked_trial(challenge: Challenge, content: bytes, team: Team | None = None) -> CodeTrial:
    made: Any = team or TeamFactory(challenge=challenge)
    return team_code.start_trial(
        phase=challenge.phases.get(),
        team=made,
        content=BytesIO(content),
        original_name="code.zip",
        by=captain_of(made),
    )


def ended_trial(challenge: Challenge, content: bytes, team: Team | None = None) -> CodeTrial:
    trial = asked_trial(challenge, content, team)
    assert drain()
    trial.refresh_from_db()
    return trial


def test_a_trial_waits_for_the_scanner_and_runs_nothing_that_it_refuses(
    challenge: Challenge, settings: Any
) -> None:
    trial = asked_trial(challenge, package(START + RIGHT) + EICAR)
    settings.SCANNER_URL = "tcp://127.0.0.1:9"
    gate.act_as_worker()
    assert Worker("test").work_one()
    job = Job.objects.get(kind=JobKind.TRIAL)
    assert (job.attempt, job.error_code) == (0, "scanner_away")
    with daemon() as server:
        settings.SCANNER_URL = address(server)
        Job.objects.update(run_after=clock.now())
        assert Worker("test").work_one()
    trial.refresh_from_db()
    assert (trial.state, trial.reason_code, trial.log) == ("failed", "E_INFECTED", "")
    assert "antivirus" in trial_reason(trial.reason_code)
    assert trial.measures == {}


def test_a_trial_reads_the_sample_and_gives_its_whole_log(
    challenge: Challenge, django_capture_on_commit_callbacks: Any
) -> None:
    before = AuditEvent.objects.count()
    trial = asked_trial(challenge, package(START + "print('bonjour', len(rows))\n" + RIGHT))
    kept = trial.sealed
    assert b"manifest" not in objects.read(kept)
    with django_capture_on_commit_callbacks(execute=True):
        assert drain()
    trial.refresh_from_db()

    assert (trial.state, trial.reason_code, trial.verdict["rows"]) == ("done", "", 100)
    assert (trial.log, trial.log_cut) == ("bonjour 100\n", False)
    assert trial.measures["wall_seconds"] > 0
    assert (trial.sealed, trial.keys, objects.store().exists(kept)) == ("", [], False)
    assert Entry.objects.count() == 0
    events = AuditEvent.objects.filter(seq__gt=before).order_by("seq")
    assert list(events.values_list("action", flat=True)) == ["code_trial.asked", "code_trial.ended"]


@pytest.mark.parametrize(
    ("content", "reason", "said"),
    [
        (package(START + "1 / 0"), "X_PROGRAM", "code de sortie 1"),
        (package(START), "X_OUTPUT", "predictions.csv est absent"),
        (package(START + "write([(r['id'], 9) for r in rows])"), "X_OUTPUT", "E_VALUE_RANGE"),
        (package(START + "write([('A0001', 1)])"), "X_OUTPUT", "E_ID_UNKNOWN"),
        (zipped({"lisez-moi": "rien"}), "E_PACKAGE", "manifest.toml"),
        (b"rien", "E_ZIP_CORRUPT", "zip"),
    ],
    ids=["error", "nothing", "range", "hidden id", "package", "archive"],
)
def test_a_trial_that_fails_says_why(
    challenge: Challenge, content: bytes, reason: str, said: str
) -> None:
    trial = ended_trial(challenge, content)
    assert (trial.state, trial.reason_code) == ("failed", reason)
    assert said in trial.detail
    assert ("ZeroDivisionError" in trial.log) is (reason == "X_PROGRAM")


@pytest.mark.parametrize("logs", ["none", "organiser"])
def test_a_team_reads_a_log_only_where_the_phase_says_so(tmp_path: Path, logs: str) -> None:
    isolated()
    trial = ended_trial(world.opened(tmp_path, logs=logs), package(START + "print('x')\n" + RIGHT))
    assert (trial.state, trial.log) == ("done", "")


def test_a_missing_job_of_a_trial_is_made_again(challenge: Challenge) -> None:
    trial = asked_trial(challenge, package())
    Job.objects.filter(kind=JobKind.TRIAL).delete()
    assert list(invariants.orphan_trials()) == [f"trial:{trial.pk}"]
    assert team_code.sweep_trials() == 1
    assert list(invariants.orphan_trials()) == []
    assert drain()
    trial.refresh_from_db()
    assert trial.state == "done"
