"""A team's code: what each step sees, what it leaves, and what its team learns."""

import shutil
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
    return metadata.package_of(folder, environments=("systeme",))


def ours(room: Path, program: str) -> Package:
    return package(room, manifest__toml=MANIFEST, predict__py=program)


def place(room: Path, name: str = "run") -> Path:
    folder = room / name
    folder.mkdir()
    return folder


def test_a_trial_gives_its_whole_log(sandbox: Bubblewrap, room: Path, inputs: Path) -> None:
    run = trial(ours(room, ANSWER), inputs, sandbox=sandbox, room=place(room), limits=LIMITS)
    assert (run.reason, run.detail) == (None, "")
    assert run.file is not None
    assert run.file.read_bytes().decode() == EXPECTED
    assert run.ended is not None
    assert run.ended.stdout == b"read 2\n"


def test_a_trial_that_fails_shows_why(sandbox: Bubblewrap, room: Path, inputs: Path) -> None:
    program = "print('x' * 100_000, flush=True)\n1 / 0"
    run = trial(ours(room, program), inputs, sandbox=sandbox, room=place(room), limits=LIMITS)
    assert (run.reason, run.file, run.detail) == (Reason.PROGRAM, None, "code de sortie 1")
    assert run.ended is not None
    assert b"ZeroDivisionError" in run.ended.stderr
    assert len(run.ended.stdout) == 64 * 1024
    assert run.ended.cut


def test_hidden_inputs_give_classes_and_no_log(
    sandbox: Bubblewrap, room: Path, inputs: Path
) -> None:
    program = ANSWER + "\nprint(rows, file=sys.stderr)\n"
    run = hidden(ours(room, program), inputs, sandbox=sandbox, room=place(room), limits=LIMITS)
    assert run.file is not None
    assert run.file.read_bytes().decode() == EXPECTED
    assert run.ended is not None
    assert (run.ended.stdout, run.ended.stderr, run.ended.cut) == (b"", b"", False)
    assert asdict(run.seen) == {"reason": None, "duration_minutes": 1, "memory_half_gb": 1}


@pytest.mark.parametrize("leak", [[], ["/data/in/truth.csv"]], ids=["as built", "were it there"])
def test_no_label_is_in_reach_of_a_teams_code(
    sandbox: Bubblewrap, room: Path, inputs: Path, leak: list[str]
) -> None:
    """The program seeks the label in every byte it can read; exit and sleep by label need one."""
    for path in leak:
        shutil.copy(room / "labels/truth.csv", inputs / Path(path).name)
    program = f"""
import os, sys
def hold(path):
    try:
        with open(path, "rb") as file:
            return {LABEL[:5]!r}.encode() + {LABEL[5:]!r}.encode() in file.read(2**22)
    except OSError:
        return False
found = []
for top in (*os.listdir("/"), "dev/shm"):
    if top not in ("usr", "proc", "dev") and not os.path.islink("/" + top):
        for place, _, names in os.walk("/" + top):
            found += [place + "/" + name for name in names if hold(place + "/" + name)]
for pid in filter(str.isdigit, os.listdir("/proc")):
    found += [p for n in ("environ", "cmdline") if hold(p := f"/proc/{{pid}}/{{n}}")]
mounted = {{line.split()[4] for line in open("/proc/self/mountinfo")}}
print(found, sorted(m for m in mounted if m.startswith(("/app", "/data"))), file=sys.stderr)
sys.exit(len(found))
"""
    run = trial(ours(room, program), inputs, sandbox=sandbox, room=place(room), limits=LIMITS)
    assert run.ended is not None
    told = run.ended.stderr.decode()
    assert told == f"{leak} ['/app/program', '/data/in', '/data/out']\n"
    assert run.ended.exit_code == len(leak)


def test_main_beside_data(sandbox: Bubblewrap, room: Path, inputs: Path) -> None:
    program = """
import csv, helper
rows = list(csv.DictReader(open("data/submission_format.csv")))
with open("submission.csv", "w", newline="") as file:
    out = csv.DictWriter(file, list(rows[0]))
    out.writeheader()
    out.writerows({**row, "label": helper.LABEL} for row in rows)
"""
    code = package(room, main__py=program, helper__py="LABEL = 'yes'", data="theirs")
    run = hidden(code, inputs, sandbox=sandbox, room=place(room), limits=LIMITS)
    assert run.file is not None, run.detail
    assert run.file.name == "predictions.csv"
    assert run.file.read_bytes().decode() == "id,label\r\na,yes\r\nb,yes\r\n"


