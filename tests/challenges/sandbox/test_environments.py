"""An environment's fingerprint is that of what it holds, and programs find what it holds."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from challenges.sandbox.base import Call, Environment
from challenges.sandbox.bubblewrap import Bubblewrap
from challenges.sandbox.host import fingerprint

VERSION_FOLDER = Path("/usr/bin/python3").resolve().name  # python3.11, where Debian's is so


@pytest.fixture
def environment() -> Iterator[Path]:
    """Give a virtual environment with one distribution; not in /tmp, which the sandbox hides."""
    folder = Path(tempfile.mkdtemp(prefix="environment-", dir="/var/tmp"))
    folder.chmod(0o755)
    info = folder / "lib" / VERSION_FOLDER / "site-packages/seule-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "bin").mkdir()
    (folder / "bin/python3").symlink_to("/usr/bin/python3")
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = true\n")
    yield folder
    shutil.rmtree(folder)


def holding(folder: Path, version: str) -> Bubblewrap:
    """Give the sandbox of an environment that holds a version of « seule »."""
    (path,) = folder.glob("lib/*/site-packages/seule-1.0.dist-info")
    (path / "METADATA").write_text(f"Metadata-Version: 2.1\nName: seule\nVersion: {version}\n")
    found = Bubblewrap(Environment("systeme", (str(folder),), str(folder / "bin/python3")))
    assert found.available() is None
    return found


def test_a_fingerprint_changes_with_what_the_environment_holds(
    sandbox: Bubblewrap, environment: Path
) -> None:
    first = fingerprint("systeme", sandbox)
    assert len(first) == 64
    assert fingerprint("systeme", sandbox) == first
    others = [
        fingerprint("autre", sandbox),
        fingerprint("systeme", holding(environment, "1.0")),
        fingerprint("systeme", holding(environment, "1.1")),
    ]
    assert len({first, *others}) == 4


def test_a_program_runs_in_its_environment(sandbox: Bubblewrap, environment: Path) -> None:
    site = environment / "lib" / VERSION_FOLDER / "site-packages"
    (site / "seule.py").write_text("NAME = 'seule'")
    call = Call(("python3", "-c", "import seule; print(seule.NAME)"), "/tmp")
    assert holding(environment, "1.0").run(call).stdout == b"seule\n"
    assert sandbox.run(call).exit_code == 1
