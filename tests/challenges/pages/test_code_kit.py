"""The kit of a challenge of code: a package that runs as it is, here and without isolation."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from challenges.bundles.code import CodeRules
from challenges.client import cli
from challenges.programs.actions import code as team_code
from tests.challenges import world
from tests.challenges.test_code_round_trips import folder, imported

pytestmark = pytest.mark.django_db


def kit_of(client: Client, path: Path, *layouts: str) -> Path:
    """Import a challenge of code, download its kit, and unzip it."""
    challenge = imported(folder(path / "source"))
    by = world.owner_of(challenge)
    rules = team_code.code_rules(challenge)
    assert rules is not None
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
