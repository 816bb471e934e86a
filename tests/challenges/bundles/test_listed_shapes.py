"""Scores of candidates, on folders of our own."""

from pathlib import Path
from typing import Any

import pytest

from challenges.bundles import portable
from challenges.scoring import answer, registry
from challenges.scoring.contract import ScoringContract
from tests.challenges.bundles.folders import change, document, write

DOCUMENTS = [f"A{number}" for number in range(1, 7)]
SPLIT = {"column": "jeu", "public": "public", "private": "private"}
SIDES = dict.fromkeys(DOCUMENTS, "private") | {"A1": "public", "A2": "public"}


def folder(
    place: Path, submission: object, truth: object, metric: dict[str, Any], rows: str, **files: str
) -> Path:
    found: object = document()
    for path, value in [
        ("submission", submission),
        ("truth", truth),
        ("metrics", [{"direction": "max", "primary": True, "key": "m"} | metric]),
        ("fairness", ...),
        ("expected", ...),
        ("files.public.2.rows", ...),
        ("files.public.1.rows", ...),
        ("files.held_out.0.rows", rows.count("\n") - 1),
    ]:
        found = change(found, path, value)
    return write(place, found, truth_csv=rows, **files)


SCORES: dict[str, Any] = {
    "layout": "candidate_scores",
    "policy": "complete",
    "columns": [
        {"name": "id", "role": "query", "type": "string"},
        {"name": "cible", "role": "item", "type": "category"},
        {"name": "score", "role": "score", "type": "float"},
    ],
}
SCORES_TRUTH = {
    "file": "truth.csv", "query": "id", "item": "cible", "gain": "gain", "split": SPLIT,
}  # fmt: skip
PAIRS = [(one, item) for one in DOCUMENTS for item in "xyz"]
GAINS = "id,cible,gain,jeu\n" + "".join(f"{q},{i},{i == 'y':d},{SIDES[q]}\n" for q, i in PAIRS)
SCORED = "id,cible,score\n" + "".join(f"{q},{i},0\n" for q, i in PAIRS)
TEST = "id,cible,age\n" + "".join(f"{q},{i},3\n" for q, i in PAIRS)
MAP = {"metric": "map_at_k", "params": {"k": 2}}


def scores(
    place: Path, rows: str = GAINS, sample: str = SCORED, test: str = TEST, **more: object
) -> list[str]:
    chosen = folder(place, SCORES | more, SCORES_TRUTH, MAP, rows, sample_csv=sample, test_csv=test)
    return portable.read(chosen).codes


def test_scores_of_candidates_are_read(tmp_path: Path) -> None:
    assert scores(tmp_path) == []
    spec = portable.read(tmp_path).spec
    assert spec is not None
    contract = ScoringContract.from_json(spec.scoring_contract(tmp_path))
    assert contract.answer.policy is answer.Policy.COMPLETE
    assert registry.problems(contract) == []
    queries = "id,age\n" + "".join(f"{one},3\n" for one in DOCUMENTS)
    assert scores(tmp_path / "queries", test=queries) == []


def test_complete_candidates_are_those_that_teams_are_given(tmp_path: Path) -> None:
    relevant = "".join(line for line in GAINS.splitlines(True) if ",0," not in line)
    assert scores(tmp_path / "told", rows=relevant) == ["E_IDS", "E_IDS"]
    less = SCORED.replace("A6,z,0\n", "")
    assert scores(tmp_path / "less", sample=less) == ["E_IDS"]
    assert scores(tmp_path / "top", rows=relevant, sample=less, policy="top_k") == []


@pytest.mark.parametrize(
    "change",
    [
        {"policy": None},
        {"policy": "some"},
        {"columns": [*SCORES["columns"][:2], {"name": "score", "role": "score"}]},
        {"columns": SCORES["columns"][:2]},
        {"columns": [*SCORES["columns"], {"name": "rang", "role": "rank", "type": "integer"}]},
    ],
)
def test_wrong_scores_of_candidates_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    assert "E_COLUMN_ROLE" in scores(tmp_path, **change)
