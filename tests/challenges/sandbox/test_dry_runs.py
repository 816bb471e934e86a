"""The import runs an EvalAI script in the sandbox, and compares names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from challenges.bundles.foreign import reading
from challenges.exchange.worker import evaluator, local_evaluator
from challenges.sandbox.bubblewrap import Bubblewrap

BUNDLES = Path(__file__).resolve().parents[4] / "shared/cases/bundles"
CONFIG = """
title: Un défi
terms_and_conditions: reglement.html
evaluation_script: notation
leaderboard:
  - {id: 1, schema: {labels: [F1], default_order_by: F1}}
challenge_phases:
  - id: 1
    name: Essai
    codename: essai
    start_date: 2027-01-01 00:00:00
    test_annotation_file: annotations.json
dataset_splits:
  - {id: 1, codename: SPLIT}
challenge_phase_splits:
  - {challenge_phase_id: 1, leaderboard_id: 1, dataset_split_id: 1, visibility: 3}
"""
SCRIPT = """
def evaluate(test_annotation_file, user_submission_file, phase_codename, **kwargs):
    {body}
    return {{"result": [{{"publique": {{"F1": 1.0}}}}]}}
"""


def bundle(folder: Path, split: str, body: str = "pass") -> Path:
    (folder / "notation").mkdir()
    (folder / "challenge_config.yaml").write_text(CONFIG.replace("SPLIT", split))
    (folder / "reglement.html").write_text("<p>Règles</p>")
    (folder / "annotations.json").write_text(json.dumps({"a": 1}))
    (folder / "notation/main.py").write_text(SCRIPT.format(body=body))
    (folder / "notation/__init__.py").write_text("from .main import evaluate\n")
    return folder


def test_names_that_a_script_returns_are_those_declared(
    sandbox: Bubblewrap, tmp_path: Path
) -> None:
    report = reading.read(bundle(tmp_path, "publique"), evaluate=evaluator(sandbox))

    assert report.errors == ()
    assert report.dry_run == ("phase essai : publique (F1)",)
    assert "W_DRY_RUN" not in {one.code for one in report.warnings}


def test_names_that_differ_are_shown_side_by_side(sandbox: Bubblewrap, tmp_path: Path) -> None:
    report = reading.read(bundle(tmp_path, "validation"), evaluate=evaluator(sandbox))

    assert report.codes == ["E_SPLIT_MISMATCH"]
    assert report.errors[0].message == (
        "phase essai : déclarés validation (F1) ; rendus par evaluate() publique (F1)"
    )


@pytest.mark.usefixtures("sandbox")
def test_this_host_gives_its_own_evaluator(tmp_path: Path) -> None:
    report = reading.read(bundle(tmp_path, "publique"), evaluate=local_evaluator())

    assert report.dry_run == ("phase essai : publique (F1)",)


def test_a_script_that_fails_is_told_and_refuses_nothing(
    sandbox: Bubblewrap, tmp_path: Path
) -> None:
    broken = bundle(tmp_path, "publique", body="raise ValueError")
    report = reading.read(broken, evaluate=evaluator(sandbox))

    assert report.errors == ()
    assert [one.message for one in report.warnings if one.code == "W_DRY_RUN"] == [
        "noms des parties et des colonnes non comparés : phase essai : X_PROGRAM : code de sortie 1"
    ]


@pytest.mark.slow
@pytest.mark.skipif(not BUNDLES.is_dir(), reason="../shared/cases/bundles is absent")
def test_the_hostile_package_with_other_names_is_refused(sandbox: Bubblewrap) -> None:
    path = BUNDLES / "hostile/17_evalai_noms_differents.zip"
    report = reading.read(path, evaluate=evaluator(sandbox))

    assert report.codes == ["E_SPLIT_MISMATCH", "E_SPLIT_MISMATCH"]
    assert [one.message for one in report.errors] == [
        "phase dev : déclarés validation (Exact, Score) ; "
        "rendus par evaluate() partie_publique (Exact, F1)",
        "phase test : déclarés partie_privee (Exact, Score), validation (Exact, Score) ; "
        "rendus par evaluate() partie_privee (Exact, F1), partie_publique (Exact, F1)",
    ]


@pytest.mark.slow
@pytest.mark.skipif(not BUNDLES.is_dir(), reason="../shared/cases/bundles is absent")
def test_the_sound_package_is_accepted_after_its_dry_run(sandbox: Bubblewrap) -> None:
    report = reading.read(BUNDLES / "evalai/bundle.zip", evaluate=evaluator(sandbox))

    assert report.errors == ()
    assert report.dry_run == (
        "phase dev : partie_publique (Exact, F1)",
        "phase test : partie_privee (Exact, F1), partie_publique (Exact, F1)",
    )
