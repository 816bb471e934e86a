"""The protocol, on small programs of our own: what each step sees, and who answers for what."""

from dataclasses import replace
from pathlib import Path

import pytest

from challenges.sandbox.base import MIB, Limits
from challenges.sandbox.bubblewrap import Bubblewrap
from challenges.sandbox.scores import Declared, Fault, Rows, ScoreFault
from challenges.sandbox.steps import Outcome, Party, Reason, Task, run_steps

QUICK = Limits(wall_seconds=10, memory_bytes=128 * MIB, output_bytes=MIB, grace_seconds=1)
GOOD = "echo '{\"score\": 0.5}' > $2/scores.json"


def program(folder: Path, script: str, command: str = "sh $program/run.sh $input $output") -> Path:
    """Write a program of one shell script."""
    folder.mkdir()
    (folder / "metadata").write_text(f"command: {command}\n")
    (folder / "run.sh").write_text(script)
    return folder


def files(folder: Path, **contents: str) -> Path:
    """Write a folder of text files."""
    folder.mkdir()
    for name, text in contents.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def task(room: Path) -> Task:
    """Give a task that scores anything 0.5."""
    return Task(
        program(room / "scoring", GOOD),
        files(room / "reference", truth="TRUTH"),
        (Declared("score", 0.0, 1.0, (-1.0,)),),
        limits=QUICK,
        scoring_limits=QUICK,
    )


def scored_by(task: Task, room: Path, script: str) -> Task:
    """Replace the scoring program."""
    return replace(task, scoring_program=program(room / "other", script))


@pytest.fixture
def team(room: Path) -> Path:
    """Give a submission of one plain file."""
    return files(room / "team", answer="42")


def run(task: Task, team: Path, sandbox: Bubblewrap, room: Path) -> Outcome:
    """Run in a folder of the room."""
    (room / "run").mkdir()
    return run_steps(task, team, sandbox=sandbox, room=room / "run")


def test_plain_predictions_are_scored(
    task: Task, team: Path, sandbox: Bubblewrap, room: Path
) -> None:
    outcome = run(task, team, sandbox, room)
    assert outcome.scored
    assert (outcome.reason, outcome.party, outcome.values) == (None, None, {"score": 0.5})
    assert [step.name for step in outcome.steps] == ["scoring"]


def test_the_scoring_step_sees_predictions_metadata_and_reference(
    task: Task, team: Path, sandbox: Bubblewrap, room: Path
) -> None:
    script = "cd /app; find . -type f | sort; cat input/res/* input/ref/*; pwd; " + GOOD
    outcome = run(scored_by(task, room, script), team, sandbox, room)
    assert outcome.steps[0].ended.stdout.decode().split() == [
        "./input/ref/truth",
        "./input/res/answer",
        "./input/res/metadata",
        "./program/metadata",
        "./program/run.sh",
        *("42exitCode:", "0", "elapsedTime:", "0.000000"),
        *("ingestionExitCode:", "null", "ingestionElapsedTime:", "null"),
        "TRUTH/app",
    ]


def test_the_prediction_step_sees_no_reference(
    task: Task, team: Path, sandbox: Bubblewrap, room: Path
) -> None:
    script = "cd /app; find . -type f | sort; grep -r 'TRUT[H]' /app && exit 9; echo x > $2/answer"
    ingestion = program(room / "ingestion", script)
    task = replace(task, ingestion_program=ingestion, input_data=files(room / "data", question="?"))
    outcome = run(task, team, sandbox, room)
    assert outcome.scored
    assert [step.name for step in outcome.steps] == ["prediction", "scoring"]
    assert outcome.steps[0].ended.stdout.decode().split() == [
        "./ingested_program/answer",
        "./input_data/question",
        "./program/metadata",
        "./program/run.sh",
    ]


