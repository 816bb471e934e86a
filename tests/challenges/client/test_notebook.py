"""The notebook of the kit: its form, and its code run as plain Python on the kit's own files."""

import csv
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from challenges.client import kit
from challenges.client.kit import Kit, PublicFile
from tests.challenges.client import kits

SAMPLE = b"id,y\na,0\nb,0\nc,0\n"
TRAIN = "id;y;zone\n1;1,5;nord\n2;2,5;sud\n3;9;nord\n"
TEST = b"id,y,zone\nc,,n\na,,s\nb,,n\n"


def made(**changes: Any) -> Kit:
    """Return the kit of a small challenge, whose training data are published."""
    values: dict[str, Any] = {
        "slug": "defi",
        "title": "Défi « d’essai »",
        "summary": "Prévoir un nombre.",
        "address": "https://exemple.fr/challenges/defi/",
        "contract": kits.CONTRACT,
        "quotas": "5 par jour",
        "rules": "",
        "sample": SAMPLE,
        "files": [public(TRAIN.encode())],
        "carried": {"exemple.csv": SAMPLE},
    }
    return Kit(**{**values, **changes})


def public(content: bytes, place: str = "train") -> PublicFile:
    return PublicFile(
        name=f"{place}.csv",
        role="Données d’apprentissage",
        address="https://exemple.invalid/train.csv",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        place=place,
        columns=("id", "y", "zone"),
    )


def labelled() -> dict[str, Any]:
    """Return the contract of a challenge whose answer is one of three words."""
    columns = [
        {"name": "id", "role": "id", "type": "string"},
        {"name": "y", "role": "target", "type": "string", "domain": ["bas", "haut"]},
    ]
    metric = {"key": "ok", "metric": "accuracy", "label": "Exactitude", "direction": "max"}
    return {
        **kits.CONTRACT,
        "task": "classification",
        "submission": {**kits.SUBMISSION, "columns": columns},
        "metrics": [{**metric, "primary": True}],
        "fairness": {"min_rows": 1, "attributes": [], "metrics": []},
    }


def run(built: bytes, place: Path, train: bytes) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Unpack a kit, put its training data beside, run the code cells as one program."""
    zipfile.ZipFile(io.BytesIO(built)).extractall(place)
    folder = place / "defi"
    (folder / "train.csv").write_bytes(train)
    (folder / "test.csv").write_bytes(TEST)
    cells = json.loads((folder / kit.NOTEBOOK_NAME).read_text("utf-8"))["cells"]
    code = "\n".join(each["source"] for each in cells if each["cell_type"] == "code")
    command = [sys.executable, "-I", "-c", code]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=folder
    ), folder / kit.ANSWER


def answers(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text("utf-8"))))


def test_it_has_the_form_that_notebooks_have() -> None:
    """The required members of nbformat 4.5, and no other."""
    written = kit.written_notebook(made())
    assert written is not None
    document = json.loads(written)
    assert set(document) == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert (document["nbformat"], document["nbformat_minor"]) == (4, 5)
    assert document["metadata"]["kernelspec"]["name"] == "python3"
    plain = {"id", "cell_type", "metadata", "source"}
    for cell in document["cells"]:
        more = {"execution_count", "outputs"} if cell["cell_type"] == "code" else set()
        assert set(cell) == plain | more
        assert cell["cell_type"] in {"code", "markdown"}
        assert isinstance(cell["source"], str)
    ids = [cell["id"] for cell in document["cells"]]
    assert len(set(ids)) == len(ids)
    assert kit.written_notebook(made()) == written


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "train", "told"),
    [
        ({}, TRAIN, "2.5"),
        (
            {"contract": labelled(), "sample": b"id,y\na,bas\nb,bas\nc,bas\n"},
            "id,y,zone\n1,haut,n\n2,haut,n\n3,bas,n\n",
            "haut",
        ),
        ({"files": []}, TRAIN, "0"),
        ({"files": [public(TRAIN.encode()), public(TEST, "test")]}, TRAIN, "2.5"),
    ],
    ids=["number", "label", "as the sample", "in the order of the test file"],
)
def test_its_code_writes_a_file_that_the_portal_accepts(
    tmp_path: Path, changes: dict[str, Any], train: str, told: str
) -> None:
    sample = changes.get("sample", SAMPLE)
    values = {"files": [public(train.encode())], "carried": {"exemple.csv": sample}}
    built = kit.build_kit(made(**{**values, **changes}))
    done, path = run(built, tmp_path, train.encode())
    assert (done.returncode, done.stderr) == (0, "")
    assert "format correct" in done.stdout
    order = "cab" if len(changes.get("files", ())) > 1 else "abc"
    assert answers(path) == [["id", "y"], *([name, told] for name in order)]


@pytest.mark.slow
def test_it_stops_at_data_that_are_not_the_published_ones(tmp_path: Path) -> None:
    done, path = run(kit.build_kit(made()), tmp_path, b"id;y\n1;1\n")
    assert done.returncode == 1
    assert "n’est pas le fichier publié" in done.stderr
    assert not path.exists()


def test_there_is_none_without_an_example_in_the_kit() -> None:
    assert kit.written_notebook(made(carried={})) is None
    assert kit.written_notebook(made(contract={})) is None
