"""Files read by an antivirus before anything else reads them; the daemon is a real one's double.

It speaks clamd's protocol on loopback: `zINSTREAM`, pieces after their lengths, one answer.
"""

import io
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from challenges.entries.actions import choices
from challenges.entries.enums import EntryStatus
from challenges.models import Challenge, Entry, Job, Team
from challenges.queue.enums import JobState
from challenges.worker import Worker
from datasets import gate
from portal.lib import clock
from portal.lib.storage import scanning
from tests.challenges import world
from tests.challenges.pages.scenes import url_of
from tests.factories.challenges import TeamFactory, captain_of

# The harmless text that every antivirus reports, in two pieces so that none reports this file.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"


class Handler(socketserver.StreamRequestHandler):
    """Answer one INSTREAM as clamd does."""

    def handle(self) -> None:
        server: Any = self.server
        if server.stopped:
            return
        command = self.rfile.read(6)
        if command == b"zPING\0":
            self.wfile.write(b"PONG\0")
            return
        assert command + self.rfile.read(4) == b"zINSTREAM\0"
        content = b""
        while size := struct.unpack(">I", self.rfile.read(4))[0]:
            content += self.rfile.read(size)
            if len(content) > server.limit:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        server.seen.append(content)
        server.stopped = b"kill" in content
        if server.stopped or b"crash" in content:
            return
        said = b"Eicar-Test-Signature FOUND" if EICAR in content else b"OK"
        self.wfile.write(b"stream: " + said + b"\0")


