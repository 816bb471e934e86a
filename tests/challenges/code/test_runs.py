"""Code on hidden inputs: what it sees, what it may write, what counts, what is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from challenges.entries.actions import checks
from challenges.enums import EntryStatus
from challenges.evaluation import worker as vault
from challenges.models import Challenge, CodeRun, Entry, SealedPredictions
from challenges.queue.actions import NoSandbox
from challenges.sandbox.bubblewrap import Bubblewrap
from challenges.worker import Worker
from portal.audit.models import AuditEvent
from portal.lib import objects
from portal.lib.refusals import Conflict
from tests.challenges import world as answers
from tests.challenges.code import world
from tests.challenges.code.world import RIGHT, START, entered, package, worked, zipped
from tests.challenges.programs.cases import isolated
from tests.factories.challenges import TeamFactory, captain_of

pytestmark = pytest.mark.django_db
IN_PLACE = START.replace('given["--in"]', '"data"').replace('given["--out"]', '"submission.csv"')
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


def run_of(entry: Entry) -> CodeRun:
    return entry.code_runs.get()


def exact(entry: Entry) -> Any:
    """Return the exact share of right answers on the public part."""
    return vault.unseal(entry.evaluations.get().pk)["values"]["public"]["exactitude"]


def test_code_is_run_then_scored_as_answers_are(challenge: Challenge) -> None:
    entry = worked(entered(challenge, package()))

    assert (entry.status, entry.reason_code) == (EntryStatus.SCORED, "")
    evaluation, run = entry.evaluations.get(), run_of(entry)
    assert (evaluation.run, run.state, exact(entry)) == (run, "done", 1.0)
    assert (run.minutes, run.half_gib) == (1, 1)
    names = [
        "cpu_seconds",
        "io_bytes",
        "output_bytes",
        "peak_bytes",
        "processes",
        "wall_seconds",
    ]
    assert sorted(run.measures) == names
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


@pytest.mark.parametrize(
    "files",
    [
        {"main.py": IN_PLACE + RIGHT},
        {
            "metadata": "command: python3 $program/a.py --in $input --out $output/predictions.csv",
            "a.py": START + RIGHT,
        },
    ],
    ids=["main.py", "codalab"],
)
def test_the_other_two_layouts_run(challenge: Challenge, files: dict[str, str]) -> None:
    entry = worked(entered(challenge, zipped(files)))
    assert (entry.status, entry.reason_code, exact(entry)) == (EntryStatus.SCORED, "", 1.0)


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
    monkeypatch.setattr(vault, "sandbox", lambda: nowhere)

    refused = worked(entered(challenge, package()))  # before any sign of life

    assert (refused.status, refused.reason_code) == (EntryStatus.REJECTED, "X_NO_SANDBOX")
    waiting.refresh_from_db()
    assert (waiting.status, run_of(waiting).state) == (EntryStatus.NEEDS_ATTENTION, "queued")
    with pytest.raises(NoSandbox):
        entered(challenge, package())


def test_nobody_checks_answers_against_hidden_identifiers(challenge: Challenge) -> None:
    team = TeamFactory(challenge=challenge)
    with pytest.raises(Conflict) as refused:
        checks.check(
            phase=challenge.phases.get(),
            team=team,
            content=b"id,niveau\nA0001,1\n",
            original_name="a.csv",
            by=captain_of(team),
        )
    assert refused.value.code == "code_phase"
