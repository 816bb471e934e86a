"""The four real challenges: every declared figure equals the recorded one to 1e-9."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from challenges.bundles import portable
from challenges.scoring import offline, registry
from challenges.scoring.contract import ScoringContract

FOLDERS = (
    "codage-appellations-rome",
    "mobilites-metiers",
    "prevision-tension-fap",
    "tensions-bassins-sud",
)
RUNS = (("reference", "submission.csv"), ("exemple_constant", "sample_submission.csv"))


def contract_of(folder: Path) -> dict[str, Any]:
    report = portable.read(folder)
    assert report.spec is not None
    return dict(report.spec.scoring_contract(folder))


def close(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return set(found) == set(wanted) and all(close(found[k], wanted[k]) for k in wanted)
    return math.isclose(found, wanted, rel_tol=0, abs_tol=1e-9)


@pytest.mark.parametrize("slug", FOLDERS)
@pytest.mark.parametrize(("run", "file"), RUNS)
def test_recorded_scores(shared: Path, slug: str, run: str, file: str) -> None:
    folder = shared / "cases" / "challenges" / slug
    wanted = json.loads((folder / "scores_exact.json").read_text("utf-8"))[run]
    done = offline.score_folder(contract_of(folder), folder, file)
    assert done.verdict.faults == ()
    found = offline.plain_values(done)
    assert all(close(found[split], wanted[split]) for split in ("public", "private"))


@pytest.mark.parametrize("slug", FOLDERS)
def test_contract_survives_json(shared: Path, slug: str) -> None:
    folder = shared / "cases" / "challenges" / slug
    contract = ScoringContract.from_json(contract_of(folder))
    assert registry.problems(contract) == []
    again = ScoringContract.from_json(json.loads(json.dumps(contract.to_json())))
    assert again == contract
    assert again.digest == contract.digest
