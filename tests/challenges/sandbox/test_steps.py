"""The protocol, on small programs of our own: what each step sees, and who answers for what.

EvalAI's evaluate() is called inside the sandbox; what it returns is judged outside, and an import
compares the names that it gives.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from challenges.exchange.worker import evaluator_in, local_evaluator
from challenges.sandbox.base import MIB, Limits
from challenges.sandbox.bubblewrap import Bubblewrap
from challenges.sandbox.evalai import Evaluation, SplitOutcome, run_evaluation
from challenges.sandbox.scores import Declared, Fault, Rows, ScoreFault
from challenges.sandbox.steps import Outcome, Party, Reason, Task, run_steps
from tests.challenges.bundles.folders import codes_of
from tests.challenges.bundles.foreign import own
from tests.challenges.bundles.foreign.cases import BUNDLES, NEEDED

QUICK = Limits(wall_seconds=10, memory_bytes=128 * MIB, output_bytes=MIB, grace_seconds=1)
HURRIED = replace(QUICK, wall_seconds=0.5)
GOOD = "echo '{\"score\": 0.5}' > $2/scores.json"


def program(folder: Path, script: str, command: str = "sh $program/run.sh $input $output") -> Path:
    """Write a program of one shell script."""
    folder.mkdir(exist_ok=True)
    (folder / "metadata").write_text(f"command: {command}\n")
    (folder / "run.sh").write_text(script)
    return folder


def files(folder: Path, **contents: str) -> Path:
    """Write a folder of text files; double underscores in a name stand for a dot."""
    folder.mkdir()
    for name, text in contents.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


class Scene:
    """A task that scores anything 0.5, and a team that sends one plain file."""

    def __init__(self, sandbox: Bubblewrap, room: Path) -> None:
        self.sandbox, self.room, self.runs = sandbox, room, 0
        self.team = files(room / "team", answer="42")
        self.task = Task(
            program(room / "scoring", GOOD),
            files(room / "reference", truth="TRUTH"),
            (Declared("score", 0.0, 1.0, (-1.0,)),),
            limits=QUICK,
            scoring_limits=QUICK,
        )

    def scoring(self, script: str) -> Path:
        """Replace the scoring program."""
        return program(self.room / "scoring", script)

    def ingestion(self, script: str) -> None:
        """Add an ingestion program and its data."""
        made = program(self.room / "ingestion", script)
        data = files(self.room / "data", question="?")
        self.task = replace(self.task, ingestion_program=made, input_data=data)

    def run(self, **changes: Any) -> Outcome:
        """Run in a folder of the room."""
        self.runs += 1
        place = self.room / f"run{self.runs}"
        place.mkdir()
        task = replace(self.task, **changes)
        return run_steps(task, self.team, sandbox=self.sandbox, room=place)

    def judged(self, **changes: Any) -> tuple[Any, ...]:
        """Run; return the reason, who answers for it, and the steps that took place."""
        outcome = self.run(**changes)
        assert outcome.values == {}
        return outcome.reason, outcome.party, [step.name for step in outcome.steps]


@pytest.fixture
def scene(sandbox: Bubblewrap, room: Path) -> Scene:
    return Scene(sandbox, room)


def test_the_scoring_step_sees_predictions_metadata_and_reference(scene: Scene) -> None:
    scene.scoring("cd /app; find . -type f | sort; cat input/res/* input/ref/*; pwd; " + GOOD)
    outcome = scene.run()
    assert outcome.scored
    assert (outcome.reason, outcome.party, outcome.values) == (None, None, {"score": 0.5})
    assert [step.name for step in outcome.steps] == ["scoring"]
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


def test_the_prediction_step_sees_no_reference(scene: Scene) -> None:
    look = "cd /app; find . -type f | sort; grep -r 'TRUT[H]' /app && exit 9; echo x > $2/answer"
    scene.ingestion(look)
    outcome = scene.run()
    assert outcome.scored
    assert [step.name for step in outcome.steps] == ["prediction", "scoring"]
    assert outcome.steps[0].ended.stdout.decode().split() == [
        "./ingested_program/answer",
        "./input_data/question",
        "./program/metadata",
        "./program/run.sh",
    ]


def test_a_submission_with_its_own_command_is_run(scene: Scene) -> None:
    program(scene.team, "cat $1/question /app/input_data/question > $2/answer")
    scene.scoring("cat /app/input/res/answer; " + GOOD)
    outcome = scene.run(input_data=files(scene.room / "data", question="?"))
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
def test_a_team_answers_for_its_program(scene: Scene, script: str, reason: Reason) -> None:
    program(scene.team, script)
    limits = HURRIED if "sleep" in script else QUICK
    assert scene.judged(limits=limits) == (reason, Party.TEAM, ["prediction"])


def test_a_failed_prediction_is_never_scored_nor_a_link_that_a_team_sends(scene: Scene) -> None:
    (scene.team / "link").symlink_to("/etc/shadow")
    assert scene.judged()[:2] == (Reason.OUTPUT, Party.TEAM)
    (scene.team / "link").unlink()
    scene.ingestion("echo x > $2/answer; exit 1")
    assert scene.judged() == (Reason.PROGRAM, Party.TEAM, ["prediction"])
    assert scene.run().detail == "code de sortie 1"


@pytest.mark.parametrize(
    ("script", "reason", "kind"),
    [
        ("exit 1", Reason.PROGRAM, None),
        ("sleep 60", Reason.TIMEOUT, None),
        ("true", Reason.OUTPUT, ScoreFault.ABSENT),
        ("mkdir $2/scores.json", Reason.OUTPUT, ScoreFault.ABSENT),
        ("echo 'score: nan' > $2/scores.txt", Reason.OUTPUT, ScoreFault.NOT_FINITE),
        ("ln -s /app/input/ref/truth $2/scores.json", Reason.OUTPUT, None),
    ],
)
def test_an_organiser_answers_for_the_scoring_program(
    scene: Scene, script: str, reason: Reason, kind: ScoreFault | None
) -> None:
    scene.scoring(script)
    outcome = scene.run(scoring_limits=HURRIED if "sleep" in script else QUICK)
    assert (outcome.reason, outcome.party, outcome.values) == (reason, Party.ORGANISER, {})
    assert [fault.kind for fault in outcome.faults] == ([] if kind is None else [kind])


def test_a_program_without_command_or_that_ingests_beside_the_truth_is_not_run(
    scene: Scene,
) -> None:
    ended = scene.judged(ingestion_only_during_scoring=True)
    assert ended == (Reason.PROGRAM, Party.ORGANISER, [])
    (scene.task.scoring_program / "metadata").unlink()
    assert scene.judged() == (Reason.PROGRAM, Party.ORGANISER, [])
    assert scene.run().detail == "metadata.yaml ou metadata est absent du programme"


def test_every_fault_is_told_at_once(scene: Scene) -> None:
    scene.scoring("printf 'score:0.5\\nf1:nan\\ntruth:1\\n' > $2/scores.txt")
    outcome = scene.run(columns=(*scene.task.columns, Declared("f1"), Declared("auc")))
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
def test_the_report_is_kept_as_bytes(scene: Scene, script: str, report: bytes | None) -> None:
    scene.scoring(f"{script}; {GOOD}")
    outcome = scene.run(scoring_limits=replace(QUICK, output_bytes=4 * MIB))
    assert (outcome.scored, outcome.report) == (True, report)


def test_a_team_cannot_forge_the_metadata(scene: Scene) -> None:
    (scene.team / "sub").mkdir()
    scene.scoring("cat /app/input/res/metadata; " + GOOD)
    scene.ingestion("echo 'elapsedTime: -5' > $2/metadata")
    said = scene.run().steps[1].ended.stdout
    assert said.startswith(b"exitCode: 0\nelapsedTime: 0.")
    assert b"-5" not in said


def test_a_program_too_large_to_copy_is_shown(scene: Scene) -> None:
    large = scene.task.scoring_program / "model.bin"
    with large.open("wb") as file:
        file.truncate(65 * MIB)
    assert scene.run().scored
    scene.scoring("touch /app/program/x && exit 9; " + GOOD)
    assert scene.run().scored
    large.unlink()
    assert scene.run().detail == "code de sortie 9"


def test_rows_come_with_the_scores_or_leave_them(scene: Scene) -> None:
    scene.scoring("printf 'id,value\na,1\nb,0\n' > $2/rows.csv; " + GOOD)
    outcome = scene.run()
    assert (outcome.rows, outcome.rows_fault) == (Rows(("a", "b"), (1.0, 0.0)), "")
    scene.scoring("echo x > $2/rows.csv; " + GOOD)
    outcome = scene.run()
    assert (outcome.scored, outcome.rows) == (True, None)
    assert outcome.rows_fault == "rows.csv : l’en-tête attendu est id,value ou id,value,weight"


def test_results_are_scored_without_running_ingestion(scene: Scene) -> None:
    """A phase may take programs and results: what is only tables has nothing to be run by."""
    scene.ingestion("exit 9")
    scene.team = files(scene.room / "results", predictions__csv="id,y\n1,0\n")
    assert scene.run().scored
    (scene.team / "model.py").write_text("pass")
    assert scene.judged()[:2] == (Reason.PROGRAM, Party.TEAM)


# --- EvalAI

HEAD = "def evaluate(test_annotation_file, user_submission_file, phase_codename, **kwargs):\n"


def evaluated(sandbox: Bubblewrap, room: Path, body: str, module: str = "main.py") -> SplitOutcome:
    """Score one file by a function body; one split « public » with one label « F1 »."""
    script = files(room / "script")
    (script / module).write_text(HEAD + "".join(f"    {line}\n" for line in body.splitlines()))
    if module == "main.py":
        (script / "__init__.py").write_text("from .main import evaluate\n")
    (room / "truth.json").write_text('{"a": 1}')
    (room / "Équipe 1.JSON").write_text("[1]")
    splits = {"public": (Declared("F1", 0.0, 1.0),)}
    evaluation = Evaluation(script, room / "truth.json", "dev", splits, QUICK)
    return run_evaluation(evaluation, room / "Équipe 1.JSON", sandbox=sandbox, room=room)


@pytest.mark.parametrize("module", ["main.py", "__init__.py"])
def test_the_function_gets_files_and_phase(sandbox: Bubblewrap, room: Path, module: str) -> None:
    body = """
