"""The command line and the worker read packages of code alike; faults have their line."""

from pathlib import Path

import pytest

from challenges.client import packages
from challenges.sandbox import packages as theirs

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
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    fault: packages.PackageFault | None = None
    try:
        ours = packages.read(packages.contents(tmp_path), environments=ENVIRONMENTS)
    except packages.PackageFault as found:
        fault = found

    if line is None:
        expected = theirs.read(tmp_path, environments=ENVIRONMENTS)
        assert (ours.layout, ours.entry, ours.seed) == (
            expected.layout.value,
            expected.entry,
            expected.seed,
        )
    else:
        with pytest.raises(theirs.PackageRefused) as refused:
            theirs.read(tmp_path, environments=ENVIRONMENTS)
        assert fault is not None
        assert fault.line == (line or None)
        assert (refused.value.line or None) == fault.line


def test_a_layout_that_is_not_accepted_is_refused(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("")
    files = packages.contents(tmp_path)

    with pytest.raises(packages.PackageFault, match="n’est pas admise ici ; admises : manifest"):
        packages.read(files, environments=ENVIRONMENTS, layouts=("manifest",))
