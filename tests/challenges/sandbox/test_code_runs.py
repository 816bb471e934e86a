"""A team's code: what each step sees, what it leaves, and what its team learns."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from challenges.sandbox import metadata
from challenges.sandbox.base import MIB, End, Ended, Limits, Measures
from challenges.sandbox.bubblewrap import Bubblewrap
from challenges.sandbox.code_runs import Run, Seen, hidden, trial
from challenges.sandbox.scores import Declared
from challenges.sandbox.steps import Reason, Task, run_steps
from challenges.scoring.packages import Package

LIMITS = Limits(wall_seconds=10, memory_bytes=256 * MIB, output_bytes=MIB, grace_seconds=1)
LABEL = "CNRY-label-7f3a"
MANIFEST = 'entry = "predict.py"\nseed = 7\n'
ANSWER = """
import csv, sys
arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
rows = list(csv.DictReader(open(arguments["--in"] + "/test.csv")))
with open(arguments["--out"], "w", newline="") as file:
    out = csv.writer(file)
    out.writerow(["id", "label"])
    out.writerows([r["id"], "yes" if float(r["x"]) > 0 else "no"] for r in rows)
print("read", len(rows), flush=True)
"""
EXPECTED = "id,label\r\na,yes\r\nb,no\r\n"


@pytest.fixture
def inputs(room: Path) -> Path:
    """Give hidden inputs; the labels lie beside them, in the same room."""
    folder = room / "inputs"
    folder.mkdir()
    (folder / "test.csv").write_text("id,x\na,1\nb,-1\n")
    (folder / "submission_format.csv").write_text("id,label\na,no\nb,no\n")
    (room / "labels").mkdir()
    (room / "labels/truth.csv").write_text(f"id,label\na,yes\nb,no\n{LABEL},no\n")
    return folder


def package(room: Path, **files: str) -> Package:
    """Write a package; double underscores in a name stand for a dot."""
    folder = room / "package"
    folder.mkdir()
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return metadata.package_of(folder)


class Code:
    """Code of a team, run on trial or on hidden inputs, each time in a folder of the room."""

    def __init__(self, sandbox: Bubblewrap, room: Path, inputs: Path) -> None:
        self.sandbox, self.room, self.inputs, self.runs = sandbox, room, inputs, 0

    def write(self, program: str) -> Package:
        return package(self.room, manifest__toml=MANIFEST, predict__py=program)

    def run(self, how: Callable[..., Run], code: Package | str) -> Run:
        code = self.write(code) if isinstance(code, str) else code
        place = self.room / f"run{self.runs}"
        place.mkdir()
        self.runs += 1
        return how(code, self.inputs, sandbox=self.sandbox, room=place, limits=LIMITS)

    def answered(self, code: Package | str) -> str:
        """Run code on hidden inputs; return its answer."""
        run = self.run(hidden, code)
        assert run.file is not None, run.detail
        return run.file.read_bytes().decode()


@pytest.fixture
def code(sandbox: Bubblewrap, room: Path, inputs: Path) -> Code:
    return Code(sandbox, room, inputs)


def ended(run: Run) -> Ended:
    assert run.ended is not None
    return run.ended


def test_hidden_inputs_give_classes_and_no_log(code: Code) -> None:
    run = code.run(hidden, ANSWER + "\nprint(rows, file=sys.stderr)\n")
    assert run.file is not None
    assert run.file.read_bytes().decode() == EXPECTED
    assert (ended(run).stdout, ended(run).stderr, ended(run).cut) == (b"", b"", False)
    assert asdict(run.seen) == {"reason": None, "duration_minutes": 1, "memory_half_gb": 1}


def test_main_reads_data_and_writes_submission_csv(code: Code) -> None:
    program = ANSWER.replace('arguments["--in"]', '"data"')
    program = program.replace('arguments["--out"]', '"submission.csv"')
    assert code.answered(package(code.room, main__py=program)) == EXPECTED


def test_main_may_use_the_submission_folder(code: Code) -> None:
    program = "import helper; open('submission/submission.csv', 'w').write(helper.LABEL)"
    files = {"helper__py": "LABEL = 'yes'", "data": "theirs"}
    assert code.answered(package(code.room, main__py=program, **files)) == "yes"


def test_a_submission_that_came_with_the_package_is_no_answer(code: Code) -> None:
    run = code.run(hidden, package(code.room, main__py="", submission__csv="id,label\n"))
    told = (run.reason, run.file, run.detail)
    assert told == (Reason.OUTPUT, None, "submission.csv est absent")


def test_a_command_of_codalab(code: Code) -> None:
    made = package(
        code.room,
        metadata="command: sh $program/run.sh $input $output",
        run__sh="cp $1/submission_format.csv $2/predictions.csv; echo kept > $2/other.txt",
    )
    assert code.answered(made) == "id,label\na,no\nb,no\n"
    left = [str(path.relative_to(code.room / "run0")) for path in (code.room / "run0").rglob("*")]
    assert sorted(left) == ["answer", "answer/predictions.csv"]


@pytest.mark.parametrize(
    ("program", "reason", "detail"),
    [
        ("", Reason.OUTPUT, "predictions.csv est absent"),
        (
            "open('/data/out/predictions.csv', 'w'); open('/data/out/predictions.zip', 'w')",
            Reason.OUTPUT,
            "predictions.csv est présent sous plusieurs extensions",
        ),
        (
            "import os; os.symlink('/data/in/test.csv', '/data/out/predictions.csv')",
            Reason.OUTPUT,
            "un lien au lieu d’un fichier ordinaire",
        ),
        ("import os; os.mkdir('/data/out/predictions.csv')", Reason.OUTPUT, None),
        ("open('/data/in/x', 'w')", Reason.PROGRAM, "code de sortie 1"),
    ],
)
def test_a_run_without_a_whole_answer_has_a_reason_and_no_file(
    code: Code, program: str, reason: Reason, detail: str | None
) -> None:
    run = code.run(hidden, program)
    assert (run.reason, run.file) == (reason, None)
    assert detail is None or run.detail == detail
    assert not (code.room / "run0/answer").exists()


def test_the_seed_of_the_package_is_given(code: Code) -> None:
    program = "import os; print(os.environ['OE_SEED'], os.environ['PYTHONHASHSEED'], hash('a'))"
    made = code.write(program)
    first, second = (ended(code.run(trial, made)).stdout for _ in range(2))
    assert first.startswith(b"7 7 ")
    assert first == second


def test_scoring_is_another_process_without_code_of_the_team(code: Code) -> None:
    run = code.run(hidden, ANSWER)
    assert run.file is not None
    scoring, place = code.room / "scoring", code.room / "c"
    scoring.mkdir()
    place.mkdir()
    (scoring / "metadata").write_text("command: sh $program/run.sh $input $output")
    (scoring / "run.sh").write_text(
        "cd /; find /app /data -type f 2>/dev/null | sort; echo score:1 > $2/scores.txt"
    )
    task = Task(scoring, code.room / "labels", (Declared("score"),), scoring_limits=LIMITS)
    outcome = run_steps(task, run.file.parent, sandbox=code.sandbox, room=place)
    assert outcome.values == {"score": 1.0}
    assert outcome.steps[0].ended.stdout.decode().split() == [
        "/app/input/ref/truth.csv",
        "/app/input/res/metadata",
        "/app/input/res/predictions.csv",
        "/app/program/metadata",
        "/app/program/run.sh",
    ]


@pytest.mark.parametrize(
    ("seconds", "peak", "seen"),
    [
        (0.0, 1, (1, 1)),
        (60.0, 512 * MIB, (1, 1)),
        (60.1, 512 * MIB + 1, (2, 2)),
        (601.0, 3 * 512 * MIB, (20, 3)),
        (240 * 60.0, 1, (240, 1)),
        (240 * 60.0 + 1, 1, (None, 1)),
    ],
)
def test_a_team_sees_classes_only(seconds: float, peak: int, seen: tuple[int | None, int]) -> None:
    over = Ended(End.EXITED, 0, Measures(seconds, seconds, peak, 1, 0))
    assert Run(None, None, over).seen == Seen(None, *seen)
