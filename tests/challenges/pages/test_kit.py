"""The starter kit and its offline checker."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from challenges.bundles import portable
from challenges.client import check, kit
from challenges.client.kit import Kit
from challenges.models import Challenge
from tests.challenges.pages.scenes import with_contract
from tests.challenges.pages.test_reading import add_file
from tests.factories.challenges import ANSWER, ChallengeFactory

SAMPLE = b"id,y\n1,0\n2,0\n"


def made(**changes: object) -> Kit:
    """Return the kit of a small challenge."""
    values: dict[str, object] = {
        "slug": "defi",
        "title": "Défi",
        "summary": "Prévoir un nombre.",
        "address": "https://exemple.fr/challenges/defi/",
        "submission": ANSWER,
        "quotas": "5 par jour",
        "metrics": ["Erreur absolue moyenne"],
        "sample": SAMPLE,
        "links": [],
        "carried": {"sample_submission.csv": SAMPLE},
    }
    return Kit(**(values | changes))  # type: ignore[arg-type]


def test_kit_is_the_same_twice() -> None:
    assert kit.build(made()) == kit.build(made())


def test_kit_without_contract_holds_its_guide_only() -> None:
    content = kit.build(made(submission={}, sample=None, carried={}))
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["defi/LISEZMOI.md"]


@pytest.mark.parametrize(
    ("content", "code", "status"),
    [
        (SAMPLE, "", 0),
        (b"id,y\n1,0\n", "E_ID_MISSING", 1),
        (b"id,y\n1,0\n2,abc\n", "E_VALUE_TYPE", 1),
        (b"", "E_EMPTY", 1),
    ],
)
def test_checker_answers_in_french(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, code: str, status: int
) -> None:
    archive = zipfile.ZipFile(io.BytesIO(kit.build(made())))
    archive.extractall(tmp_path)
    (tmp_path / "ma_reponse.csv").write_bytes(content)
    found = check.main([str(tmp_path / "ma_reponse.csv")], folder=tmp_path / "defi")
    said = capsys.readouterr().out
    assert found == status
    assert code in said
    assert ("format correct" if status == 0 else "format refusé") in said


def test_unreadable_file_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main([str(tmp_path / "absent.csv")], folder=tmp_path) == 2
    assert "Fichier illisible" in capsys.readouterr().err


@pytest.mark.slow
def test_checker_runs_alone(tmp_path: Path) -> None:
    archive = zipfile.ZipFile(io.BytesIO(kit.build(made())))
    archive.extractall(tmp_path)
    command = [
        sys.executable,
        "-I",
        str(tmp_path / "defi" / "verifier.pyz"),
        str(tmp_path / "defi" / "sample_submission.csv"),
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["accepted"] is True


@pytest.mark.django_db
def test_page_sends_the_kit(client: Client) -> None:
    challenge: Challenge = ChallengeFactory(opened=True, slug="defi")
    with_contract(challenge)
    add_file(challenge, "sample_submission.csv", SAMPLE, role="sample_submission")
    add_file(challenge, "train.csv", b"id,y\n9,1\n")
    sent = client.get(reverse("challenges:kit", args=["defi"]))
    archive = zipfile.ZipFile(io.BytesIO(sent.content))
    assert set(archive.namelist()) == {
        "defi/LISEZMOI.md",
        "defi/format.json",
        "defi/verifier.pyz",
        "defi/sample_submission.csv",
    }
    guide = archive.read("defi/LISEZMOI.md").decode()
    assert "http://testserver/challenges/defi/donnees/train.csv" in guide
    assert json.loads(archive.read("defi/format.json"))["ids"] == ["1", "2"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "slug",
    [
        "codage-appellations-rome",
        "mobilites-metiers",
        "prevision-tension-fap",
        "tensions-bassins-sud",
    ],
)
def test_samples_and_references_pass_the_checker(shared: Path, slug: str) -> None:
    folder = shared / "cases" / "challenges" / slug
    spec = portable.read(folder).spec
    assert spec is not None
    sample = (folder / "sample_submission.csv").read_bytes()
    submission = spec.scoring_contract(folder)["submission"]
    document = {"submission": submission, "ids": kit.expected_ids(submission, sample)}
    for name in ("sample_submission.csv", "submission.csv"):
        verdict = check.verdict_on((folder / name).read_bytes(), name, document)
        assert verdict.accepted, verdict.faults
