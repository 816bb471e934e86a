"""The commands answer machines in one JSON object, exit 1 on a refusal, and do all that is done."""

import csv
import json
from datetime import UTC
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from challenges.management import speaking
from challenges.models import Challenge, Entry, Phase, Reveal, Score
from portal.accounts.models import User
from portal.lib import clock
from portal.management.opening import people
from tests.challenges.commands import run
from tests.challenges.world import answer, folder
from tests.conftest import shared_cases
from tests.factories.challenges import PhaseFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(autouse=True)
def opening() -> None:
    people.region()
    people.open_accounts()


@pytest.fixture
def slug(tmp_path: Path) -> str:
    path = str(folder(tmp_path))
    code, told = run("import_challenge", path, "--publish", "--by", "moderation", "--work")
    warned = [each["code"] for each in told.pop("warnings")]
    assert (code, told, warned) == (
        0,
        {"slug": "niveau", "status": "published", "errors": []},
        [],
    )
    return "niveau"


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "réponse.csv"
    path.write_bytes(answer(0.8))
    return str(path)


def test_the_owner_is_named_and_the_moderator_too(tmp_path: Path) -> None:
    path = str(folder(tmp_path))
    with pytest.raises(CommandError):
        run("import_challenge", path, "--publish")
    with pytest.raises(CommandError):
        run("import_challenge", path, "--owner", "inconnue")
    code, told = run("import_challenge", path, "--owner", "equipe")
    assert (code, told["status"], told["error"]["code"]) == (1, "refused", "no_organisation")
    code, told = run("import_challenge", path, "--publish", "--by", "administration")
    assert (code, told["error"]["code"]) == (1, "not_allowed")


def test_dates_are_announced(tmp_path: Path) -> None:
    code, _told = run(
        "import_challenge",
        str(folder(tmp_path)),
        "--opens",
        "2026-01-15T09:00:00+01:00",
        "--closes",
        "2099-07-01T00:00:00",
        "--publish",
        "--by",
        "moderation",
    )
    assert code == 0
    phase = Phase.objects.get()
    assert phase.opens_at.isoformat() == "2026-01-15T08:00:00+00:00"
    assert phase.closes_at.isoformat() == "2099-06-30T21:59:59+00:00"  # that day, to its end
    code, told = run("close", "niveau", "--by", "organisation")
    assert (code, told["error"]["code"]) == (1, "close_announced")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-29T01:59:59", "2026-03-29T00:59:59+00:00"),
        ("2026-03-29T03:00:00", "2026-03-29T01:00:00+00:00"),
        ("2026-10-25T01:59:59", "2026-10-24T23:59:59+00:00"),
        ("2026-10-25T03:00:00", "2026-10-25T02:00:00+00:00"),
        ("2026-10-25T02:30:00+02:00", "2026-10-25T00:30:00+00:00"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00+00:00"),
    ],
)
def test_an_hour_of_paris_is_one_instant(text: str, instant: str) -> None:
    assert speaking.instant(text).astimezone(UTC).isoformat() == instant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-03-29T02:00:00", "n’existe pas"),
        ("2026-03-29T02:59:59", "n’existe pas"),
        ("2026-10-25T02:00:00", "existe deux fois"),
        ("2026-10-25T02:59:59", "existe deux fois"),
        ("demain", "date illisible"),
    ],
)
def test_an_hour_that_is_not_one_instant_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CommandError) as refusal:
        run("import_challenge", str(folder(tmp_path)), f"--closes={text}")
    assert said in str(refusal.value)
    assert Challenge.objects.count() == 0


def test_a_team_enters_and_reads_its_score(slug: str, file: str) -> None:
    code, told = run("enter", slug, file, "--team", "Les Éclaireurs", "--work")
    assert (code, told["status"], told["faults"]) == (0, "scored", [])
    assert set(told["scores"]) == {"exactitude", "mae"}
    score = told["scores"]["exactitude"]
    assert score["low"] <= score["value"] <= score["high"]
    assert told["receipt"]["payload"]["team"] == "les-eclaireurs"
    assert User.objects.get(username="membre-les-eclaireurs").display_name == "Les Éclaireurs"
    code, told = run("standings", slug)
    assert (code, told["challenge"], told["split"]) == (0, slug, "public")
    row = next(row for row in told["rows"] if row["team"] == "Les Éclaireurs")
    assert set(row) == {"team", "rank", "tier", "baseline", "metrics"}
    assert row["metrics"]["exactitude"] == score


