"""EvalAI's evaluate() is called inside the sandbox; what it returns is judged outside."""

from pathlib import Path

import pytest

from challenges.sandbox.base import Limits
from challenges.sandbox.bubblewrap import Bubblewrap
from challenges.sandbox.evalai import Evaluation, SplitOutcome, run_evaluation
from challenges.sandbox.scores import Declared, Fault, ScoreFault
from challenges.sandbox.steps import Party, Reason

HEAD = "def evaluate(test_annotation_file, user_submission_file, phase_codename, **kwargs):\n"


def run(sandbox: Bubblewrap, room: Path, body: str, *, module: str = "main.py") -> SplitOutcome:
    """Score one file by a function body; one split « public » with one label « F1 »."""
    script = room / "script"
    script.mkdir()
    (script / module).write_text(HEAD + "".join(f"    {line}\n" for line in body.splitlines()))
    if module == "main.py":
        (script / "__init__.py").write_text("from .main import evaluate\n")
    (room / "truth.json").write_text('{"a": 1}')
    (room / "Équipe 1.JSON").write_text("[1]")
    evaluation = Evaluation(
        script,
        room / "truth.json",
        "dev",
        {"public": (Declared("F1", 0.0, 1.0),)},
        Limits(wall_seconds=10, grace_seconds=1),
    )
    return run_evaluation(evaluation, room / "Équipe 1.JSON", sandbox=sandbox, room=room)


@pytest.mark.parametrize("module", ["main.py", "__init__.py"])
def test_the_function_gets_files_and_phase(sandbox: Bubblewrap, room: Path, module: str) -> None:
    body = """
import os, sys
print(test_annotation_file, user_submission_file, phase_codename, sorted(kwargs))
print(open(test_annotation_file).read(), open(user_submission_file).read(), file=sys.stderr)
return {"result": [{"public": {"F1": 0.5}}], "submission_result": "x"}
"""
    found = run(sandbox, room, body, module=module)
    assert found.values == {"public": {"F1": 0.5}}
    ended = found.outcome.steps[0].ended
    assert ended.stdout == (
        b"/app/annotation/truth.json /app/submission/submission.json dev ['submission_metadata']\n"
    )
    assert ended.stderr == b'{"a": 1} [1]\n'


def test_names_that_are_not_declared_are_reported(sandbox: Bubblewrap, room: Path) -> None:
    body = 'return {"result": [{"public": {"F1": 1, "x": 2}}, {"private": {"F1": 1}}]}'
    found = run(sandbox, room, body)
    assert found.values == {"public": {"F1": 1.0}}
    assert found.outcome.undeclared == ("private", "public/x")


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        (
            'return {"result": [{"public": {"F1": float("nan")}}]}',
            (Fault(ScoreFault.NOT_FINITE, "public/F1"),),
        ),
        (
            'return {"result": [{"public": {"F1": 7}}]}',
            (Fault(ScoreFault.OUT_OF_RANGE, "public/F1"),),
        ),
        ('return {"result": [{"private": {}}]}', (Fault(ScoreFault.KEY_MISSING, "public/F1"),)),
        ('return {"result": {"public": {"F1": 1}}}', (Fault(ScoreFault.UNREADABLE),)),
        ('return {"result": [{"public": [1]}]}', (Fault(ScoreFault.UNREADABLE),)),
        ('return {"result": [[1]]}', (Fault(ScoreFault.UNREADABLE),)),
        (
            'return {"result": [{"public": {"F1": 1}}, {"public": {"F1": 0}}]}',
            (Fault(ScoreFault.UNREADABLE),),
        ),
        ("import os\nos._exit(0)", (Fault(ScoreFault.UNREADABLE),)),
    ],
)
def test_what_is_no_result_has_its_name(
    sandbox: Bubblewrap, room: Path, body: str, faults: tuple[Fault, ...]
) -> None:
    found = run(sandbox, room, body)
    assert (found.outcome.reason, found.outcome.party) == (Reason.OUTPUT, Party.ORGANISER)
    assert (found.outcome.faults, found.values) == (faults, {})


@pytest.mark.parametrize("body", ["raise ValueError('truth')", "return {}", "return None"])
def test_an_exception_is_a_program_error(sandbox: Bubblewrap, room: Path, body: str) -> None:
    found = run(sandbox, room, body)
    assert (found.outcome.reason, found.values) == (Reason.PROGRAM, {})
    assert found.outcome.detail == "code de sortie 1"


def test_nothing_runs_where_the_host_cannot_isolate(room: Path) -> None:
    found = run(Bubblewrap(program=str(room / "absent")), room, "return {}")
    assert (found.outcome.reason, found.values) == (Reason.NO_SANDBOX, {})
