"""The portable form of a challenge where teams send code: inputs held out, a public sample."""

from __future__ import annotations

from pathlib import Path

import pytest

from challenges.bundles import portable
from challenges.bundles.code import CodeRules
from challenges.bundles.spec import Audience
from tests.challenges.bundles.folders import CODE_FILES, change, code_document, write_code


def test_a_folder_of_code_is_read_whole(tmp_path: Path) -> None:
    report = portable.read(write_code(tmp_path))

    assert (report.errors, report.warnings) == ((), ())
    spec = report.spec
    assert spec is not None
    assert spec.code == CodeRules(
        "systeme", ("manifest", "main"), 120, 512, "organiser", 50_000_000
    )
    assert [entry.path for entry in spec.by_audience(Audience.HELD_OUT)] == [
        "truth.csv",
        "inputs.csv",
    ]
    assert spec.unknown == {}


@pytest.mark.parametrize(
    ("path", "value", "code", "key"),
    [
        ("code.environment", "python2", "E_CODE", "code.environment"),
        ("code.layouts", ["manifest", "docker"], "E_CODE", "code.layouts"),
        ("code.time_limit_s", 0, "E_CODE", "code.time_limit_s"),
        ("code.memory_mb", 99_999, "E_CODE", "code.memory_mb"),
        ("code.logs", "public", "E_CODE", "code.logs"),
        ("code.network", True, "E_CODE", "code.network"),
        ("code", ..., "E_FILE_ROLE", "files"),
        ("files.held_out.1.role", "test", "E_FILE_ROLE", "files"),
        ("files.public.+", {"path": "inputs.csv", "role": "extra"}, "E_TRUTH_PUBLIC", None),
        ("files.public.1", {"path": "train.csv", "role": "extra"}, "E_FILE_ROLE", "files"),
    ],
    ids=str,
)
def test_a_fault_is_told_with_its_key(
    tmp_path: Path, path: str, value: object, code: str, key: str | None
) -> None:
    report = portable.read(write_code(tmp_path, change(code_document(), path, value)))

    found = [(one.code, one.key) for one in report.errors]
    assert code in [one for one, _key in found]
    assert key is None or (code, key) in found


def test_inputs_held_out_are_never_public(tmp_path: Path) -> None:
    document = code_document()
    files = document["files"]
    assert isinstance(files, dict)
    files["public"].append(files["held_out"].pop())
    copied = write_code(tmp_path / "copied", train_csv=CODE_FILES["inputs.csv"])

    assert portable.read(write_code(tmp_path / "shown", document)).codes == ["E_TRUTH_PUBLIC"]
    assert "E_TRUTH_PUBLIC" in portable.read(copied).codes


def test_inputs_agree_with_the_truth_and_the_sample(tmp_path: Path) -> None:
    told = CODE_FILES["inputs.csv"].replace("id,x", "id,niveau").replace("A1,0", "A1,1")
    cases = {
        "ids": {"inputs_csv": CODE_FILES["inputs.csv"].replace("A1,", "Z9,")},
        "answer": {"sample_csv": CODE_FILES["sample.csv"].replace("S1,", "S0,")},
        "columns": {"sample_inputs_csv": CODE_FILES["sample_inputs.csv"].replace("id,x", "id,y")},
        "labels": {"inputs_csv": told},
    }
    found = {
        name: portable.read(write_code(tmp_path / name, None, **files)).errors
        for name, files in cases.items()
    }

    assert {name: sorted({one.code for one in faults}) for name, faults in found.items()} == {
        "ids": ["E_IDS"],
        "answer": ["E_IDS"],
        "columns": ["E_COLUMN_MISSING"],
        "labels": ["E_COLUMN_MISSING", "E_TRUTH_PUBLIC"],
    }


def test_a_sample_that_is_small_or_shows_hidden_rows_is_told_by_counts(tmp_path: Path) -> None:
    shown = CODE_FILES["sample_inputs.csv"].replace("S1,0.5\n", "A1,0\n")
    answers = CODE_FILES["sample.csv"].replace("S1,1\n", "A1,1\n")
    small = CODE_FILES["sample_inputs.csv"].replace("S9,0.5\n", "")
    folder = write_code(tmp_path / "a", None, sample_inputs_csv=shown, sample_csv=answers)
    short = write_code(
        tmp_path / "b",
        change(code_document(), "files.public.1.rows", None),
        sample_inputs_csv=small,
        sample_csv=CODE_FILES["sample.csv"].replace("S9,1\n", ""),
    )

    report = portable.read(folder)

    assert [(one.code, one.value) for one in portable.read(short).errors] == [("E_CODE", "99")]
    assert [(one.code, one.value) for one in report.warnings] == [("W_SAMPLE_HIDDEN", "")]
    assert report.warnings[0].message.startswith("1 ligne est aussi")
