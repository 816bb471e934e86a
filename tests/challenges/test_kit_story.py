"""The kit of the demonstration challenge, unpacked and run as its guide says."""

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

from challenges.exchange.actions.imports import import_folder
from challenges.models import Challenge, Entry, Score
from challenges.organising.actions import challenges
from challenges.worker import drain
from portal.management.opening import demonstration
from portal.management.opening.demonstration.folder import SLUG
from tests.challenges.pages.test_kit import commands, unpacked
from tests.challenges.world import owner
from tests.factories.accounts import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Write the folder of the demonstration challenge."""
    folder = tmp_path / "source" / SLUG
    demonstration.write(folder, 20_261_124)
    return folder


@pytest.fixture
def challenge(source: Path) -> Challenge:
    """Publish it, its reference scored by the worker."""
    by = owner()
    found = import_folder(folder=source, by=by)
    assert found.challenge is not None, found.errors
    challenge = challenges.submit(challenge=found.challenge, by=by)
    challenge = challenges.publish(challenge=challenge, by=UserFactory(region="moderator"))
    assert drain()
    return challenge


@pytest.fixture
def kit(challenge: Challenge, client: Client, tmp_path: Path) -> Path:
    """Unpack the kit that the page sends, and download the training data beside."""
    sent = client.get(reverse("challenges:kit", args=[challenge.slug]))
    names = zipfile.ZipFile(io.BytesIO(sent.content)).namelist()
    assert not [name for name in names if "truth" in name]
    folder = unpacked(sent.content, tmp_path / "kit")
    data = client.get(reverse("challenges:file", args=[challenge.slug, "train.csv"]))
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


def test_the_commands_of_the_guide_give_the_portals_figures(
    kit: Path, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    guide = (kit / "LISEZMOI.md").read_text("utf-8")
    general, *story = commands(guide, "Noter sur vos propres données")
    assert [words[:3] for words in story] == [
        ["python", "openemploi.pyz", "split"],
        ["cd", "essai"],
        ["python", "baseline.py"],
        ["python", "../openemploi.pyz", "score"],
    ]
    story[-1].append("--json")
    answer = json.loads(follow(kit, story))

    # By hand: the median of the occupation, learnt on what was kept.
    place = kit / "essai"
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
        str(kit / "contrat.json"),
        "--json",
    )
    portal: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    for told in (answer, portal):
        told.pop("seconds")
    assert answer == portal

    # The general command, on the organiser's truth: the figures that the portal shows.
    shutil.copy(source / "truth.csv", kit / "ma_verite.csv")
    shutil.copy(source / "submission.csv", kit / "ma_reponse.csv")
    answer = json.loads(follow(kit, [[*general, "--json"]]))
    entry = Entry.objects.get(is_baseline=True)
    shown = Score.objects.filter(evaluation__entry=entry, split="public")
    texts = dict(shown.values_list("metric", "value_text"))
    figures = answer["values"]["public"]
    assert texts == {key: f"{figures[key]:.2f}" for key in texts}
    assert texts.keys() >= {"mae", "rmse"}
    said = json.loads(entry.score_receipts.get().text)["payload"]
    assert said["values"]["public"] == texts
    assert said["sha256"] == hashlib.sha256((kit / "ma_reponse.csv").read_bytes()).hexdigest()
    for name in ("contract_sha256", "engine_sha256"):
        assert said[name] == answer[name]


def test_the_sample_passes_the_check_of_the_guide(kit: Path) -> None:
    guide = (kit / "LISEZMOI.md").read_text("utf-8")
    shutil.copy(kit / "sample_submission.csv", kit / "ma_soumission.csv")
    (check,) = commands(guide, "Vérifier avant de déposer")
    assert "format correct, 1600 lignes" in follow(kit, [check])
