"""The four real challenges, from an empty database, by the commands alone."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from challenges.models import Score
from portal.management.opening import people
from tests.challenges.commands import run
from tests.conftest import shared_cases

CASES = shared_cases("challenges")
FOLDERS = sorted(path.parent for path in CASES.glob("*/challenge.yaml")) if CASES else []
BEST = {"max": 1.0, "min": 0.0}
# Private 95 % intervals recorded by the producers of the folders.
RECORDED = {
    "codage-appellations-rome": (0.451, 0.508),
    "tensions-bassins-sud": (0.616, 0.689),
    "mobilites-metiers": (0.502, 0.583),
    "prevision-tension-fap": (0.353, 0.430),
}


def declared(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [*document["metrics"], *document["fairness"]["metrics"]]


def expected(figure: Any, decimals: int) -> Any:
    if isinstance(figure, dict):
        return {group: round(value, decimals) for group, value in figure.items()}
    return round(figure, decimals)


def found(cell: dict[str, Any]) -> Any:
    if "groups" in cell:
        return {group: figure["value"] for group, figure in cell["groups"].items()}
    return cell["value"]


def perfect(folder: Path, document: dict[str, Any], target: Path) -> Path:
    truth, columns = document["truth"], document["submission"]["columns"]
    text = (folder / truth["file"]).read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([column["name"] for column in columns])
        if "query" not in truth:
            writer.writerows([row[truth["id"]], row[truth["target"]]] for row in rows)
            return target
        queries: dict[str, list[tuple[float, str]]] = {}
        for row in rows:
            queries.setdefault(row[truth["query"]], []).append(
                (-float(row[truth["gain"]]), row[truth["item"]])
            )
        for query, items in queries.items():
            for rank, (_gain, item) in enumerate(sorted(items)[:10], 1):
                writer.writerow([query, rank, item])
    return target


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(not FOLDERS, reason="the acceptance cases (../shared/cases) are not here")
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_a_real_challenge_runs_from_its_folder_to_its_reveal(folder: Path, tmp_path: Path) -> None:
    people.region()
    people.open_accounts()
    slug = folder.name
    document = yaml.safe_load((folder / "challenge.yaml").read_text(encoding="utf-8"))
    exact = json.loads((folder / "scores_exact.json").read_text(encoding="utf-8"))
    code, imported = run(
        "import_challenge", str(folder), "--publish", "--by", "moderation", "--work"
    )
    assert (code, imported["slug"], imported["status"]) == (0, slug, "published")
    assert imported["errors"] == []

    files = {
        "Référence": folder / "submission.csv",
        "Constante": folder / "sample_submission.csv",
        "Parfaite": perfect(folder, document, tmp_path / "parfait.csv"),
    }
    for team, file in files.items():
        code, entered = run("enter", slug, str(file), "--team", team, "--work")
        assert (code, entered["status"], entered["faults"]) == (0, "scored", [])
    assert Score.objects.filter(split="private").count() == 0
    assert run("standings", slug, "--split", "private")[0] == 1
    rows = {row["team"]: row for row in run("standings", slug)[1]["rows"]}
    assert set(rows["Parfaite"]["metrics"]) == {each["key"] for each in document["metrics"]}

    assert run("reveal", slug, "--by", "organisation", "--with", "moderation")[0] == 1
    assert run("close", slug, "--by", "organisation")[0] == 0
    assert run("reveal", slug, "--by", "organisation", "--with", "organisation")[0] == 1
    code, revealed = run("reveal", slug, "--by", "organisation", "--with", "moderation", "--work")
    assert (code, revealed["status"]) == (0, "revealed")

    primary = next(each for each in document["metrics"] if each.get("primary"))
    for split in ("public", "private"):
        rows = {row["team"]: row for row in run("standings", slug, "--split", split)[1]["rows"]}
        for team, run_name in (("Référence", "reference"), ("Constante", "exemple_constant")):
            for metric in declared(document):
                value = exact[run_name][split][metric["key"]]
                cell = rows[team]["metrics"][metric["key"]]
                assert found(cell) == expected(value, metric["decimals"]), (team, split, metric)
        top = rows["Parfaite"]["metrics"][primary["key"]]
        assert top["value"] == BEST[primary["direction"]]
        baseline = rows["Solution de référence"]
        assert (baseline["rank"], baseline["baseline"]) == (None, True)
        assert baseline["metrics"] == rows["Référence"]["metrics"]
    low, high = (rows["Référence"]["metrics"][primary["key"]][bound] for bound in ("low", "high"))
    assert low <= RECORDED[slug][1]
    assert high >= RECORDED[slug][0]
    call_command("verify")
