"""A challenge of spans, from its folder to its board."""

from pathlib import Path
from typing import Any

import pytest

from challenges.actions import challenges
from challenges.actions.imports import import_folder
from challenges.enums import EntryStatus
from challenges.models import Challenge, Entry, Standing
from challenges.worker import drain
from tests.challenges.bundles.folders import change, document, write
from tests.challenges.world import entered, owner
from tests.factories.accounts import UserFactory

DOCUMENTS = [f"D{number:02}" for number in range(20)]
HEAD = "doc,debut,fin,nom"
RIGHT = {name: [(0, 4, "1"), (6, 9, "2")] for name in DOCUMENTS[:18]}


def rows(found: dict[str, list[tuple[int, int, str]]], *, side: bool = False) -> str:
    """Write spans; a document without any is one row with empty cells."""
    lines = [HEAD + (",jeu" if side else "")]
    for at, name in enumerate(DOCUMENTS):
        cells = [f"{a},{b},{label}" for a, b, label in found.get(name, [])] or [",,"]
        part = "," + ("public" if at % 2 else "private") if side else ""
        lines += [f"{name},{cell}{part}" for cell in cells]
    return "\n".join(lines) + "\n"


def folder(place: Path) -> Path:
    columns = [
        {"name": "doc", "role": "id", "type": "string"},
        {"name": "debut", "role": "start", "type": "integer", "max": 90},
        {"name": "fin", "role": "end", "type": "integer", "max": 90},
        {"name": "nom", "role": "label", "type": "category",
         "domain": {"file": "train.csv", "column": "niveau"}},
    ]  # fmt: skip
    metrics = [
        {"key": name, "metric": name, "label": name, "direction": "max", "decimals": 4,
         "primary": name == "span_f1"}
        for name in ("span_f1", "span_f1_relaxed", "span_f1_semeval_partial")
    ]  # fmt: skip
    found: Any = document()
    for path, value in [
        ("slug", "segments"),
        ("task", "extraction"),
        ("submission", {"layout": "spans", "columns": columns, "formats": ["csv", "parquet"]}),
        (
            "truth",
            {
                "file": "truth.csv", "id": "doc", "start": "debut", "end": "fin", "label": "nom",
                "split": {"column": "jeu", "public": "public", "private": "private"},
            },
        ),
        ("metrics", metrics),
        ("fairness", ...),
        ("expected", ...),
        ("files.organiser", [{"path": "baseline.csv", "role": "baseline_submission"}]),
        ("files.public.1.rows", ...),
        ("files.public.2.rows", ...),
        ("files.held_out.0.rows", ...),
    ]:  # fmt: skip
        found = change(found, path, value)
    return write(
        place,
        found,
        test_csv="doc,texte\n" + "".join(f"{name},mot\n" for name in DOCUMENTS),
        sample_csv=rows({}),
        truth_csv=rows(RIGHT, side=True),
        baseline_csv=rows({name: found[:1] for name, found in RIGHT.items()}),
    )


def opened(place: Path) -> Challenge:
    by = owner()
    found = import_folder(folder=folder(place), by=by)
    assert found.challenge is not None, found.errors
    challenge = challenges.submit(challenge=found.challenge, by=by)
    challenge = challenges.publish(challenge=challenge, by=UserFactory(region="moderator"))
    assert drain()
    return challenge


@pytest.mark.slow
@pytest.mark.django_db
def test_spans_from_the_folder_to_the_board(tmp_path: Path, client: Any) -> None:
    challenge = opened(tmp_path / "segments")
    baseline = Entry.objects.get()
    assert baseline.status == EntryStatus.SCORED
    perfect = entered(challenge, content=rows(RIGHT).encode())
    cut = {name: [(0, 4, "1"), (6, 8, "2")] for name in RIGHT}
    near = entered(challenge, content=rows(cut).encode())
    wrong = entered(challenge, content=rows(RIGHT).replace("D03,6,9", "D03,3,9").encode())
    assert drain()
    states = [Entry.objects.get(pk=entry.pk) for entry in (perfect, near, wrong)]
    assert [entry.status for entry in states] == ["scored", "scored", "rejected"]
    assert (states[2].reason_code, states[2].day_slot) == ("E_SPAN_OVERLAP", None)
    assert states[2].verdict["faults"][0]["line"] == 9
    board = {row.entry_id: row for row in Standing.objects.filter(split="public")}
    cells = {key: cell["value"] for key, cell in board[near.pk].cells.items()}
    assert cells == {"span_f1": 0.5, "span_f1_relaxed": 1.0, "span_f1_semeval_partial": 0.75}
    assert board[perfect.pk].cells["span_f1"]["value"] == 1.0
    assert board[perfect.pk].rank == 1
    assert board[baseline.pk].cells["span_f1"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    page = client.get(f"/challenges/{challenge.slug}/evaluation/").content.decode()
    assert "Une ligne par segment" in page
    assert "début du segment" in page
