"""What is lent, by the web process of production: cut within the second, counted to the byte."""

import http.client
import io
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from datasets.access.actions import grants
from datasets.access.models import Extract, Grant
from datasets.releases.models import Download
from portal.accounts.enums import TokenScope
from portal.accounts.models import User
from portal.lib.web.responses import HELD_BYTES
from tests import servers
from tests.datasets.access.test_reading import address, file_of, signed_in, wide
from tests.factories.access import World
from tests.factories.accounts import bearer
from tests.faults.processes import ROOT, PortalProcess, run_once, until
from tests.threads import together

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.fault,
    pytest.mark.slow,
    pytest.mark.full,
]
STALL_SECONDS = 3.0


class Reader:
    """One who reads a file by its page or by the API, on a connection that takes little ahead."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self.port, self.path, self.headers = port, path, headers
        self.got, self.ended = 0, 0.0

    def ask(self, **more: str) -> http.client.HTTPResponse:
        """Send the request; return the answer, its body unread."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        link.sock = socket.socket()
        link.sock.settimeout(20)
        link.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
        link.sock.connect(("127.0.0.1", self.port))
        link.request("GET", self.path, headers={**self.headers, "Connection": "close", **more})
        return link.getresponse()

    def drip(self, stall: float = 0.0) -> str:
        """Read slowly to the end, whichever it is; say whether all came.

        stall: in seconds, once the first bytes came.
        """
        answer = self.ask()
        size = int(answer.headers["Content-Length"])
        with suppress(http.client.IncompleteRead, ConnectionError):
            while piece := answer.read1(1 << 14):
                self.got += len(piece)
                time.sleep(0.005 + stall)
                stall = 0.0
        self.ended = time.monotonic()
        return "whole" if self.got == size else "cut"

    def take(self, **more: str) -> str:
        """Read at once; return the status and how many bytes came."""
        answer = self.ask(**more)
        return f"{answer.status} {len(answer.read()) if answer.status < 300 else ''}".strip()


def doors(port: int, world: World, by: User) -> list[Reader]:
    """Give the two ways in which a person reads what is lent to them."""
    file = file_of(world)
    extract = Extract.objects.get(data_file=file)
    cookie = signed_in(by).cookies[settings.SESSION_COOKIE_NAME].value
    session = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"}
    token = bearer(by, TokenScope.READ, TokenScope.DATA)
    content = f"/api/v1/access/extracts/{extract.public_id}/content"
    return [Reader(port, address(file), session), Reader(port, content, token)]


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Callable[..., int]]:
    """Start gunicorn as `up` does, with its static files; return its port."""
    started: list[PortalProcess] = []

    def start(**environment: str) -> int:
        call_command("reindex", stdout=io.StringIO())  # of the cards that factories write
        static = (str(ROOT / "manage.py"), "collectstatic", "--noinput", "--verbosity", "0")
        assert run_once(tmp_path, *static, name="static") == 0
        port = servers.free_port()
        command = ["-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port}"]
        command += ["--limit-request-line", "0", "--threads", "4"]
        site = {"SITE_URL": f"http://127.0.0.1:{port}", **environment}
        started.append(PortalProcess(tmp_path, *command, name="web", **site))
        assert until(lambda: servers.answers(port), 60)
        return port

    yield start
    for process in started:
        process.stop()


def test_t08_a_revocation_cuts_page_and_api_within_a_second_then_answers_404(
    web: Callable[..., int],
) -> None:
    """T8: revoked in mid-transfer, by both doors; at T−1 s, T and T+1 s by the clock, see P3."""
    world = World(content=wide(160_000))
    grant = world.lent()
    readers = doors(web(), world, world.reader)
    stalled = Reader(readers[1].port, readers[1].path, readers[1].headers)
    at: list[float] = []
    again: list[str] = []

    def revoke() -> str:
        assert until(lambda: all(each.got for each in (*readers, stalled)), 20)
        fresh = Grant.objects.get(pk=grant.pk)
        grants.revoke(grant=fresh, text="Usage interdit.", by=world.approver)
        at.append(time.monotonic())
        again.extend(each.take() for each in readers)
        at.append(time.monotonic())
        return "revoked"

    drips = [*(each.drip for each in readers), lambda: stalled.drip(STALL_SECONDS)]
    assert together(*drips, revoke) == ["cut", "cut", "cut", "revoked"]
    assert again == ["404", "404"]
    assert at[1] - at[0] < 1.0
    assert max(each.ended for each in readers) - at[0] < 1.0
    assert stalled.got < HELD_BYTES  # and it was not waited for


def test_t09_the_bytes_of_a_day_are_exact_under_readers_in_parallel(
    web: Callable[..., int],
) -> None:
    """T9: twenty at once by two persons and two doors, then what is left to the byte."""
    world = World()
    world.lent()
    size = Extract.objects.get(data_file=file_of(world)).clear_size or 0
    rest = size // 2
    port = web(ACCESS_DAILY_BYTES=str(7 * size + rest))
    readers = [each for by in (world.reader, world.by) for each in doors(port, world, by)]
    taken = Counter(together(*(readers[n % 4].take for n in range(20))))
    assert taken == {f"200 {size}": 7, "429": 13}
    last = Counter(
        together(*(lambda at=n: readers[at].take(Range=f"bytes={size - rest}-") for n in range(4)))
    )
    assert last == {f"206 {rest}": 1, "429": 3}
    assert sum(Download.objects.values_list("bytes", flat=True)) == 7 * size + rest
