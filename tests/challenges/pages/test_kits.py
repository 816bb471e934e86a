"""The starter kit: its guide, its contract, the engine beside it, run as the guide says."""

import csv
import hashlib
import io
import json
import shutil
import statistics
import subprocess
import sys
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from challenges.bundles.code import CodeRules
from challenges.client import cli, kit
from challenges.client.kit import Kit, PublicFile
from challenges.exchange.actions.imports import import_folder
from challenges.models import Challenge, Entry, Score
from challenges.programs.actions import code as team_code
from challenges.scoring import contract
from challenges.scoring.contract import ScoringContract
from challenges.worker import drain
from portal.management.opening import demonstration
from portal.management.opening.demonstration.folder import SLUG
from tests.challenges import world
from tests.challenges.client import kits
from tests.challenges.exchange.test_exports import code_folder
from tests.challenges.pages.scenes import CONTRACT, url_of, with_contract
from tests.challenges.test_reading import add_file
from tests.challenges.world import owner, published
from tests.factories.challenges import ChallengeFactory

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


def test_the_guide_cuts_what_can_be_cut() -> None:
    story = "openemploi.pyz split train.csv essai"
    assert story in guide_of(made())
    without = [public("train.csv", place="train", columns=("mois", "y"))]
    assert story not in guide_of(made(files=without))
    lists = CONTRACT | {
        "submission": kits.RANKED | {"max_bytes": 1000, "max_items_per_query": 3},
        "truth": kits.RANKED_TRUTH,
    }
    guide = guide_of(made(contract=lists, sample=b"q,r,i\na,1,x\n"))
    assert story not in guide
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


def kit_of(client: Client, path: Path, *layouts: str) -> Path:
    """Import a challenge of code, download its kit, and unzip it."""
    challenge = world.from_bundle(code_folder(path / "source"))
    by = world.owner_of(challenge)
    rules = team_code.code_rules(challenge)
    if layouts:
        said = CodeRules(layouts=layouts, time_limit_s=20, memory_mb=rules.memory_mb)
        team_code.settle_code(challenge=challenge, rules=said, by=by)
    client.force_login(by)
    answer = client.get(reverse("challenges:kit", args=["niveau"]))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(path)
    return path / "niveau"


def told(capsys: pytest.CaptureFixture[str], kit: Path, *words: str) -> tuple[int, str]:
    """Run the command beside the kit; return its exit code and what it wrote."""
    code = cli.main([*words, "--lang", "fr"], folder=kit)
    return code, capsys.readouterr().out


@pytest.mark.parametrize("layout", ["manifest", "main", "codalab"])
def test_the_package_of_the_kit_runs_as_it_is(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str], layout: str
) -> None:
    kit = kit_of(client, tmp_path, layout)
    package, out = str(kit / "modele"), tmp_path / "predictions.csv"
    assert sorted(each.name for each in (kit / "echantillon").iterdir()) == [
        "inputs.csv",
        "submission_format.csv",
    ]
    assert (kit / "echantillon/inputs.csv").read_text() == (
        tmp_path / "source/sample_inputs.csv"
    ).read_text()

    code, said = told(capsys, kit, "check", package)
    assert (code, "modele : format correct" in said) == (0, True)
    code, said = told(capsys, kit, "run", package, "--to", str(out), "--json")

    answer = json.loads(said)
    assert (code, answer["verdict"], answer["rows"], answer["layout"], answer["isolated"]) == (
        0,
        "accept",
        100,
        layout,
        False,
    )
    assert out.read_text().splitlines()[:2] == ["id,niveau", "S1,1"]
    assert answer["log"] == "100 rows read\n"


