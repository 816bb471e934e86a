"""The starter kit: its guide, its contract, the engine beside it, run as the guide says."""

import csv
import hashlib
import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from challenges.client import cli, kit
from challenges.client.kit import Kit, PublicFile
from challenges.exchange.actions.imports import import_folder
from challenges.models import Challenge
from challenges.scoring import contract
from challenges.scoring.contract import ScoringContract
from challenges.worker import drain
from portal.management.opening.challenge import FOLDER
from tests.challenges import world
from tests.challenges.client import kits
from tests.challenges.exchange.test_exports import code_folder
from tests.challenges.pages.scenes import CONTRACT, url_of, with_contract
from tests.challenges.world import owner, published
from tests.factories.challenges import ChallengeFactory, add_file

pytestmark = pytest.mark.django_db

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


def test_kit_is_the_same_twice_and_without_contract_holds_its_guide_only() -> None:
    assert kit.build_kit(made()) == kit.build_kit(made())
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


def test_the_guide_names_the_columns_of_a_truth() -> None:
    lists = CONTRACT | {
        "submission": kits.RANKED | {"max_bytes": 1000, "max_items_per_query": 3},
        "truth": kits.RANKED_TRUTH,
    }
    guide = guide_of(made(contract=lists, sample=b"q,r,i\na,1,x\n"))
    assert "`q`, `i`, `g`" in guide
    assert "3 éléments au plus par demande" in guide


def guide_of(built: Kit) -> str:
    archive = zipfile.ZipFile(io.BytesIO(kit.build_kit(built)))
    return archive.read("defi/LISEZMOI.md").decode()


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
    listed = list(csv.DictReader(io.StringIO(archive.read("defi/fichiers.csv").decode())))
    row = next(each for each in listed if each["fichier"] == "train.csv")
    assert (row["role"], row["octets"]) == ("train", "9")
    assert row["sha256"] == hashlib.sha256(b"id,y\n9,1\n").hexdigest()
    assert row["adresse"] == "http://testserver/challenges/defi/donnees/train.csv"


def told(capsys: pytest.CaptureFixture[str], kit: Path, *words: str) -> tuple[int, str]:
    """Run the command beside the kit; return its exit code and what it wrote."""
    code = cli.main([*words, "--lang", "fr"], folder=kit)
    return code, capsys.readouterr().out


def test_the_package_of_the_kit_runs_as_it_is(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    challenge = world.from_bundle(code_folder(tmp_path / "source"))
    client.force_login(world.owner_of(challenge))
    kit = unpacked(client.get(reverse("challenges:kit", args=["niveau"])).content, tmp_path / "kit")
    package = kit / "modele"
    assert sorted(each.name for each in (kit / "echantillon").iterdir()) == [
        "inputs.csv",
        "submission_format.csv",
    ]
    assert (kit / "echantillon/inputs.csv").read_text() == (
        tmp_path / "source/sample_inputs.csv"
    ).read_text()

    code, said = told(capsys, kit, "check", str(package))
    assert (code, "modele : format correct" in said) == (0, True)
    start = [sys.executable, *"modele/main.py --in echantillon --out predictions.csv".split()]
    assert f"python {' '.join(start[1:])}" in (kit / "LISEZMOI.md").read_text()
    done = subprocess.run(start, capture_output=True, text=True, check=True, cwd=kit)
    assert done.stdout == "100 rows read\n"
    assert (kit / "predictions.csv").read_text().splitlines()[:2] == ["id,niveau", "S1,1"]
    code, said = told(capsys, kit, "check", str(kit / "predictions.csv"))
    assert (code, "predictions.csv : format correct, 100 lignes" in said) == (0, True)

    (package / "manifest.toml").write_text('entry = "main.py"\nreseau = true\n')
    code, said = told(capsys, kit, "check", str(package), "--json")
    assert (code, json.loads(said)["line"]) == (1, 2)


@pytest.fixture
def demonstrated() -> Challenge:
    """Publish the demonstration challenge, its reference scored by the worker."""
    by = owner()
    found = import_folder(folder=FOLDER, by=by)
    assert found.challenge is not None, found.errors
    demonstrated = published(found.challenge, by)
    assert drain()
    return demonstrated


@pytest.fixture
def kit_folder(demonstrated: Challenge, client: Client, tmp_path: Path) -> Path:
    """Unpack the kit that the page sends, and download the training data beside."""
    sent = client.get(url_of(demonstrated, "kit"))
    names = zipfile.ZipFile(io.BytesIO(sent.content)).namelist()
    assert not [name for name in names if "truth" in name]
    folder = unpacked(sent.content, tmp_path / "kit")
    data = client.get(url_of(demonstrated, "file", "train.csv"))
    (folder / "train.csv").write_bytes(b"".join(data.streaming_content))
    return folder


def follow(folder: Path, lines: list[list[str]]) -> str:
    """Run the commands of a guide, one after the other; return what the last one said."""
    said = ""
    for words in lines:
        if words[0] == "cd":
            folder = folder / words[1]
            continue
        command = [sys.executable, *words[1:]]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        assert (done.returncode, done.stderr) == (0, ""), (words, done.stderr)
        said = done.stdout
    return said


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))


@pytest.mark.slow
def test_the_commands_of_the_guide_give_the_portals_figures(
    kit_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    guide = (kit_folder / "LISEZMOI.md").read_text("utf-8")
    shutil.copy(kit_folder / "sample_submission.csv", kit_folder / "ma_soumission.csv")
    check = commands(guide, "Vérifier avant de déposer")
    assert "format correct, 1600 lignes" in follow(kit_folder, check)
    for content, code in ((b"", "E_EMPTY"), (b"id,delai_jours\nx,1\n", "E_ID_UNKNOWN")):
        (kit_folder / "ma_soumission.csv").write_bytes(content)
        refused = run(kit_folder, *check[0], "--json")
        assert (refused.returncode, json.loads(refused.stdout)["code"]) == (1, code)
    learnt = rows(kit_folder / "train.csv")[:200]
    for name, cell in (("ma_verite.csv", "delai_jours"), ("ma_reponse.csv", "")):
        lines = [f"{row['id']},{row[cell] if cell else 30}" for row in learnt]
        (kit_folder / name).write_text("\n".join(["id,delai_jours", *lines]) + "\n")
    (score,) = commands(guide, "Noter sur vos propres données")
    answer = json.loads(follow(kit_folder, [[*score, "--json"]]))
    errors = [abs(float(row["delai_jours"]) - 30) for row in learnt]
    assert (answer["metric"], answer["n"]) == ("mae", 200)
    assert answer["score"] == pytest.approx(sum(errors) / len(errors), rel=1e-12)
