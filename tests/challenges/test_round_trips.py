"""import(export(import(b))) = import(b), field by field, for every bundle there is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from challenges.bundles import exporting
from challenges.bundles.folder import Folder
from challenges.bundles.foreign import reading, translation
from challenges.exchange.actions import exports
from challenges.exchange.actions.bundles import import_bundle
from challenges.models import Challenge
from tests.challenges import world
from tests.challenges.bundles.foreign.cases import BUNDLES, NEEDED
from tests.challenges.test_exports import rows_of, written

pytestmark = [NEEDED, pytest.mark.slow, pytest.mark.django_db]
KITS = BUNDLES.parent / "challenges"
ANSWERS = {"kaggle": {"metric": "roc_auc", "licence": "Licence Ouverte"}}
PROGRAMS = {
    "v2_resultats": "bundle",
    "v2_code_ingestion": "bundle",
    "v2_multi_taches": "bundle",
    "v15_phases": "bundle",
    "evalai": "bundle",
}


def imported(path: Path, **answers: str) -> Challenge:
    """Import a bundle; a second time for another organisation."""
    found = import_bundle(path=path, by=world.owner(), answers=answers)
    assert found.imported.errors == ()
    assert found.imported.challenge is not None
    return found.imported.challenge


def returned(challenge: Challenge, archive: Path, reference: Path) -> Challenge:
    """Export a challenge, put it aside, and import it again."""
    by = world.owner_of(challenge)
    made = written(archive, exports.export(challenge=challenge, by=by, reference=reference))
    Challenge.objects.filter(pk=challenge.pk).update(slug=f"{challenge.slug}-avant")
    return imported(made)


def without(rows: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Leave out what names the archive itself."""
    bundle = {key: one for key, one in rows["challenge"]["bundle"].items() if key not in names}
    return {**rows, "challenge": {**rows["challenge"], "bundle": bundle, "source": None}}


@pytest.mark.parametrize("case", PROGRAMS)
def test_a_challenge_of_programs_comes_back_the_same(case: str, tmp_path: Path) -> None:
    folder = BUNDLES / case / PROGRAMS[case]
    first = imported(folder)
    before = rows_of(first)
    back = returned(first, tmp_path / "e.zip", folder)
    assert without(rows_of(back), "source") == without(before, "source")


@pytest.mark.parametrize("case", ["csv_usage/kaggle", "csv_usage/huggingface", "trec"])
def test_a_challenge_of_tables_comes_back_the_same(case: str, tmp_path: Path) -> None:
    name = case.split("/")[-1]
    first = imported(BUNDLES / case, **ANSWERS.get(name, {"licence": "Licence Ouverte"}))
    before = rows_of(first)
    reference = tmp_path / "reference"
    translated(BUNDLES / case, reference, ANSWERS.get(name, {"licence": "Licence Ouverte"}))
    back = returned(first, tmp_path / "e.zip", reference)
    assert rows_of(back) == before


def translated(case: Path, folder: Path, answers: Mapping[str, str]) -> None:
    """Write our own form of a foreign challenge, the organiser's clear copy."""
    report = reading.read(case)
    assert report.spec is not None
    found = translation.portable(report.spec, Folder(case), report.questions, answers)
    exporting.write_folder(folder, found.document, found.files)


@pytest.mark.parametrize(
    "slug",
    [
        "codage-appellations-rome",
        "mobilites-metiers",
        "prevision-tension-fap",
        "tensions-bassins-sud",
    ],
)
def test_a_regional_challenge_comes_back_the_same(slug: str, tmp_path: Path) -> None:
    first = imported(KITS / slug)
    before = rows_of(first)
    back = returned(first, tmp_path / "e.zip", KITS / slug)
    assert rows_of(back) == before
