"""What surrounds the sandbox: a host that cannot isolate says why, an environment is what it holds.

A worker that is killed takes its programs with it.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from challenges.sandbox import host, seccomp
from challenges.sandbox.base import SYSTEM, Call, Environment, Missing
from challenges.sandbox.bubblewrap import Bubblewrap
from challenges.sandbox.host import fingerprint
from tests.challenges.sandbox.conftest import ROOT, processes_with

# Not in /tmp, which the sandbox hides; every user of the host may run what it holds.
PLACE = "/var/tmp"


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="sandbox-", dir=PLACE))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def stand_in(folder: Path, text: str) -> str:
    """Write a program that stands where bubblewrap does."""
    path = folder / "bwrap"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return str(path)


REFUSAL = "bwrap: setting up uid map: Permission denied"
KNOWN = '[ "$1" = --version ] && echo bubblewrap 0.8.0 && exit 0\n'
EMPTY = Environment("vide", ("/usr",), "/usr/bin/absent")
TOO_OLD = "bubblewrap {} est trop ancien : 0.8 au moins."


@pytest.mark.parametrize(
    ("text", "environment", "cause", "sentence"),
    [
        (None, SYSTEM, "bubblewrap",
         "bubblewrap n’est pas installé : apt-get install bubblewrap."),
        ("echo bubblewrap 0.6.2", SYSTEM, "bubblewrap_version", TOO_OLD.format("0.6")),
        ("exit 1", SYSTEM, "bubblewrap_version", TOO_OLD.format("0")),
        ("sleep 0", SYSTEM, "bubblewrap_version", TOO_OLD.format("0")),
        ("echo bubblewrap 0.8.0", EMPTY, "environment",
         "« vide » n’a pas de Python en /usr/bin/absent"),
        (KNOWN + f"echo {REFUSAL} >&2\nexit 1\n", SYSTEM, "namespaces", REFUSAL),
        # It starts the command without isolating it: it has no socket to answer with.
        (KNOWN + "echo 42\n", SYSTEM, "namespaces", ""),
    ],
)  # fmt: skip
def test_a_host_that_cannot_isolate_says_why(
    folder: Path, text: str | None, environment: Environment, cause: str, sentence: str
) -> None:
    program = str(folder / "absent") if text is None else stand_in(folder, text)
    sandbox = Bubblewrap(environment, program)
    missing = sandbox.available()
    assert missing is not None
    assert missing.cause == cause
    assert sentence in missing.sentence
    assert cause != "namespaces" or sandbox.available() is missing


def lacks(folder: Path) -> Missing | None:
    return host.host_lacks(stand_in(folder, "echo bubblewrap 0.8.0"), SYSTEM)


def test_a_switch_of_the_system_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    switch = folder / "max_user_namespaces"
    switch.write_text("0\n")
    monkeypatch.setattr(host, "USER_NAMESPACES", str(switch))
    missing = lacks(folder)
    assert missing is not None
    assert missing.cause == "user_namespaces"
    assert str(switch).replace("/", ".") in missing.sentence


def test_apparmor_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "restrict").write_text("1\n")
    monkeypatch.setattr(host, "APPARMOR", str(folder / "restrict"))
    missing = host.refused_namespaces(f"{REFUSAL}\n")
    assert missing.cause == "apparmor"
    assert "donnez-en un à bwrap" in missing.sentence
    assert missing.sentence.endswith(f"« {REFUSAL} ».")


def test_architectures_without_a_filter_are_named() -> None:
    machines = ("x86_64", "aarch64", "riscv64")
    assert [seccomp.supported(machine) for machine in machines] == [True, True, False]


# --- environments

VERSION_FOLDER = Path("/usr/bin/python3").resolve().name  # python3.11, where Debian's is so


@pytest.fixture
def site(folder: Path) -> Path:
    """Give the packages of a virtual environment with one distribution."""
    packages = folder / "lib" / VERSION_FOLDER / "site-packages"
    (packages / "seule-1.0.dist-info").mkdir(parents=True)
    (folder / "bin").mkdir()
    (folder / "bin/python3").symlink_to("/usr/bin/python3")
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = true\n")
    return packages


def holding(site: Path, version: str) -> Bubblewrap:
    """Give the sandbox of an environment that holds a version of « seule »."""
    metadata = f"Metadata-Version: 2.1\nName: seule\nVersion: {version}\n"
    (site / "seule-1.0.dist-info/METADATA").write_text(metadata)
    home = site.parents[2]
    found = Bubblewrap(Environment("systeme", (str(home),), str(home / "bin/python3")))
    assert found.available() is None
    return found


def test_a_fingerprint_changes_with_what_the_environment_holds(
    sandbox: Bubblewrap, site: Path
) -> None:
    first = fingerprint("systeme", sandbox)
    assert len(first) == 64
    assert fingerprint("systeme", sandbox) == first
    others = [fingerprint("systeme", holding(site, version)) for version in ("1.0", "1.1")]
    assert len({first, fingerprint("autre", sandbox), *others}) == 4


def test_a_program_runs_in_its_environment(sandbox: Bubblewrap, site: Path) -> None:
    (site / "seule.py").write_text("NAME = 'seule'")
    call = Call(("python3", "-c", "import seule; print(seule.NAME)"), "/tmp")
    assert holding(site, "1.0").run(call).stdout == b"seule\n"
    assert sandbox.run(call).exit_code == 1


# --- a killed worker

SECONDS = f"8639{os.getpid()}"
WORKER = f"""
from challenges.sandbox.base import Call
from challenges.sandbox.bubblewrap import Bubblewrap
Bubblewrap().run(Call(("sh", "-c", "sleep {SECONDS} & sleep {SECONDS}"), "/tmp"))
"""


def wait_for(count: int) -> list[str]:
    """Wait until so many programs run, at most a minute."""
    end = time.monotonic() + 60
    while True:
        found = [line for line in processes_with(SECONDS) if line.startswith("sleep")]
        if len(found) == count or time.monotonic() > end:
            return found
        time.sleep(0.02)


@pytest.mark.usefixtures("sandbox")
def test_nothing_outlives_a_killed_worker() -> None:
    worker = subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT)
    try:
        assert len(wait_for(2)) == 2
    finally:
        worker.kill()
        worker.wait()
    assert wait_for(0) == []
