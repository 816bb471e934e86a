"""Fresh environments that hold the engine alone, one for each Python of this machine."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "requirements.in", "requirements-scoring.in")
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
    shutil.copytree(ROOT / "challenges", place / "challenges", ignore=ignored)
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
