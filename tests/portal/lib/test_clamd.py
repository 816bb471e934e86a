"""What a real clamd answers; TEST_CLAMD names its program, without which this is skipped.

Its one signature is that of the text of test which every antivirus reports.
"""

import getpass
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.lib.storage import scanning
from tests.archives import zipped

CLAMD = os.environ.get("TEST_CLAMD", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CLAMD, reason="TEST_CLAMD does not name the program of clamd"),
]
# In two pieces, so that no antivirus reports this file.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
FOUND = "Test.UNOFFICIAL"


class Daemon:
    """A clamd with a socket, small bounds and one signature."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "clamd.sock"
        signatures = folder / "signatures"
        signatures.mkdir()
        (signatures / "test.ndb").write_text(f"Test:0:0:{EICAR.hex()}\n")
        settings = folder / "clamd.conf"
        settings.write_text(
            f"LocalSocket {self.socket}\nDatabaseDirectory {signatures}\n"
            f"TemporaryDirectory {folder}\nUser {getpass.getuser()}\nForeground yes\n"
            "StreamMaxLength 3M\nMaxFileSize 1M\nMaxScanSize 20M\nAlertExceedsMax yes\n"
        )
        self.process = subprocess.Popen(  # named by who runs the tests
            [CLAMD, "-c", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while not self.socket.exists():
            assert self.process.poll() is None, "clamd does not start"
            time.sleep(0.1)

    def signal(self, number: int) -> None:
        """Freeze it, or let it go on."""
        self.process.send_signal(number)

    def stop(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture
def daemon(settings: Any) -> Iterator[Daemon]:
    folder = Path(tempfile.mkdtemp())  # the path of a socket is short
    started = Daemon(folder)
    settings.SCANNER_URL = f"unix://{started.socket}"
    yield started
    started.stop()
    shutil.rmtree(folder)


def test_a_real_scanner_says_what_we_read(
    daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "f"

    def said(content: bytes) -> str | None:
        file.write_bytes(content)
        return scanning.scan(file, seconds=2)

    assert said(b"mois;offres\n2026-01;12\n") is None
    assert said(EICAR) == FOUND
    assert said(zipped({"a.zip": zipped({"a.txt": EICAR})})) == FOUND
    assert said(os.urandom(1_500_000)) == "Heuristics.Limits.Exceeded.MaxFileSize"
    for size in (3_200_000, 40_000_000):
        with pytest.raises(scanning.ScannerFailed):
            said(EICAR + os.urandom(size))
    monkeypatch.setattr(scanning, "CONNECT_SECONDS", 1.0)
    daemon.signal(signal.SIGSTOP)
    with pytest.raises(scanning.ScannerAway):
        said(EICAR)
    daemon.signal(signal.SIGCONT)
    assert said(EICAR) == FOUND
    daemon.stop()
    with pytest.raises(scanning.ScannerAway):
        said(b"a")
