"""A challenge of code leaves and comes back the same, its inputs as ciphertext."""

import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from challenges.exchange.actions import exports
from challenges.exchange.actions.bundles import import_bundle
from challenges.models import Challenge, PhaseTask, RunPlan
from tests.challenges import world
from tests.challenges.bundles.folders import CODE_FILES, code_document, write_code
from tests.challenges.test_authoring import IDS, TEST, TRUTH
from tests.challenges.test_exports import rows_of, written

pytestmark = pytest.mark.django_db
SECRET = "CNRY-hidden-input-4b1f"
INPUTS = TEST.replace("A0003,3\n", f"A0003,{SECRET}\n")


def folder(path: Path) -> Path:
    """Write a folder of code of 120 hidden rows."""
    document: dict[str, Any] = code_document()
    document |= {"slug": "niveau", "fairness": {}}
    del document["truth"]["cluster"]
    for entry in (*document["files"]["public"], *document["files"]["held_out"]):
        entry.pop("rows", None)
    return write_code(path, document, inputs_csv=INPUTS, truth_csv=TRUTH)


def imported(path: Path) -> Challenge:
    """Import a folder or an export for another organisation."""
    found = import_bundle(path=path, by=world.owner(), answers={}).imported
    assert found.errors == ()
    assert found.challenge is not None
    return found.challenge


def plan_of(challenge: Challenge) -> dict[str, Any]:
    """Give what an import writes of a plan."""
    plan = RunPlan.objects.get(tasks__phase__challenge=challenge, tasks__current=True)
    names = sorted(plan.inputs.files.filter(kind="source").values_list("name", flat=True))
    fields = ("ids", "environment", "sample_sha256", "sample_rows", "sample_files")
    return {"inputs": names, **{name: getattr(plan, name) for name in fields}}


def test_a_challenge_of_code_comes_back_field_by_field(tmp_path: Path) -> None:
    source = folder(tmp_path / "a")
    first = imported(source)
    before = rows_of(first) | {"plan": plan_of(first)}
    made = written(
        tmp_path / "e.zip",
        exports.export(challenge=first, by=world.owner_of(first), reference=source),
    )
    Challenge.objects.filter(pk=first.pk).update(slug="niveau-avant")

    back = imported(made)

    assert rows_of(back) | {"plan": plan_of(back)} == before
    with zipfile.ZipFile(made) as archive:
        competition = yaml.safe_load(archive.read("competition.yaml"))
        assert competition["tasks"][0]["input_data"] == "inputs"
        assert archive.read("inputs/inputs.csv").decode() == INPUTS
        assert "truth.csv" not in {name for name in archive.namelist() if "inputs/" in name}
        said = yaml.safe_load(archive.read("openemploi.yaml"))["lost_in_codabench"]
    assert said[0].startswith("Aucune présentation admise ici")


def test_inputs_leave_as_ciphertext_and_limits_as_they_are_today(tmp_path: Path) -> None:
    challenge = imported(folder(tmp_path / "a"))
    challenge.phases.update(time_limit_s=77)

    made = written(
        tmp_path / "e.zip", exports.export(challenge=challenge, by=world.owner_of(challenge))
    )

    with zipfile.ZipFile(made) as archive:
        whole = b"".join(archive.read(name) for name in archive.namelist())
        document = yaml.safe_load(archive.read("openemploi.yaml"))
    assert SECRET.encode() not in whole
    assert IDS[3].encode() not in whole
    assert document["challenge"]["code"]["time_limit_s"] == 77
    sealed = [row["path"] for row in document["files"] if row.get("sealed")]
    assert sorted(sealed) == ["inputs.csv", "truth.csv"]


def test_the_same_folder_changes_nothing_and_another_sample_makes_another_plan(
    tmp_path: Path,
) -> None:
    source, by = folder(tmp_path / "a"), world.owner()
    assert import_bundle(path=source, by=by, answers={}).imported.changed
    assert not import_bundle(path=source, by=by, answers={}).imported.changed
    first = PhaseTask.objects.get(current=True).plan_id
    shown = CODE_FILES["sample_inputs.csv"].replace("S1,0.5", "S1,0.75")
    (source / "sample_inputs.csv").write_text(shown)

    import_bundle(path=source, by=by, answers={})

    task = PhaseTask.objects.get(current=True)
    assert task.plan_id != first
    assert RunPlan.objects.count() == 2
