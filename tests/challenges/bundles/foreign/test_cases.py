"""The seven acceptance bundles: their facts and warnings, from the zip as from the folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from challenges.bundles.foreign.documents import both
from challenges.bundles.foreign.values import facts_of
from tests.challenges.bundles.foreign import own
from tests.challenges.bundles.foreign.cases import BUNDLES, NEEDED, differences, expected

pytestmark = NEEDED
ROOT = Path(__file__).resolve().parents[4]
PROGRAMS = ("v2_resultats", "v2_code_ingestion", "v2_multi_taches", "v15_phases", "evalai")
# Read a bundle under the limits of the cases: 5 s of processor, 300 MB of memory.
LIMITED = """
import json, pathlib, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (300_000_000, 300_000_000))
resource.setrlimit(resource.RLIMIT_CPU, (5, 5))
from challenges.bundles import examination
print(json.dumps(examination.examined(pathlib.Path(sys.argv[1]))))
"""


@pytest.mark.parametrize("case", PROGRAMS)
def test_a_bundle_is_read_whole_from_its_zip_as_from_its_folder(case: str) -> None:
    wanted = expected(case)

    report = own.read_bundle(BUNDLES / case / "bundle.zip")

    assert report.errors == ()
    assert report.format == wanted["format"]
    assert report.spec is not None
    found = facts_of(report.spec)
    held = wanted["import"]["facts"]
    if case == "v2_multi_taches":
        assert held["version"] == "2 (quoted string)"
        held["version"] = "2"
    assert differences(held, found) == []
    if case == "v2_resultats":  # two tasks name it
        assert found["programs"] == ["programme_notation"]
    zipped = json.loads(json.dumps(report.to_json()))
    assert zipped["facts"] == json.loads(json.dumps(found))
    folder = json.loads(json.dumps(own.read_bundle(BUNDLES / case / "bundle").to_json()))
    if case == "evalai":  # the script is a folder there, and a zip inside the zip
        assert folder["facts"]["evaluation_script"] == "evaluation_script"
        folder["facts"]["evaluation_script"] += ".zip"
    assert folder == zipped
    for one in wanted["import"]["warnings"]:
        same = [w for w in report.warnings if w.code == one["code"]]
        if "key" in one:
            same = [w for w in same if w.key == one["key"]]
        assert len(same) == 1, one
        if "value" in one:
            assert same[0].value == str(one["value"]).replace("False", "false")
        assert all(said(one[name]) in same[0].message for name in ("read",) if name in one)


def said(stamp: str) -> str:
    """Write an instant of a case as the messages do."""
    return both(datetime.fromisoformat(stamp))


def test_a_quota_that_two_platforms_read_otherwise_is_asked() -> None:
    report = own.read_bundle(BUNDLES / "v15_phases/bundle.zip")

    assert [(one.key, one.proposal) for one in report.questions] == [
        ("phases.2.max_submissions_per_day", "5")
    ]
    told = {(one.code, one.key, one.value) for one in report.warnings}
    assert ("W_QUOTA_DEFAULT", "phases.2.max_submissions_per_day", "") in told


def hostile() -> list[Any]:
    if not BUNDLES.is_dir():
        return []
    return list(expected("hostile")["cases"])


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(each, id=each["file"], marks=[pytest.mark.ci] if at % 4 else [])
        for at, each in enumerate(hostile())
    ],
)
def test_a_hostile_archive_is_judged_within_its_limits(
    case: dict[str, Any], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(BUNDLES / "hostile" / case["file"])],
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    report = json.loads(done.stdout)
    codes = [one["code"] for one in report["errors"]]

    assert list(tmp_path.iterdir()) == []
    assert not case.get("canary") or not Path(case["canary"]).exists()
    if case["verdict"] == "accept":
        assert codes == []
        accepted(case, report)
    elif "needs" in case:  # its script runs in tests/challenges/sandbox/test_steps.py
        assert codes == []
        assert "W_DRY_RUN" in {one["code"] for one in report["warnings"]}
    else:
        warned = [one["code"] for one in report["warnings"]]
        taken = {case["code"], *case.get("also_ok", [])}
        assert taken.intersection(codes[:1] or warned)


def accepted(case: dict[str, Any], report: dict[str, Any]) -> None:
    found = {(one["code"], one["key"]): one for one in report["warnings"]}
    for one in case["warnings"]:
        warning = found[one["code"], one["key"]]
        assert warning["value"] == str(one.get("value", warning["value"]))
        for name in ("read", "other_reading"):
            if name in one:
                assert said(one[name]) in warning["message"]
    facts_ = report["facts"]
    assert facts_["phases"][1]["end_utc"] == case["facts"]["phases[1].end_utc"]
    assert facts_["leaderboard"]["columns"][0]["sorting"] == "desc"


def test_the_message_names_the_file_that_is_one_folder_too_deep() -> None:
    (error,) = own.read_bundle(BUNDLES / "hostile/14_sans_competition_yaml.zip").errors

    assert error.file == "dossier/competition.yaml"
    assert "dossier/competition.yaml devrait être à la racine" in error.message
