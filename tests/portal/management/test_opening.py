"""The demonstration: its challenge imported whole, its datasets published once."""

import csv
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.test import Client

from challenges.bundles import portable, recorded
from challenges.bundles.folder import Folder
from challenges.bundles.spec import Audience, Role
from challenges.evaluation.rehearsals import Rehearsal
from challenges.scoring.fields import Findings
from datasets.access.models import AccessRequest, Grant
from datasets.openings.models import Opening
from datasets.releases.enums import AccessLevel, FileRole
from datasets.releases.models import DataFile, Dataset
from portal.lib import clock
from portal.management.opening import access, challenge, datasets, openings, people

pytestmark = pytest.mark.slow


FOLDER = challenge.FOLDER


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_folder_is_imported_without_a_remark_and_its_scores_are_found_again() -> None:
    report = portable.read_challenge(FOLDER)
    findings = Findings()

    assert (report.errors, report.warnings) == ((), ())
    spec = report.spec
    assert spec is not None
    recorded.check(spec, Folder(FOLDER), Rehearsal(), findings)
    assert findings.errors == []
    assert [entry.path for entry in spec.by_audience(Audience.HELD_OUT)] == ["truth.csv"]
    assert spec.file(Role.BASELINE_SUBMISSION) is not None
    assert "synthétiques" in spec.summary
    assert "synthétiques" in spec.page_text
    assert spec.caveats[0]["key"] == "synthetic_data"


@pytest.mark.parametrize(
    ("program", "recorded"),
    [
        ("baseline.py", "submission.csv"),
        ("baseline_lineaire.py", "equipes/exemple-lineaire.csv"),
    ],
    ids=["medians", "linear"],
)
def test_a_baseline_program_writes_the_recorded_answer(
    tmp_path: Path, program: str, recorded: str
) -> None:
    for name in ("train.csv", "test_features.csv", program):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())

    subprocess.run([sys.executable, program], cwd=tmp_path, check=True)

    assert (tmp_path / "submission.csv").read_bytes() == (FOLDER / recorded).read_bytes()


def test_nothing_public_tells_the_answers_the_groups_or_the_split() -> None:
    assert set(rows(FOLDER / "truth.csv")[0]) - set(rows(FOLDER / "test_features.csv")[0]) == {
        "delai_jours",
        "jeu",
        "zone",
        "mixite",
    }
    train = {row["employeur"] for row in rows(FOLDER / "train.csv")}
    test = {row["employeur"] for row in rows(FOLDER / "test_features.csv")}
    assert train & test == set()
    sides: dict[str, set[str]] = {}
    for row in rows(FOLDER / "truth.csv"):
        sides.setdefault(row["employeur"], set()).add(row["jeu"])

    assert {len(found) for found in sides.values()} == {1}


@pytest.mark.django_db
def test_datasets_are_published_and_asked_for_once_and_read_by_the_public(client: Client) -> None:
    people.open_accounts()
    for _ in range(2):
        datasets.publish()
        access.requests()
        openings.open_tables()

    found = Dataset.objects.order_by("pk")
    assert [(one.level, one.is_synthetic) for one in found] == [
        (AccessLevel.OPEN, True),
        (AccessLevel.RESTRICTED_PERSONAL, True),
        (AccessLevel.RESTRICTED_BUSINESS, True),
        (AccessLevel.RESTRICTED_PERSONAL, True),
        (AccessLevel.OPEN, True),  # opened
        (AccessLevel.OPEN, True),  # described: its checks sent it back
    ]
    files = DataFile.objects.order_by("pk")
    assert [(one.name, one.role, one.level, one.rows) for one in files][:3] == [
        ("offres-synthetiques.csv", FileRole.DATA, AccessLevel.OPEN, 6_000),
        ("parcours.csv", FileRole.DATA, AccessLevel.RESTRICTED_PERSONAL, 3_000),
        ("parcours-echantillon.csv", FileRole.SAMPLE, AccessLevel.OPEN, 200),
    ]
    assert Counter(Opening.objects.values_list("status", flat=True)) == {
        "published": 1,
        "changes_requested": 1,
    }
    for one in found.exclude(released_at=None):
        text = client.get(one.get_absolute_url()).text
        assert "Données synthétiques" in text
    assert "Demander l’accès" in text
    states = Counter(AccessRequest.objects.values_list("status", flat=True))
    assert states == {
        "submitted": 1,
        "in_review": 1,
        "changes_requested": 1,
        "refused": 1,
        "approved": 4,
    }
    assert Counter(str(each.state(clock.now())) for each in Grant.objects.all()) == {
        "pending": 1,
        "active": 1,
        "suspended": 1,
        "revoked": 1,
    }
