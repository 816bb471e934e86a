"""The starter kit: its guide, its contract, the engine beside it."""

import csv
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from challenges.bundles import portable
from challenges.client import kit
from challenges.client.kit import Kit, PublicFile
from challenges.models import Challenge
from challenges.scoring import contract
from challenges.scoring.commands import alone, guess
from challenges.scoring.contract import ScoringContract
from tests.challenges.pages.scenes import CONTRACT, with_contract
from tests.challenges.pages.test_reading import add_file
from tests.factories.challenges import ChallengeFactory

SAMPLE = b"id,y\n1,0\n2,0\n"
DIGEST = ScoringContract.from_json(CONTRACT).digest


def made(**changes: object) -> Kit:
    """Return the kit of a small challenge."""
    values: dict[str, object] = {
        "slug": "defi",
        "title": "Défi",
        "summary": "Prévoir un nombre.",
        "address": "https://exemple.fr/challenges/defi/",
        "contract": CONTRACT,
        "quotas": "5 par jour",
        "rules": "# Règlement\n\nUne équipe par personne.\n",
        "sample": SAMPLE,
        "files": [public("train.csv", place="train", columns=("id", "y", "bassin"))],
        "carried": {"sample_submission.csv": SAMPLE},
    }
    return Kit(**(values | changes))  # type: ignore[arg-type]


def public(name: str, **changes: Any) -> PublicFile:
    values = {"role": "Un rôle", "address": f"https://exemple.fr/{name}", "sha256": "0" * 64}
    return PublicFile(name=name, **{**values, "size": 10, **changes})


