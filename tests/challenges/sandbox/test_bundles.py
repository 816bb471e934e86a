"""The runs recorded with the complete bundles give the recorded scores and reasons.

The bundles lie in ../shared, which a user of the portal does not have: skipped by name then.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from challenges.sandbox.base import Limits
from challenges.sandbox.bubblewrap import Bubblewrap
from challenges.sandbox.evalai import Evaluation, run_evaluation
from challenges.sandbox.scores import Declared
from challenges.sandbox.steps import Outcome, Party, Task, run_steps

BUNDLES = Path(__file__).resolve().parents[4] / "shared/cases/bundles"
CASES = ("v2_resultats", "v2_code_ingestion", "v2_multi_taches", "v15_phases")
COMPUTED = {"moyenne", "rappel_moyen"}


def runs(case: str) -> list[Any]:
    path = BUNDLES / case / "expected.json"
    if not path.is_file():
        return [
            pytest.param(None, marks=pytest.mark.skip(f"../shared/cases/bundles/{case} absent"))
        ]
    found = json.loads(path.read_text(encoding="utf-8"))["runs"]
    return [
        pytest.param(case, run, id=f"{case}-{run['phase']}-{Path(run['submission']).stem}")
        for run in found
    ]


def every(*cases: str) -> list[Any]:
    return [
        run if run.values[0] is not None else pytest.param(case, None, marks=run.marks)
        for case in cases
        for run in runs(case)
    ]


def tasks(case: str, phase: int) -> list[Task]:
    """Read the tasks of a phase straight from its competition.yaml; no importer here."""
    folder = BUNDLES / case / "bundle"
    told = yaml.safe_load((folder / "competition.yaml").read_text(encoding="utf-8"))
    if "tasks" not in told:
        one = told["phases"][phase + 1]
        keys = told["leaderboard"]["columns"]
        found, limit, columns = [one], one["execution_time_limit"], list(keys)
    else:
        of_phase = told["phases"][phase]
        found = [t for t in told["tasks"] if t["index"] in of_phase["tasks"]]
        limit = of_phase["execution_time_limit"]
        columns = [c["key"] for c in told["leaderboards"][0]["columns"]]
    limits = Limits(wall_seconds=limit, cpu_seconds=limit, grace_seconds=2)

    def path(task: dict[str, str], key: str) -> Path | None:
        return folder / task[key] if key in task else None

    return [
        Task(
            folder / task["scoring_program"],
            path(task, "reference_data"),
            tuple(Declared(key) for key in columns if key not in COMPUTED),
            path(task, "ingestion_program"),
            path(task, "input_data"),
            limits,
            limits,
        )
        for task in found
    ]


def submission(case: str, named: str) -> Path:
    return BUNDLES / case / named.removesuffix(" (folder)").removesuffix(".zip")


def outcomes(case: str, run: dict[str, Any], sandbox: Bubblewrap, room: Path) -> list[Outcome]:
    """Run every task of a run, in a folder each."""
    found = []
    for number, task in enumerate(tasks(case, run["phase"])):
        place = room / str(number)
        place.mkdir()
        if run.get("reason") == "X_TIMEOUT":
            shorter = replace(task.limits, wall_seconds=2, grace_seconds=1)
            task = replace(task, limits=shorter)
        found.append(
            run_steps(task, submission(case, run["submission"]), sandbox=sandbox, room=place)
        )
    return found


def compare(outcome: Outcome, scores: dict[str, float], run: dict[str, Any]) -> None:
    wanted = {k: v for k, v in scores.items() if k not in COMPUTED}
    assert outcome.scored, outcome.detail
    kept = {k: v for k, v in outcome.values.items() if k not in run.get("ignore_keys", ())}
    assert kept == pytest.approx(wanted, rel=0, abs=run["tolerance"])
    assert list(outcome.undeclared) == run.get("undeclared_keys", [])


@pytest.mark.slow
@pytest.mark.parametrize(("case", "run"), every(*CASES))
def test_a_recorded_run_gives_what_was_recorded(
    case: str, run: dict[str, Any], sandbox: Bubblewrap, room: Path
) -> None:
    found = outcomes(case, run, sandbox, room)
    match run["status"]:
        case "scored":
            per_task = run.get("per_task") or [run["scores"]]
            for outcome, scores in zip(found, per_task, strict=True):
                compare(outcome, scores, run)
        case "failed" if "per_task" in run:
            told = ["scored" if outcome.scored else "failed" for outcome in found]
            assert told == run["per_task"]
            assert found[-1].reason == "X_PROGRAM"
        case "failed":
            (outcome,) = found
            assert (outcome.reason, outcome.party) == (run["reason"], Party.TEAM)
        case "refused":
            # the portal's check refuses it before; without one the program ends with 1
            (outcome,) = found
            assert outcome.reason == "X_PROGRAM"
            assert outcome.party is Party.ORGANISER
            assert outcome.steps[-1].ended.exit_code == run["exit"]["scoring"]
    if report := run.get("report"):
        assert report == "detailed_results.html"
        assert all(b"COMPTE_RENDU_EXECUTE" in (outcome.report or b"") for outcome in found)


@pytest.mark.slow
@pytest.mark.parametrize(("case", "run"), every("evalai"))
def test_a_recorded_evaluation_gives_what_was_recorded(
    case: str, run: dict[str, Any], sandbox: Bubblewrap, room: Path
) -> None:
    folder = BUNDLES / case / "bundle"
    names = ["partie_publique"] + (["partie_privee"] if run["phase"] == "test" else [])
    columns = (Declared("F1"), Declared("Exact"))
    evaluation = Evaluation(
        folder / "evaluation_script",
        folder / f"annotations/annotations_{run['phase']}.json",
        run["phase"],
        dict.fromkeys(names, columns),
    )
    path = BUNDLES / case / run["submission"]
    found = run_evaluation(evaluation, path, sandbox=sandbox, room=room)
    if run["status"] == "scored":
        assert found.outcome.scored, found.outcome.detail
        assert set(found.values) == set(run["scores"])
        for split, wanted in run["scores"].items():
            assert dict(found.values[split]) == pytest.approx(wanted, rel=0, abs=1e-12)
    else:
        assert found.outcome.reason == run["reason"]
        assert run["detail"].split(": ")[1].encode() in found.outcome.steps[0].ended.stderr
        assert found.values == {}