@contextmanager
def daemon(limit: int = 25_000_000) -> Iterator[Any]:
    """Serve a scanner on loopback."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        state: Any = server  # read by Handler
        state.limit, state.seen, state.stopped = limit, [], False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def address(server: Any) -> str:
    return f"tcp://127.0.0.1:{server.server_address[1]}"


def test_what_the_scanner_says_of_a_file(tmp_path: Path, settings: Any) -> None:
    file = tmp_path / "f"
    with daemon(limit=300_000) as server:
        settings.SCANNER_URL = address(server)
        file.write_bytes(b"a" * 200_000)
        assert scanning.scan(file) is None
        assert server.seen == [b"a" * 200_000]
        file.write_bytes(b"PK" + EICAR)
        assert scanning.scan(file) == "Eicar-Test-Signature"
        assert scanning.scan(io.BytesIO(b"PK" + EICAR)) == "Eicar-Test-Signature"
        file.write_bytes(b"b" * 5_000_000)
        with pytest.raises(scanning.ScannerFailed):
            scanning.scan(file)
        file.write_bytes(b"crash")
        with pytest.raises(scanning.ScannerFailed):
            scanning.scan(file)
        file.write_bytes(b"kill")
        with pytest.raises(scanning.ScannerStopped):
            scanning.scan(file)
        with pytest.raises(scanning.ScannerAway) as before:
            scanning.scan(file)
        assert before.type is scanning.ScannerAway
    with pytest.raises(scanning.ScannerAway):
        scanning.scan(file)
    settings.SCANNER_URL = f"unix://{tmp_path}/absent.ctl"
    with pytest.raises(scanning.ScannerAway):
        scanning.scan(file)
    settings.SCANNER_URL = ""
    assert scanning.scan(file) is None


def test_a_frozen_scanner_is_sent_no_file(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "CONNECT_SECONDS", 0.1)
    file = tmp_path / "f"
    file.write_bytes(b"a")
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        settings.SCANNER_URL = f"tcp://127.0.0.1:{frozen.getsockname()[1]}"
        with pytest.raises(scanning.ScannerAway):
            scanning.scan(file, seconds=0.1)
        link, _address = frozen.accept()
        with link:
            assert link.recv(1_024) == b"zPING\0"


def checked(entry: Entry) -> Entry:
    """Do the one job that is due."""
    gate.act_as_worker()
    assert Worker("test").work_one()
    entry.refresh_from_db()
    return entry


def downloaded(client: Client, entry: Entry) -> int:
    """Return the status that the team gets for its own file."""
    client.force_login(captain_of(entry.enrolment.team))
    slug = entry.enrolment.phase.challenge.slug
    answer = client.get(reverse("challenges:entry_file", args=[slug, entry.pk]))
    answer.getvalue()  # a file is closed at its end
    return answer.status_code


@pytest.fixture
def challenge(tmp_path: Path, db: None) -> Challenge:
    return world.opened(tmp_path)


def test_the_check_of_a_file_asks_the_scanner_first(
    challenge: Challenge, settings: Any, client: Client
) -> None:
    team: Any = TeamFactory(challenge=challenge)
    client.force_login(captain_of(team))
    page = url_of(challenge, "entries")

    def check(content: bytes) -> Any:
        return client.post(
            page, {"check_only": "1", "key": "k", "file": SimpleUploadedFile("a.csv", content)}
        )

    with daemon() as server:
        settings.SCANNER_URL = address(server)
        assert check(world.answer(0.7)).status_code == 200
        infected = check(world.answer(0.7) + EICAR)
        assert (infected.status_code, "antivirus" in infected.text) == (422, True)
        assert len(server.seen) == 2
    away = check(world.answer(0.7))
    assert (away.status_code, "scanner_away" in away.text) == (503, True)
    assert Team.objects.get(pk=team.pk).checks_used == 2
    with daemon(limit=10) as server:  # it is there, and fails on this file: that counts
        settings.SCANNER_URL = address(server)
        failed = check(world.answer(0.7))
    assert (failed.status_code, "scanner_failed" in failed.text) == (503, True)
    assert Team.objects.get(pk=team.pk).checks_used == 3


@pytest.mark.slow
def test_an_infected_file_is_refused_and_one_that_nobody_scanned_stays_in_quarantine(
    challenge: Challenge, settings: Any, client: Client
) -> None:
    entry = world.entered(challenge)
    choices.withdraw(entry=entry, by=captain_of(entry.enrolment.team))
    assert downloaded(client, entry) == 200
    read = world.entered(challenge, 0.8)
    infected = world.entered(challenge, content=world.answer(0.7) + EICAR + b"\n")
    with daemon() as server:
        settings.SCANNER_URL = address(server)
        for each in (entry, read, infected):
            checked(each)
        assert (downloaded(client, entry), downloaded(client, read)) == (409, 200)
    assert (infected.status, infected.reason_code) == (EntryStatus.REJECTED, "E_INFECTED")
    assert (infected.day_slot, infected.total_slot) == (None, None)  # its slot is given back
    assert downloaded(client, infected) == 409
    assert "antivirus" in client.get(url_of(challenge, "entry", infected.pk)).text


@pytest.mark.slow
def test_a_file_that_the_scanner_cannot_read_ends_under_examination(
    challenge: Challenge, settings: Any, client: Client
) -> None:
    entry = world.entered(challenge)
    with daemon(limit=10) as server:
        settings.SCANNER_URL = address(server)
        for attempt in (1, 2, 3):
            Job.objects.update(run_after=clock.now())
            entry = checked(entry)
            job = Job.objects.get(kind="check", subject_id=str(entry.pk))
            assert (job.attempt, job.error_code) == (attempt, "scanner_failed")
            assert job.state == JobState.DEAD or job.run_after > clock.now() + timedelta(minutes=1)
        assert (entry.status, job.state) == (EntryStatus.NEEDS_ATTENTION, JobState.DEAD)
        assert downloaded(client, entry) == 409


@pytest.mark.slow
def test_a_file_waits_for_a_scanner_that_is_away_and_no_attempt_is_used(
    challenge: Challenge, settings: Any
) -> None:
    entry = world.entered(challenge)
    settings.SCANNER_URL = "tcp://127.0.0.1:9"
    for _time in range(4):
        Job.objects.update(run_after=clock.now())
        entry = checked(entry)
        job = Job.objects.get(kind="check", subject_id=str(entry.pk))
        assert (entry.status, job.state) == (EntryStatus.CHECKING, JobState.READY)
        assert (job.attempt, job.error_code) == (0, "scanner_away")
        assert job.run_after > clock.now()
    with daemon() as server:
        settings.SCANNER_URL = address(server)
        Job.objects.update(run_after=clock.now())
        assert checked(entry).status == EntryStatus.QUEUED
        assert server.seen == [world.answer(0.7)]