def unpacked(content: bytes, place: Path) -> Path:
    zipfile.ZipFile(io.BytesIO(content)).extractall(place)
    return next(each for each in place.iterdir() if (each / "LISEZMOI.md").is_file())


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the guide: « python … », alone on its path."""
    assert words[0] == "python", words
    command = [sys.executable, "-I", *words[1:]]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def commands(guide: str, start: str) -> list[list[str]]:
    """Return the commands that the guide gives in its section."""
    section = guide.split(f"## {start}")[1].split("\n## ")[0]
    return [line.split() for line in section.splitlines() if line.startswith("    ")]


def test_kit_is_the_same_twice() -> None:
    assert kit.build_kit(made()) == kit.build_kit(made())


def test_kit_without_contract_holds_its_guide_only() -> None:
    content = kit.build_kit(made(contract={}, sample=None, carried={}, files=[], rules=""))
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["defi/LISEZMOI.md"]


def test_the_contract_has_the_digest_that_receipts_name(tmp_path: Path) -> None:
    folder = unpacked(kit.build_kit(made()), tmp_path)
    data = (folder / "contrat.json").read_bytes()
    assert hashlib.sha256(data).hexdigest() == DIGEST
    assert ScoringContract.from_json(json.loads(data)).digest == DIGEST
    guide = (folder / "LISEZMOI.md").read_text("utf-8")
    assert DIGEST in guide
    assert contract.engine_sha256() in guide


def test_the_files_and_the_rules_are_listed(tmp_path: Path) -> None:
    folder = unpacked(kit.build_kit(made()), tmp_path)
    table = (folder / "fichiers.csv").read_text("utf-8")
    assert list(csv.DictReader(io.StringIO(table))) == [
        {
            "fichier": "train.csv",
            "role": "train",
            "lignes": "",
            "octets": "10",
            "sha256": "0" * 64,
            "adresse": "https://exemple.fr/train.csv",
        }
    ]
    assert "Une équipe par personne." in (folder / "reglement.md").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "code", "status"),
    [
        (SAMPLE, "", 0),
        (b"id,y\n1,0\n", "E_ID_MISSING", 1),
        (b"id,y\n1,0\n2,abc\n", "E_VALUE_TYPE", 1),
        (b"", "E_EMPTY", 1),
    ],
    ids=["good", "missing", "text", "empty"],
)
def test_the_program_runs_alone(tmp_path: Path, content: bytes, code: str, status: int) -> None:
    folder = unpacked(kit.build_kit(made()), tmp_path)
    (folder / "ma_soumission.csv").write_bytes(content)
    (check,) = commands((folder / "LISEZMOI.md").read_text("utf-8"), "Vérifier avant de déposer")
    done = run(folder, *check)
    assert (done.returncode, done.stderr) == (status, "")
    assert code in done.stdout
    assert ("format correct" if status == 0 else "format refusé") in done.stdout
    told = json.loads(run(folder, *check, "--json").stdout)
    assert told.get("code", "") == code


@pytest.mark.slow
def test_the_program_names_the_portals_own_sources(tmp_path: Path) -> None:
    folder = unpacked(kit.build_kit(made()), tmp_path)
    done = run(folder, "python", "openemploi.pyz", "version", "--json")
    assert json.loads(done.stdout) == {
        "version": contract.VERSION,
        "engine_sha256": contract.engine_sha256(),
    }


def test_the_guide_cuts_what_can_be_cut() -> None:
    story = "openemploi.pyz split train.csv essai"
    assert story in guide_of(made())
    without = [public("train.csv", place="train", columns=("mois", "y"))]
    assert story not in guide_of(made(files=without))
    lists = CONTRACT | {
        "submission": {
            "layout": "ranked_list",
            "columns": [
                {"name": "q", "role": "query", "type": "string"},
                {"name": "r", "role": "rank", "type": "integer"},
                {"name": "i", "role": "item", "type": "string"},
            ],
            "max_bytes": 1000,
        },
        "truth": {"query": "q", "item": "i", "gain": "g"},
    }
    guide = guide_of(made(contract=lists, sample=b"q,r,i\na,1,x\n"))
    assert story not in guide
    assert "`q`, `i`, `g`" in guide


def guide_of(built: Kit) -> str:
    archive = zipfile.ZipFile(io.BytesIO(kit.build_kit(built)))
    return archive.read("defi/LISEZMOI.md").decode()


@pytest.mark.django_db
def test_page_sends_the_kit(client: Client) -> None:
    challenge: Challenge = ChallengeFactory(opened=True, slug="defi")
    with_contract(challenge)
    add_file(challenge, "sample_submission.csv", SAMPLE, role="sample_submission")
    add_file(challenge, "train.csv", b"id,y\n9,1\n", role="train")
    sent = client.get(reverse("challenges:kit", args=["defi"]))
    archive = zipfile.ZipFile(io.BytesIO(sent.content))
    assert set(archive.namelist()) == {
        "defi/LISEZMOI.md",
        "defi/depart.ipynb",
        "defi/format.json",
        "defi/contrat.json",
        "defi/openemploi.pyz",
        "defi/reglement.md",
        "defi/fichiers.csv",
        "defi/sample_submission.csv",
    }
    guide = archive.read("defi/LISEZMOI.md").decode()
    assert "http://testserver/challenges/defi/donnees/train.csv" in guide
    assert json.loads(archive.read("defi/format.json"))["ids"] == ["1", "2"]
    assert archive.read("defi/reglement.md").decode() == challenge.terms.get().text


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
def test_samples_and_references_pass_the_kit(shared: Path, slug: str, tmp_path: Path) -> None:
    folder = shared / "cases" / "challenges" / slug
    spec = portable.read(folder).spec
    assert spec is not None
    sample = (folder / "sample_submission.csv").read_bytes()
    built = kit.build_kit(made(slug=slug, contract=spec.scoring_contract(folder), sample=sample))
    template = unpacked(built, tmp_path) / "format.json"
    for name in ("sample_submission.csv", "submission.csv"):
        verdict, _ = guess.check_template(str(template), folder / name, alone)
        assert verdict.accepted, verdict.faults
