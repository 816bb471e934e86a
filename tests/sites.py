"""A foreign site on loopback: answers by path, and every request it received."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

NAME, INSIDE = "site.exemple.test", "dedans.exemple.test"
NAMES = {NAME: "127.0.0.1", INSIDE: "127.0.0.2"}
Reply = Callable[[BaseHTTPRequestHandler], None]


def says(
    body: bytes, *, status: int = 200, kind: str = "application/json", **headers: str
) -> Reply:
    """Answer with these bytes; headers by name, underscores for hyphens."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    return reply


def leads(url: str, *, status: int = 302) -> Reply:
    """Redirect."""
    return says(b"", status=status, Location=url)


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Answer without an end."""
    handler.send_response(200)
    handler.end_headers()
    while handler.command != "HEAD":
        handler.wfile.write(b"x" * 65_536)


class Site:
    """A running site. asked: (method, path with its query, headers) in order."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                site.asked.append((self.command, self.path, headers))
                reply = site.replies.get(self.path) or site.replies.get(self.path.split("?")[0])
                with contextlib.suppress(OSError):
                    (reply or says(b"", status=404))(self)

            do_HEAD = do_GET

            def log_message(self, *_args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://{NAME}:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self.server.shutdown()
        self.server.server_close()


@contextlib.contextmanager
def site(settings: Any) -> Iterator[Site]:
    """Run a site that the outgoing client may reach, without a pause between questions.

    Names are resolved as a file of hosts would: NAMES, and nothing else of theirs.
    """
    made = Site()
    real, patch = socket.getaddrinfo, pytest.MonkeyPatch()

    def resolve(host: Any, *args: Any, **options: Any) -> Any:
        return real(NAMES.get(host, host), *args, **options)

    patch.setattr(socket, "getaddrinfo", resolve)
    settings.HTTP_PORTS = (80, 443, made.port)
    settings.HTTP_PERMITTED_NETWORKS = ("127.0.0.1/32",)
    settings.HTTP_PAUSE_SECONDS = 0
    try:
        yield made
    finally:
        patch.undo()
        made.close()


@contextlib.contextmanager
def listener(address: str = "127.0.0.1") -> Iterator[tuple[int, list[str]]]:
    """Count who connects to a port of this machine: (port, addresses of those who came)."""
    came: list[str] = []
    with socket.create_server((address, 0)) as server:
        server.settimeout(0.05)
        stop = threading.Event()

        def wait() -> None:
            while not stop.is_set():
                with contextlib.suppress(OSError):
                    other, origin = server.accept()
                    came.append(str(origin))
                    other.close()

        waiting = threading.Thread(target=wait, daemon=True)
        waiting.start()
        try:
            yield server.getsockname()[1], came
        finally:
            stop.set()
            waiting.join()