import os, sys
print(test_annotation_file, user_submission_file, phase_codename, sorted(kwargs))
print(open(test_annotation_file).read(), open(user_submission_file).read(), file=sys.stderr)
return {"result": [{"public": {"F1": 0.5}}], "submission_result": "x"}
"""
    found = evaluated(sandbox, room, body, module)
    assert found.values == {"public": {"F1": 0.5}}
    ended = found.outcome.steps[0].ended
    assert ended.stdout == (
        b"/app/annotation/truth.json /app/submission/submission.json dev ['submission_metadata']\n"
    )
    assert ended.stderr == b'{"a": 1} [1]\n'


def test_names_that_are_not_declared_are_reported(sandbox: Bubblewrap, room: Path) -> None:
    body = 'return {"result": [{"public": {"F1": 1, "x": 2}}, {"private": {"F1": 1}}]}'
    found = evaluated(sandbox, room, body)
    assert found.values == {"public": {"F1": 1.0}}
    assert found.outcome.undeclared == ("private", "public/x")


UNREADABLE = Fault(ScoreFault.UNREADABLE)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('return {"result": [{"public": {"F1": float("nan")}}]}',
         Fault(ScoreFault.NOT_FINITE, "public/F1")),
        ('return {"result": [{"public": {"F1": 7}}]}', Fault(ScoreFault.OUT_OF_RANGE, "public/F1")),
        ('return {"result": [{"private": {}}]}', Fault(ScoreFault.KEY_MISSING, "public/F1")),
        ('return {"result": {"public": {"F1": 1}}}', UNREADABLE),
        ('return {"result": [{"public": [1]}]}', UNREADABLE),
        ('return {"result": [[1]]}', UNREADABLE),
        ('return {"result": [{"public": {"F1": 1}}, {"public": {"F1": 0}}]}', UNREADABLE),
        ("import os\nos._exit(0)", UNREADABLE),
    ],
)  # fmt: skip
def test_what_is_no_result_has_its_name(
    sandbox: Bubblewrap, room: Path, body: str, fault: Fault
) -> None:
    found = evaluated(sandbox, room, body)
    assert (found.outcome.reason, found.outcome.party) == (Reason.OUTPUT, Party.ORGANISER)
    assert (found.outcome.faults, found.values) == ((fault,), {})


@pytest.mark.parametrize("body", ["raise ValueError('truth')", "return {}", "return None"])
def test_an_exception_is_a_program_error(sandbox: Bubblewrap, room: Path, body: str) -> None:
    found = evaluated(sandbox, room, body)
    assert (found.outcome.reason, found.values) == (Reason.PROGRAM, {})
    assert found.outcome.detail == "code de sortie 1"


# --- the import runs the script, and compares names


def package(folder: Path, split: str, body: str = "pass") -> Path:
    script = f"{HEAD}    {body}\n    return {{'result': [{{'publique': {{'F1': 1.0}}}}]}}\n"
    own.bundle(folder, "evalai", {"dataset_splits.0.codename": split})
    (folder / "notation/main.py").write_text(script)
    (folder / "notation/__init__.py").write_text("from .main import evaluate\n")
    return folder


def test_names_that_a_script_returns_are_those_declared(
    sandbox: Bubblewrap, tmp_path: Path
) -> None:
    made = package(tmp_path / "same", "publique")
    report = own.read_bundle(made, evaluate=local_evaluator())  # this host's own
    assert report.errors == ()
    assert report.dry_run == ("phase essai : publique (F1)",)
    assert "W_DRY_RUN" not in {one.code for one in report.warnings}
    other = package(tmp_path / "other", "validation")
    report = own.read_bundle(other, evaluate=evaluator_in(sandbox))
    assert codes_of(report) == ["E_SPLIT_MISMATCH"]
    assert report.errors[0].message == (
        "phase essai : déclarés validation (F1) ; rendus par evaluate() publique (F1)"
    )


def test_a_script_that_fails_is_told_and_refuses_nothing(
    sandbox: Bubblewrap, tmp_path: Path
) -> None:
    broken = package(tmp_path, "publique", body="raise ValueError")
    report = own.read_bundle(broken, evaluate=evaluator_in(sandbox))
    assert report.errors == ()
    told = [one.message for one in report.warnings if one.code == "W_DRY_RUN"]
    assert len(told) == 1
    assert told[0].endswith("phase essai : X_PROGRAM : code de sortie 1")


@NEEDED
@pytest.mark.slow
def test_a_hostile_package_with_other_names_is_refused_and_a_sound_one_accepted(
    sandbox: Bubblewrap,
) -> None:
    hostile = BUNDLES / "hostile/17_evalai_noms_differents.zip"
    report = own.read_bundle(hostile, evaluate=evaluator_in(sandbox))
    assert codes_of(report) == ["E_SPLIT_MISMATCH", "E_SPLIT_MISMATCH"]
    assert [one.message.partition(" : ")[0] for one in report.errors] == ["phase dev", "phase test"]
    report = own.read_bundle(BUNDLES / "evalai/bundle.zip", evaluate=evaluator_in(sandbox))
    assert report.errors == ()
    assert report.dry_run == (
        "phase dev : partie_publique (Exact, F1)",
        "phase test : partie_privee (Exact, F1), partie_publique (Exact, F1)",
    )
