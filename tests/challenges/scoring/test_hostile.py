"""The hostile corpus: every file gets its verdict, code, line, hint, warnings and score."""

import json
from pathlib import Path
from typing import Any

import pytest

from challenges.scoring.commands import alone, guess, offline
from challenges.scoring.process import child
from tests.conftest import shared_cases

CORPUS = shared_cases("hostile")
CASES: list[dict[str, Any]] = (
    json.loads((CORPUS / "index.json").read_text("utf-8"))["cases"] if CORPUS else []
)
CANARIES = ("/tmp/ZIP_SLIP.csv", "/tmp/ZIP_ABS.csv")  # noqa: S108 (where hostile archives aim)


def test_corpus_is_present(shared: Path) -> None:
    assert len(CASES) == 108


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["file"]))
def test_verdict(case: dict[str, Any], shared: Path) -> None:
    corpus = shared / "cases" / "hostile"
    spec, task = corpus / "ref" / "spec.json", case["task"]
    truth = corpus / "ref" / f"truth_{task}.csv"
    found = offline.score_spec(truth, corpus / case["file"], spec, task)
    checked = offline.verdict_json(guess.check_template(f"{spec}:{task}", corpus / case["file"])[0])
    assert found["verdict"] == case["verdict"]
    for fact in ("verdict", "code", "line", "hint", "warnings", "digest"):
        assert found.get(fact) == checked.get(fact)
    if case["verdict"] == "accept":
        assert abs(found["score"] - case["score"]) <= 1e-12
        assert set(case.get("warnings", [])) <= set(found["warnings"])
    else:
        _assert_refused_as_told(found, case)
    assert not any(Path(canary).exists() for canary in CANARIES)


@pytest.mark.full
@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["file"]))
def test_the_same_verdict_in_the_process_of_a_team(case: dict[str, Any], shared: Path) -> None:
    corpus = shared / "cases" / "hostile"
    spec, task = corpus / "ref" / "spec.json", case["task"]
    truth = corpus / "ref" / f"truth_{task}.csv"
    found = [
        offline.score_spec(truth, corpus / case["file"], spec, task, by) for by in (child, alone)
    ]
    for answer in found:
        answer.pop("seconds")
    assert found[0] == found[1]


def _assert_refused_as_told(found: dict[str, Any], case: dict[str, Any]) -> None:
    assert found["code"] in {case["code"], *case.get("also_ok", [])}
    if found["code"] == case["code"]:
        assert found["line"] == case.get("line", found["line"])
        assert found["hint"] == case.get("hint", found["hint"])
    for error in found["errors"]:
        text = error["message"]
        assert len(text) <= 1000
        assert "<" not in text
        assert all(ord(c) >= 32 for c in text)