def test_a_submission_with_its_own_command_is_run(
    task: Task, sandbox: Bubblewrap, room: Path
) -> None:
    team = program(room / "team", "cat $1/question /app/input_data/question > $2/answer")
    task = replace(
        scored_by(task, room, "cat /app/input/res/answer; " + GOOD),
        input_data=files(room / "data", question="?"),
    )
    outcome = run(task, team, sandbox, room)
    assert outcome.steps[1].ended.stdout == b"??"
    assert outcome.scored


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 3", Reason.PROGRAM),
        ("sleep 60", Reason.TIMEOUT),
        ("python3 -c 'bytearray(2**40)'", Reason.MEMORY),
        ("ln -s /app/input/ref/truth $2/answer", Reason.OUTPUT),
        ("mkdir $2/metadata", Reason.OUTPUT),
        ("head -c 2000000 /dev/zero > $2/answer; true", Reason.OUTPUT),
    ],
)
def test_a_team_answers_for_its_program(
    task: Task, sandbox: Bubblewrap, room: Path, script: str, reason: Reason
) -> None:
    team = program(room / "team", script)
    limits = replace(QUICK, wall_seconds=0.5) if "sleep" in script else QUICK
    outcome = run(replace(task, limits=limits), team, sandbox, room)
    assert (outcome.reason, outcome.party, outcome.values) == (reason, Party.TEAM, {})
    assert [step.name for step in outcome.steps] == ["prediction"]


def test_a_failed_prediction_is_never_scored(
    task: Task, team: Path, sandbox: Bubblewrap, room: Path
) -> None:
    ingestion = program(room / "ingestion", "echo x > $2/answer; exit 1")
    outcome = run(replace(task, ingestion_program=ingestion), team, sandbox, room)
    assert (outcome.reason, outcome.party) == (Reason.PROGRAM, Party.TEAM)
    assert outcome.detail == "code de sortie 1"
    assert len(outcome.steps) == 1


def test_a_team_answers_for_what_it_sends(
    task: Task, team: Path, sandbox: Bubblewrap, room: Path
) -> None:
    (team / "link").symlink_to("/etc/shadow")
    outcome = run(task, team, sandbox, room)
    assert (outcome.reason, outcome.party) == (Reason.OUTPUT, Party.TEAM)


@pytest.mark.parametrize(
    ("script", "reason", "kind"),
    [
        ("exit 1", Reason.PROGRAM, None),
        ("sleep 60", Reason.TIMEOUT, None),
        ("true", Reason.OUTPUT, ScoreFault.ABSENT),
        ("mkdir $2/scores.json", Reason.OUTPUT, ScoreFault.ABSENT),
        ("echo 'score: nan' > $2/scores.txt", Reason.OUTPUT, ScoreFault.NOT_FINITE),
        ("echo 'score: -1' > $2/scores.txt", Reason.OUTPUT, ScoreFault.SENTINEL),
        ("echo 'score: 7' > $2/scores.txt", Reason.OUTPUT, ScoreFault.OUT_OF_RANGE),
        ("echo 'SCORE: 0.5' > $2/scores.txt", Reason.OUTPUT, ScoreFault.KEY_MISSING),
        ("ln -s /app/input/ref/truth $2/scores.json", Reason.OUTPUT, None),
    ],
)
def test_an_organiser_answers_for_the_scoring_program(
    task: Task,
    team: Path,
    sandbox: Bubblewrap,
    room: Path,
    script: str,
    reason: Reason,
    kind: ScoreFault | None,
) -> None:
    limits = replace(QUICK, wall_seconds=0.5) if "sleep" in script else QUICK
    task = replace(scored_by(task, room, script), scoring_limits=limits)
    outcome = run(task, team, sandbox, room)
    assert (outcome.reason, outcome.party, outcome.values) == (reason, Party.ORGANISER, {})
    assert [fault.kind for fault in outcome.faults] == ([] if kind is None else [kind])


def test_a_program_without_command_is_not_run(
    task: Task, team: Path, sandbox: Bubblewrap, room: Path
) -> None:
    (task.scoring_program / "metadata").unlink()
    outcome = run(task, team, sandbox, room)
    assert (outcome.reason, outcome.party) == (Reason.PROGRAM, Party.ORGANISER)
    assert outcome.detail == "metadata.yaml ou metadata est absent du programme"
    assert outcome.steps == ()


def test_every_fault_is_told_at_once(
    task: Task, team: Path, sandbox: Bubblewrap, room: Path
) -> None:
    task = replace(task, columns=(*task.columns, Declared("f1"), Declared("auc")))
    script = "printf 'score:0.5\\nf1:nan\\ntruth:1\\n' > $2/scores.txt"
    outcome = run(scored_by(task, room, script), team, sandbox, room)
    assert outcome.faults == (
        Fault(ScoreFault.NOT_FINITE, "f1"),
        Fault(ScoreFault.KEY_MISSING, "auc"),
    )
    assert outcome.undeclared == ("truth",)
    assert outcome.detail == "not_finite f1, key_missing auc"


