"""The command line and the worker read packages of code alike; faults have their line."""

import argparse
from pathlib import Path

import pytest

from challenges.client import coding
from challenges.sandbox.metadata import package_of
from challenges.scoring.packages import PackageRefused

ENVIRONMENTS = ("systeme",)
OURS = 'entry = "main.py"\n'
CASES = {
    "manifest": ({"manifest.toml": OURS, "main.py": ""}, None),
    "seed": ({"manifest.toml": OURS + "seed = 12\n", "main.py": ""}, None),
    "main": ({"main.py": ""}, None),
    "codalab": ({"metadata": "command: python3 $program/run.py $input $output\n"}, None),
    "nothing": ({"run.py": ""}, ""),
    "no command": ({"metadata.yaml": "description: x\n"}, ""),
    "no toml": ({"manifest.toml": 'entry = "main.py"\nseed ==\n', "main.py": ""}, 2),
    "unknown key": ({"manifest.toml": OURS + "\nnetwork = true\n", "main.py": ""}, 3),
    "no entry": ({"manifest.toml": "seed = 1\n", "main.py": ""}, ""),
    "absent entry": ({"manifest.toml": 'seed = 1\nentry = "run.py"\n', "main.py": ""}, 2),
    "outside": ({"manifest.toml": 'entry = "../main.py"\n', "main.py": ""}, 1),
    "environment": ({"manifest.toml": OURS + 'environment = "cuda"\n', "main.py": ""}, 2),
    "negative seed": ({"manifest.toml": OURS + "seed = -1\n", "main.py": ""}, 2),
    "list": ({"manifest.toml": OURS + "licence = [1]\n", "main.py": ""}, 2),
}


@pytest.mark.parametrize(("files", "line"), CASES.values(), ids=CASES)
def test_a_package_is_read_as_by_the_worker(
    tmp_path: Path, files: dict[str, str], line: int | str | None
) -> None:
    kit = tmp_path / "kit"
    folder = tmp_path / "package"
    for place, names in ((folder, files), (kit, {"code.json": '{"format": "open-emploi/code"}'})):
        place.mkdir()
        for name, text in names.items():
            (place / name).write_text(text)
    answer = coding.check(argparse.Namespace(file=str(folder), lang="fr"), kit)

    assert answer["verdict"] == ("accept" if line is None else "reject")
    if line is None:
        package_of(folder, environments=ENVIRONMENTS)
    else:
        with pytest.raises(PackageRefused) as refused:
            package_of(folder, environments=ENVIRONMENTS)
        assert answer["line"] == (refused.value.line or None) == (line or None)


def test_a_layout_that_is_not_accepted_is_refused(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("")
    (tmp_path / "code.json").write_text('{"format": "open-emploi/code", "layouts": ["manifest"]}')
    answer = coding.check(argparse.Namespace(file=str(tmp_path), lang="fr"), tmp_path)
    assert "qui ont : manifest" in answer["message"]
