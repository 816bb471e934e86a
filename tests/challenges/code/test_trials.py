"""Code on the public sample: free, read as an entry is, with the log that the phase allows."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from challenges import invariants
from challenges.enums import JobKind
from challenges.evaluation import worker as vault
from challenges.evaluation.actions import evaluations
from challenges.models import Challenge, CodeTrial, Entry, Job, RunPlan, Team
from challenges.programs.actions import code as team_code
from challenges.programs.models import trial_reason
from challenges.sandbox.bubblewrap import Bubblewrap
from challenges.worker import Worker, drain
from datasets import gate
from portal.audit.models import AuditEvent
from portal.lib import clock, objects
from portal.lib.refusals import Conflict
from tests.challenges.code import world
from tests.challenges.code.world import RIGHT, START, package, zipped
from tests.challenges.programs.cases import isolated
from tests.challenges.refusals import refuses
from tests.challenges.test_scanning import EICAR, address, daemon
from tests.factories.challenges import TeamFactory, captain_of

pytestmark = pytest.mark.django_db


def asked(challenge: Challenge, content: bytes, team: Team | None = None) -> CodeTrial:
    made: Any = team or TeamFactory(challenge=challenge)
    return team_code.start_trial(
        phase=challenge.phases.get(),
        team=made,
        content=BytesIO(content),
        original_name="code.zip",
        by=captain_of(made),
    )


def tried(challenge: Challenge, content: bytes, team: Team | None = None) -> CodeTrial:
    trial = asked(challenge, content, team)
    assert drain()
    trial.refresh_from_db()
    return trial


def test_a_trial_waits_for_the_scanner_and_runs_nothing_that_it_refuses(
    challenge: Challenge, settings: Any
) -> None:
    trial = asked(challenge, package(START + RIGHT) + EICAR)
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
    trial = asked(challenge, package(START + "print('bonjour', len(rows))\n" + RIGHT))
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
    trial = tried(challenge, content)
    assert (trial.state, trial.reason_code) == ("failed", reason)
    assert said in trial.detail
    assert ("ZeroDivisionError" in trial.log) is (reason == "X_PROGRAM")


@pytest.mark.parametrize("logs", ["none", "organiser"])
def test_a_team_reads_a_log_only_where_the_phase_says_so(tmp_path: Path, logs: str) -> None:
    isolated()
    trial = tried(world.opened(tmp_path, logs=logs), package(START + "print('x')\n" + RIGHT))
    assert (trial.state, trial.log) == ("done", "")


def test_a_missing_job_of_a_trial_is_made_again(challenge: Challenge) -> None:
    trial = asked(challenge, package())
    Job.objects.filter(kind=JobKind.TRIAL).delete()
    assert list(invariants.orphan_trials()) == [f"trial:{trial.pk}"]
    assert evaluations.sweep_entries() == 1
    assert list(invariants.orphan_trials()) == []
    assert drain()
    trial.refresh_from_db()
    assert trial.state == "done"


def test_a_layout_that_the_phase_does_not_take_is_refused(challenge: Challenge) -> None:
    RunPlan.objects.update(layouts=["main", "codalab"])
    trial = tried(challenge, package())
    assert trial.reason_code == "E_PACKAGE"
    assert "main.py, metadata" in trial.detail


def test_a_team_tries_where_code_is_taken_alone(challenge: Challenge) -> None:
    challenge.phases.get().tasks.update(plan=None)
    with refuses(Conflict, "no_code"):
        asked(challenge, b"rien")


def test_a_host_that_cannot_isolate_tries_nothing(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = Bubblewrap(program="bwrap-absent")
    monkeypatch.setattr(vault, "sandbox", lambda: nowhere)
    assert tried(challenge, package()).reason_code == "X_NO_SANDBOX"