def test_main_may_use_the_submission_folder(sandbox: Bubblewrap, room: Path, inputs: Path) -> None:
    code = package(room, main__py="open('submission/submission.csv', 'w').write('x')")
    run = hidden(code, inputs, sandbox=sandbox, room=place(room), limits=LIMITS)
    assert run.file is not None
    assert run.file.read_text() == "x"


def test_a_submission_that_came_with_the_package_is_no_answer(
    sandbox: Bubblewrap, room: Path, inputs: Path
) -> None:
    code = package(room, main__py="", submission__csv="id,label\n")
    run = hidden(code, inputs, sandbox=sandbox, room=place(room), limits=LIMITS)
    assert (run.reason, run.file) == (Reason.OUTPUT, None)
    assert run.detail == "submission.csv est absent"


def test_a_command_of_codalab(sandbox: Bubblewrap, room: Path, inputs: Path) -> None:
    code = package(
        room,
        metadata="command: sh $program/run.sh $input $output",
        run__sh="cp $1/submission_format.csv $2/predictions.csv; echo kept > $2/other.txt",
    )
    run = hidden(code, inputs, sandbox=sandbox, room=place(room), limits=LIMITS)
    assert run.file is not None
    assert run.file.read_text() == "id,label\na,no\nb,no\n"
    assert sorted(str(p.relative_to(room / "run")) for p in (room / "run").rglob("*")) == [
        "answer",
        "answer/predictions.csv",
    ]


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
        ("bytearray(2**40)", Reason.MEMORY, None),
        ("import time; time.sleep(60)", Reason.TIMEOUT, None),
    ],
)
def test_a_run_without_a_whole_answer_has_a_reason_and_no_file(
    sandbox: Bubblewrap,
    room: Path,
    inputs: Path,
    program: str,
    reason: Reason,
    detail: str | None,
) -> None:
    limits = Limits(**{**asdict(LIMITS), "wall_seconds": 0.5}) if "sleep" in program else LIMITS
    run = hidden(ours(room, program), inputs, sandbox=sandbox, room=place(room), limits=limits)
    assert (run.reason, run.file) == (reason, None)
    assert detail is None or run.detail == detail
    assert not (room / "run/answer").exists()


def test_the_seed_of_the_package_is_given(sandbox: Bubblewrap, room: Path, inputs: Path) -> None:
    program = "import os; print(os.environ['OE_SEED'], os.environ['PYTHONHASHSEED'], hash('a'))"
    code = ours(room, program)
    first, second = (
        trial(code, inputs, sandbox=sandbox, room=place(room, name), limits=LIMITS).ended
        for name in ("first", "second")
    )
    assert first is not None
    assert second is not None
    assert first.stdout.startswith(b"7 7 ")
    assert first.stdout == second.stdout


def test_scoring_is_another_process_without_code_of_the_team(
    sandbox: Bubblewrap, room: Path, inputs: Path
) -> None:
    run = hidden(ours(room, ANSWER), inputs, sandbox=sandbox, room=place(room), limits=LIMITS)
    assert run.file is not None
    scoring = room / "scoring"
    scoring.mkdir()
    (scoring / "metadata").write_text("command: sh $program/run.sh $input $output")
    (scoring / "run.sh").write_text(
        "cd /; find /app /data -type f 2>/dev/null | sort; echo score:1 > $2/scores.txt"
    )
    task = Task(scoring, room / "labels", (Declared("score"),), scoring_limits=LIMITS)
    outcome = run_steps(task, run.file.parent, sandbox=sandbox, room=place(room, "c"))
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
    ended = Ended(End.EXITED, 0, Measures(seconds, seconds, peak, 1, 0))
    assert Run(None, None, ended).seen == Seen(None, *seen)


def test_nothing_runs_where_the_host_cannot_isolate(room: Path, inputs: Path) -> None:
    absent = Bubblewrap(program=str(room / "absent"))
    run = hidden(ours(room, ANSWER), inputs, sandbox=absent, room=place(room), limits=LIMITS)
    assert (run.reason, run.file, run.ended) == (Reason.NO_SANDBOX, None, None)
    assert run.seen == Seen(Reason.NO_SANDBOX, None, 0)
