"""The engine installs alone: its wheel, its requirements, the same bits on every Python."""

import contextlib
import email
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from challenges.scoring import contract
from tests.challenges.client import kits
from tests.challenges.scoring import test_determinism as determinism

ROOT = Path(__file__).resolve().parents[3]
EXTRAS = ("requirements.in", "requirements-scoring.in", "requirements-demonstrator.in")
SOURCES = ("pyproject.toml", "README.md", "LICENSE", *EXTRAS)
PYTHONS = ("3.11", "3.12", "3.13")
BUILD = "from setuptools import build_meta; print(build_meta.build_wheel('dist'))"
UV = Path(sys.executable).with_name("uv")
THREADS = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def build(place: Path) -> Path:
    """Build the wheel in a copy of the sources, as setuptools writes beside them."""
    pytest.importorskip("setuptools", reason="setuptools is not in this environment")
    for name in SOURCES:
        shutil.copy(ROOT / name, place / name)
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("challenges", "portal"):
        shutil.copytree(ROOT / name, place / name, ignore=ignored)
    done = subprocess.run(
        [sys.executable, "-c", BUILD], cwd=place, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return place / "dist" / done.stdout.splitlines()[-1]


def python(version: str) -> str:
    """Return the path of a Python of this version, of pyenv's or of the path, or skip."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = sorted(root.glob(f"versions/{version}.*/bin/python"))
    for each in [*map(str, found), shutil.which(f"python{version}") or ""]:
        if (
            each
            and not subprocess.run([each, "-c", ""], check=False, capture_output=True).returncode
        ):
            return each
    pytest.skip(f"Python {version} is not on this machine")


def install(wheel: Path, place: Path, version: str) -> Path:
    """Install the engine in a fresh environment, its libraries by their hashes."""
    home = place / f"python-{version}"
    locked = ROOT / "requirements-scoring.txt"
    environment = {**os.environ, "VIRTUAL_ENV": str(home)}
    for words in (
        ["venv", "--quiet", "--python", python(version), home],
        ["pip", "install", "--quiet", "--require-hashes", "-r", locked],
        ["pip", "install", "--quiet", "--no-deps", "--no-index", wheel],
    ):
        done = subprocess.run(
            [UV, *words], capture_output=True, text=True, check=False, env=environment
        )
        assert done.returncode == 0, done.stderr
    return home / "bin" / "openemploi"


def run(command: Path, folder: Path, *words: str, threads: int = 2) -> dict[str, Any]:
    """Run a command of a fresh environment; return its JSON answer without its duration."""
    limits = dict.fromkeys(THREADS, str(threads))
    done = subprocess.run(
        [command, *words, "--json"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **limits},
        capture_output=True,
        text=True,
        check=False,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    answer.pop("seconds", None)
    return answer


def requirements(name: str) -> set[str]:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    return {line for line in lines if line and not line.startswith(("#", "-"))}


def pinned(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text("utf-8")
    return {
        f"{project} {marker}".strip(): version
        for project, version, marker in re.findall(
            r"^([a-z0-9-]+)==([^ \n]+)(?: ; ([^\\\n]+?))? \\$", text, re.M
        )
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel of the engines."""
    return build(tmp_path_factory.mktemp("source"))


def test_the_requirements_of_the_engine_are_the_portals() -> None:
    assert requirements("requirements-scoring.in") <= requirements("requirements.in")
    engine, portal = pinned("requirements-scoring.txt"), pinned("requirements.txt")
    assert {name.split()[0] for name in engine} == {"numpy", "pyarrow"}
    assert engine.items() <= portal.items()


def test_the_version_is_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == contract.VERSION


@pytest.mark.slow
def test_the_wheel_holds_the_engine_and_nothing_else(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    found = {name for name in archive.namelist() if ".dist-info/" not in name}
    wanted = {
        str(path.relative_to(ROOT))
        for package in ("challenges/scoring", "challenges/client", "portal/demonstrator/engines")
        for path in (ROOT / package).rglob("*")
        if path.suffix in contract.SOURCE_SUFFIXES
    }
    assert found == wanted
    info = wheel.name.split("-py3")[0] + ".dist-info/"
    metadata = email.message_from_bytes(archive.read(info + "METADATA"))
    required: dict[str, set[str]] = {}
    for line in metadata.get_all("Requires-Dist") or []:
        name, _, extra = line.partition('; extra == "')
        required.setdefault(extra.strip('"'), set()).add(re.split(r"[<>=!~\[ ]", name)[0])
    assert required["scoring"] == {"numpy", "pyarrow"}
    assert set(required) == {"scoring", "demonstrator", "portal"}
    assert required["demonstrator"] == {"numpy", "scipy", "scikit-learn"}
    assert b"openemploi = challenges.client.cli:main" in archive.read(info + "entry_points.txt")


def test_the_engines_of_the_demonstrator_answer_without_the_portal(
    wheel: Path, tmp_path: Path
) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    program = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
sys.modules["django"] = None
from portal.demonstrator.engines.learning import Example, learn
from portal.demonstrator.engines.text import Lexical
told = {{"D04": ["boulanger", "boulangère", "pétrir le pain"], "F03": ["maçon", "monter un mur"]}}
examples = [Example(text, code, text) for code, texts in told.items() for text in texts * 3]
print(Lexical(learn(examples)[0]).rank("pétrir du pain").proposals[0].code)
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, check=False, cwd="/"
    )
    assert (done.stdout, done.stderr) == ("D04\n", "")


def by_the_portal(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> Any:
    """Run the portal's own command; return its answer without its duration."""
    with contextlib.suppress(SystemExit):
        call_command(*words, "--json")
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    answer.pop("seconds", None)
    return answer


@pytest.mark.full
@pytest.mark.slow
@pytest.mark.parametrize("version", PYTHONS)
def test_the_installed_engine_answers_like_the_portal(
    wheel: Path,
    tmp_path: Path,
    version: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = install(wheel, tmp_path, version)
    folder = kits.write(tmp_path)
    monkeypatch.chdir(folder)
    (folder / "bad.csv").write_text("id,y\na,1\na,x\n")
    for words in (
        ("score", "verite.csv", "good.csv", "--metric", "rmse"),
        ("score", "verite.csv", "bad.csv", "--metric", "rmse"),
        ("score", "verite.csv", "good.csv", "--contract", "contrat.json"),
        ("score", "verite.csv", "good.csv", "--metric", "beauty"),
    ):
        assert run(command, folder, *words) == by_the_portal(capsys, folder, *words), words
    for name in ("good.csv", "bad.csv"):
        found = run(command, folder, "check", "format.json", name)
        assert found == by_the_portal(capsys, folder, "check_predictions", "format.json", name)
    assert run(command, folder, "version")["engine_sha256"] == contract.engine_sha256()


METRICS = (
    "rmse", "spearman", "pinball@0.9", "roc_auc", "average_precision", "log_loss", "f1_macro",
    "accuracy", "qwk",
)  # fmt: skip
SAME = ("verdict", "digest", "metric", "score", "n", "interval", "interval_method", "rows")


@pytest.mark.full
@pytest.mark.slow
def test_every_python_and_number_of_threads_gives_the_same_bits(
    wheel: Path, tmp_path: Path
) -> None:
    commands = [install(wheel, tmp_path, each) for each in PYTHONS]
    determinism.write(tmp_path, METRICS, 40_000, "y")  # half a mebibyte: for the fast reader
    for metric in METRICS:
        found = {
            json.dumps({key: answer[key] for key in SAME})
            for command in commands
            for path in sorted((tmp_path / metric).iterdir())
            if path.stem != "truth"
            for threads in (1, 2, 4)
            for answer in [run(command, tmp_path / metric, "score", "truth.csv", path.name,
                               "--metric", metric, threads=threads)]
        }  # fmt: skip
        assert len(found) == 1, (metric, found)
        assert '"accept"' in found.pop()
