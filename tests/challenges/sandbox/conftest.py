"""A real sandbox, and who may use it; skipped by name on a host that cannot isolate."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from challenges.sandbox.bubblewrap import Bubblewrap

ROOT = Path(__file__).resolve().parents[3]
NOBODY = 65534


@pytest.fixture(scope="session")
def sandbox() -> Bubblewrap:
    """Give the sandbox of this host."""
    found = Bubblewrap()
    if missing := found.available():
        pytest.skip(f"X_NO_SANDBOX, {missing.cause}: {missing.sentence}")
    return found


@pytest.fixture
def room(sandbox: Bubblewrap) -> Iterator[Path]:
    """Give a folder that runs may mount."""
    with sandbox.room(Path(tempfile.gettempdir())) as folder:
        yield folder


class Host:
    """Run tests/challenges/sandbox/host.py as one user, in a folder of its own."""

    def __init__(self, folder: Path, user: int | None) -> None:
        """Copy the house where any user may read it; user None is the suite's own."""
        self.user = user
        self.is_root = user is None and os.geteuid() == 0
        # how long a program that stays behind would sleep: nobody else's does exactly so
        self.sleep = f"86399.{secrets.randbelow(10**9):09d}"
        self.house, self.work = folder / "house", folder / "work"
        shutil.copytree(ROOT / "challenges/sandbox", self.house / "challenges/sandbox")
        (self.house / "challenges/__init__.py").touch()
        for name in ("host.py", "probes.py"):
            shutil.copy(Path(__file__).with_name(name), self.house)
        self.work.mkdir()
        if user is not None:
            os.chown(self.work, user, user)

    def ask(self, *words: str, canary: str) -> str:
        """Answer what the program printed; it must end with 0."""
        done = subprocess.run(
            ["/usr/bin/python3", str(self.house / "host.py"), str(self.work), *words],
            env={
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": str(self.house),
                "SANDBOX_CANARY": canary,
                "SANDBOX_SLEEP": self.sleep,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else [],
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(params=["root", "ordinary"])
def host(request: pytest.FixtureRequest, sandbox: Bubblewrap) -> Iterator[Host]:
    """Give a host for root and one for an ordinary user."""
    root = os.geteuid() == 0
    if request.param == "root" and not root:
        pytest.skip("root: the suite itself does not run as root")
    folder = Path(tempfile.mkdtemp(prefix="sandbox-"))
    folder.chmod(0o755)
    try:
        yield Host(folder, NOBODY if root and request.param == "ordinary" else None)
    finally:
        shutil.rmtree(folder)


def processes_with(word: str) -> list[str]:
    """List the command lines that hold a word."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if word in line:
            lines.append(line)
    return lines