@pytest.mark.parametrize(
    ("script", "report"),
    [
        ("echo b > $2/b.html; echo a > $2/a.html", b"a\n"),
        ("echo a > $2/a.html; echo d > $2/detailed_results.html", b"d\n"),
        ("head -c 3000000 /dev/zero > $2/detailed_results.html", None),
        ("mkdir $2/detailed_results.html", None),
    ],
)
def test_the_report_is_kept_as_bytes(
    task: Task, team: Path, sandbox: Bubblewrap, room: Path, script: str, report: bytes | None
) -> None:
    limits = replace(QUICK, output_bytes=4 * MIB)
    task = replace(scored_by(task, room, f"{script}; {GOOD}"), scoring_limits=limits)
    outcome = run(task, team, sandbox, room)
    assert (outcome.scored, outcome.report) == (True, report)


def test_a_team_cannot_forge_the_metadata(task: Task, sandbox: Bubblewrap, room: Path) -> None:
    team = files(room / "team", answer="42")
    (team / "sub").mkdir()
    task = scored_by(task, room, "cat /app/input/res/metadata; " + GOOD)
    ingestion = program(room / "ingestion", "echo 'elapsedTime: -5' > $2/metadata")
    outcome = run(replace(task, ingestion_program=ingestion), team, sandbox, room)
    said = outcome.steps[1].ended.stdout
    assert said.startswith(b"exitCode: 0\nelapsedTime: 0.")
    assert b"-5" not in said


def test_ingestion_beside_the_truth_is_refused(
    task: Task, team: Path, sandbox: Bubblewrap, room: Path
) -> None:
    outcome = run(replace(task, ingestion_only_during_scoring=True), team, sandbox, room)
    assert (outcome.reason, outcome.party) == (Reason.PROGRAM, Party.ORGANISER)
    assert outcome.steps == ()


def test_nothing_runs_where_the_host_cannot_isolate(task: Task, team: Path, room: Path) -> None:
    absent = Bubblewrap(program=str(room / "absent"))
    outcome = run(task, team, absent, room)
    assert (outcome.reason, outcome.party) == (Reason.NO_SANDBOX, Party.PLATFORM)
    assert outcome.detail == "bubblewrap n’est pas installé : apt-get install bubblewrap."


def test_a_program_too_large_to_copy_is_shown(
    task: Task, team: Path, sandbox: Bubblewrap, room: Path
) -> None:
    with (task.scoring_program / "model.bin").open("wb") as file:
        file.truncate(65 * MIB)
    outcome = run(task, team, sandbox, room)
    assert outcome.scored
    (task.scoring_program / "run.sh").write_text("touch /app/program/x && exit 9; " + GOOD)
    (room / "again").mkdir()
    assert run_steps(task, team, sandbox=sandbox, room=room / "again").scored
    (task.scoring_program / "model.bin").unlink()
    (room / "small").mkdir()
    outcome = run_steps(task, team, sandbox=sandbox, room=room / "small")
    assert outcome.detail == "code de sortie 9"


def test_rows_come_with_the_scores(task: Task, team: Path, sandbox: Bubblewrap, room: Path) -> None:
    script = "printf 'id,value\na,1\nb,0\n' > $2/rows.csv; " + GOOD
    outcome = run(scored_by(task, room, script), team, sandbox, room)
    assert (outcome.rows, outcome.rows_fault) == (Rows(("a", "b"), (1.0, 0.0)), "")


def test_rows_that_are_refused_leave_the_scores(
    task: Task, team: Path, sandbox: Bubblewrap, room: Path
) -> None:
    script = "echo x > $2/rows.csv; " + GOOD
    outcome = run(scored_by(task, room, script), team, sandbox, room)
    assert (outcome.scored, outcome.rows) == (True, None)
    assert outcome.rows_fault == "rows.csv : l’en-tête attendu est id,value ou id,value,weight"


def test_results_are_scored_without_running_ingestion(
    task: Task, sandbox: Bubblewrap, room: Path
) -> None:
    """A phase may take programs and results: what is only tables has nothing to be run by."""
    ingestion = program(room / "ingestion", "exit 9")
    taking = replace(task, ingestion_program=ingestion)
    results = files(room / "results")
    (results / "predictions.csv").write_text("id,y\n1,0\n")

    assert run(taking, results, sandbox, room).scored
    (results / "model.py").write_text("pass")
    (room / "again").mkdir()
    ended = run_steps(taking, results, sandbox=sandbox, room=room / "again")
    assert (ended.reason, ended.party) == (Reason.PROGRAM, Party.TEAM)
