"""A challenge of scored candidates, from its folder to its board."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from challenges.exchange.actions.imports import import_folder
from challenges.models import Challenge, Entry, Standing
from challenges.organising.actions import challenges
from challenges.scoring.commands import guess
from challenges.worker import drain
from tests.challenges.bundles.folders import change, document, write
from tests.challenges.world import entered, owner
from tests.factories.accounts import UserFactory

DOCUMENTS = [f"D{number:02}" for number in range(20)]
SPLIT = {"column": "jeu", "public": "public", "private": "private"}
PAIRS = [(name, item) for name in DOCUMENTS for item in "xyz"]


def folder(place: Path, **changes: Any) -> Path:
    """Write a folder, its document changed at dotted places, its tables given by name."""
    tables = {name: text for name, text in changes.items() if name.endswith("_csv")}
    found: Any = document()
    for path, value in [
        *((key.replace("__", "."), value) for key, value in changes.items() if key not in tables),
        ("fairness", ...),
        ("expected", ...),
        ("files.organiser", [{"path": "baseline.csv", "role": "baseline_submission"}]),
        ("files.public.1.rows", ...),
        ("files.public.2.rows", ...),
        ("files.held_out.0.rows", ...),
    ]:
        found = change(found, path, value)
    return write(place, found, **tables)


def metrics(**named: dict[str, Any]) -> list[dict[str, Any]]:
    """Declare metrics, the first of them the main one."""
    return [
        {"key": name, "metric": name, "label": name, "direction": "max", "decimals": 4,
         "primary": at == 0, "params": params}
        for at, (name, params) in enumerate(named.items())
    ]  # fmt: skip


def of_scores(place: Path) -> Path:
    columns = [
        {"name": "offre", "role": "query", "type": "string"},
        {"name": "profil", "role": "item", "type": "category"},
        {"name": "score", "role": "score", "type": "float"},
    ]
    truth = {
        "file": "truth.csv", "query": "offre", "item": "profil", "gain": "gain", "split": SPLIT,
    }  # fmt: skip
    held = "".join(
        f"{q},{i},{i == 'y':d},{'public' if q in DOCUMENTS[1::2] else 'private'}\n"
        for q, i in PAIRS
    )
    return folder(
        place,
        slug="candidats",
        task="ranking",
        submission={
            "layout": "candidate_scores", "policy": "complete", "columns": columns,
            "formats": ["csv", "parquet"],
        },
        truth=truth,
        metrics=metrics(mrr_at_k={}, ndcg={"k": 3}, precision_at_k={"k": 1}),
        test_csv="offre,profil,age\n" + "".join(f"{q},{i},3\n" for q, i in PAIRS),
        sample_csv=scores(x=0, y=0, z=0),
        truth_csv="offre,profil,gain,jeu\n" + held,
        baseline_csv=scores(x=2, y=1, z=0),
    )  # fmt: skip


def scores(**of: float) -> str:
    return "offre,profil,score\n" + "".join(f"{q},{i},{of[i]}\n" for q, i in PAIRS)


def opened(place: Path) -> Challenge:
    by = owner()
    found = import_folder(folder=place, by=by)
    assert found.challenge is not None, found.errors
    challenge = challenges.submit(challenge=found.challenge, by=by)
    challenge = challenges.publish(challenge=challenge, by=UserFactory(region="moderator"))
    assert drain()
    return challenge


def states(*entries: Entry) -> list[Entry]:
    return [Entry.objects.get(pk=entry.pk) for entry in entries]


def cells(entry: Entry) -> dict[str, float]:
    row = Standing.objects.get(split="public", entry=entry)
    return {key: cell["value"] for key, cell in row.cells.items()}


@pytest.mark.slow
@pytest.mark.django_db
def test_scored_candidates_from_the_folder_to_the_board(tmp_path: Path, client: Any) -> None:
    challenge = opened(of_scores(tmp_path / "candidats"))
    baseline = Entry.objects.get()
    perfect = entered(challenge, content=scores(x=0, y=1, z=0).encode())
    tied = entered(challenge, content=scores(x=0, y=1, z=1).encode())
    short = scores(x=0, y=1, z=0).replace("D03,y,1\n", "")
    less = entered(challenge, content=short.encode())
    assert drain()
    found = states(baseline, perfect, tied, less)
    assert [entry.status for entry in found] == ["scored", "scored", "scored", "rejected"]
    assert (found[3].reason_code, found[3].day_slot) == ("E_ID_MISSING", None)
    assert "« y » de « D03 »" in found[3].verdict["faults"][0]["message"]
    assert cells(perfect) == {"mrr_at_k": 1.0, "ndcg": 1.0, "precision_at_k": 1.0}
    assert (cells(tied)["mrr_at_k"], cells(tied)["precision_at_k"]) == (0.75, 0.5)
    assert cells(baseline)["mrr_at_k"] == 0.5
    page = client.get(f"/challenges/{challenge.slug}/evaluation/").content.decode()
    assert "Une ligne par candidat d’une demande" in page
    assert checked(client, challenge, scores(x=0, y=1, z=0), tmp_path).accepted
    assert checked(client, challenge, short, tmp_path).faults[0].code == "E_ID_MISSING"


def checked(client: Any, challenge: Challenge, text: str, place: Path) -> Any:
    """Check a file with the format of the starter kit."""
    sent = client.get(f"/challenges/{challenge.slug}/kit.zip")
    archive = zipfile.ZipFile(io.BytesIO(sent.content))
    (place / "format.json").write_bytes(archive.read(f"{challenge.slug}/format.json"))
    (place / "p.csv").write_text(text)
    return guess.check_template(str(place / "format.json"), place / "p.csv")[0]