def test_a_run_here_says_that_nothing_is_isolated_and_what_went_wrong(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kit = kit_of(client, tmp_path)
    main = kit / "modele/main.py"
    text = main.read_text()
    main.write_text(text.replace("row[KEY]", "'X'"))
    code, said = told(capsys, kit, "run", str(kit / "modele"), "--to", str(tmp_path / "p.csv"))
    assert code == 1
    assert said.startswith("Lancé sur votre machine, sans isolement")
    assert "E_ID_UNKNOWN" in said

    main.write_text("raise SystemExit('non')")
    code, said = told(capsys, kit, "run", str(kit / "modele"))
    assert (code, "Le programme s’est arrêté sur une erreur." in said) == (1, True)

    (kit / "modele/manifest.toml").write_text('entry = "main.py"\nreseau = true\n')
    code, said = told(capsys, kit, "check", str(kit / "modele"), "--json")
    assert (code, json.loads(said)["line"]) == (1, 2)
    guide = (kit / "LISEZMOI.md").read_text()
    assert "**sans isolement**" in guide
    assert "python openemploi.pyz run modele" in guide


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Write the folder of the demonstration challenge."""
    folder = tmp_path / "source" / SLUG
    demonstration.write(folder, 20_261_124)
    return folder


@pytest.fixture
def demonstrated(source: Path) -> Challenge:
    """Publish it, its reference scored by the worker."""
    by = owner()
    found = import_folder(folder=source, by=by)
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
    kit_folder: Path, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    guide = (kit_folder / "LISEZMOI.md").read_text("utf-8")
    shutil.copy(kit_folder / "sample_submission.csv", kit_folder / "ma_soumission.csv")
    check = commands(guide, "Vérifier avant de déposer")
    assert "format correct, 1600 lignes" in follow(kit_folder, check)
    general, *story = commands(guide, "Noter sur vos propres données")
    assert [words[:3] for words in story] == [
        ["python", "openemploi.pyz", "split"],
        ["cd", "essai"],
        ["python", "baseline.py"],
        ["python", "../openemploi.pyz", "score"],
    ]
    story[-1].append("--json")
    answer = json.loads(follow(kit_folder, story))

    # By hand: the median of the occupation, learnt on what was kept.
    place = kit_folder / "essai"
    days: dict[str, list[float]] = defaultdict(list)
    for row in rows(place / "train.csv"):
        days[row["metier"]].append(float(row["delai_jours"]))
    held = {row["id"]: float(row["delai_jours"]) for row in rows(place / "verite.csv")}
    errors = [
        abs(float(f"{statistics.median(days[row['metier']]):.2f}") - held[row["id"]])
        for row in rows(place / "test_features.csv")
    ]
    assert answer["metric"] == "mae"
    assert answer["n"] == len(errors)
    assert answer["score"] == pytest.approx(sum(errors) / len(errors), rel=1e-12)

    # By the portal: the same truth, the same file, the same contract, in its child.
    call_command(
        "score",
        str(place / "verite.csv"),
        str(place / "submission.csv"),
        "--contract",
        str(kit_folder / "contrat.json"),
        "--json",
    )
    portal: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    for told in (answer, portal):
        told.pop("seconds")
    assert answer == portal

    # The general command, on the organiser's truth: the figures that the portal shows.
    shutil.copy(source / "truth.csv", kit_folder / "ma_verite.csv")
    shutil.copy(source / "submission.csv", kit_folder / "ma_reponse.csv")
    answer = json.loads(follow(kit_folder, [[*general, "--json"]]))
    entry = Entry.objects.references().get()
    shown = Score.objects.filter(evaluation__entry=entry, split="public")
    texts = dict(shown.values_list("metric", "value_text"))
    figures = answer["values"]["public"]
    assert texts == {key: f"{figures[key]:.2f}" for key in texts}
    assert texts.keys() >= {"mae", "rmse"}
    said = json.loads(entry.score_receipts.get().text)["payload"]
    assert said["values"]["public"] == texts
    assert (
        said["sha256"] == hashlib.sha256((kit_folder / "ma_reponse.csv").read_bytes()).hexdigest()
    )
    for name in ("contract_sha256", "engine_sha256"):
        assert said[name] == answer[name]