def test_a_named_member_enters_for_their_own_team_only(slug: str, file: str) -> None:
    assert run("enter", slug, file, "--team", "A", "--by", "equipe")[0] == 0
    code, told = run("enter", slug, file, "--team", "B", "--by", "equipe")
    assert (code, told["status"], told["error"]["code"]) == (1, "refused", "one_team")
    run("enter", slug, file, "--team", "C")
    code, told = run("enter", slug, file, "--team", "C", "--by", "equipe")
    assert (code, told["error"]["code"]) == (1, "not_allowed")
    assert Entry.objects.of_teams().count() == 2


def test_a_closed_phase_says_when_and_a_refused_reveal_leaves_no_proposal(
    slug: str, file: str
) -> None:
    Phase.objects.update(closes_at=clock.now())
    reveal = ("reveal", slug, "--by", "organisation", "--with")
    code, told = run(*reveal, "moderation")
    assert (code, told["error"]["code"]) == (1, "phase_in_grace")
    assert told["error"]["grace_ends_at"] > clock.now().isoformat()
    code, told = run("close", slug, "--by", "organisation")
    assert (code, told["status"]) == (0, "closed")
    code, told = run("enter", slug, file, "--team", "A")
    assert (code, told["error"]["code"]) == (1, "phase_closed")
    assert told["error"]["closes_at"] == Phase.objects.get().closes_at.isoformat()
    for other in ("organisation", "equipe", "audit"):
        code, told = run(*reveal, other)
        assert (code, told["status"]) == (1, "refused")
    assert Reveal.objects.count() == 0
    code, told = run(*reveal, "moderation", "--work")
    assert (code, told["status"]) == (0, "revealed")
    code, told = run("standings", slug, "--split", "private")
    assert (code, len(told["rows"])) == (0, 1)


def test_the_standings_are_those_of_the_phase_in_view(slug: str) -> None:
    shown = run("standings", slug)[1]["rows"]
    PhaseFactory(challenge=Challenge.objects.get(), index=1, coming=True)
    assert len(shown) == 1
    assert run("standings", slug)[1]["rows"] == shown
    assert run("standings", slug, "--phase", "1")[1]["rows"] == []


def test_a_wrong_usage_is_told_to_machines_too() -> None:
    by, other = ("--by", "organisation"), ("--with", "moderation")
    for command in (
        ("standings", "inconnu"),
        ("close", "inconnu", *by),
        ("reveal", "x", *by, *other),
    ):
        with pytest.raises(CommandError) as error:
            run(*command)
        assert error.value.returncode == 2
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("standings", "inconnu", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {
        "challenge": "inconnu",
        "split": "public",
        "rows": [],
        "error": {"code": "usage", "message": "Challenge inconnu : inconnu"},
    }


def test_a_draft_has_no_public_board(tmp_path: Path) -> None:
    run("import_challenge", str(folder(tmp_path)))
    code, told = run("standings", "niveau")
    assert (code, told["rows"]) == (1, [])
    assert json.dumps(told)
    assert Challenge.objects.get().status == "draft"


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


def shown_in(cell: dict[str, Any]) -> Any:
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


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(not FOLDERS, reason="the acceptance cases (../shared/cases) are not here")
@pytest.mark.parametrize(
    "folder",
    [
        # The two smaller; make test scores all four to 1e-9: scoring/test_commands.py.
        each
        if each.name in {"mobilites-metiers", "prevision-tension-fap"}
        else pytest.param(each, marks=pytest.mark.ci)
        for each in FOLDERS
    ],
    ids=lambda path: path.name,
)
def test_a_real_challenge_runs_from_its_folder_to_its_reveal(folder: Path, tmp_path: Path) -> None:
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
                assert shown_in(cell) == expected(value, metric["decimals"]), (team, split, metric)
        top = rows["Parfaite"]["metrics"][primary["key"]]
        assert top["value"] == BEST[primary["direction"]]
        baseline = rows["Solution de référence"]
        assert (baseline["rank"], baseline["baseline"]) == (None, True)
        assert baseline["metrics"] == rows["Référence"]["metrics"]
    low, high = (rows["Référence"]["metrics"][primary["key"]][bound] for bound in ("low", "high"))
    assert low <= RECORDED[slug][1]
    assert high >= RECORDED[slug][0]
    call_command("verify")
