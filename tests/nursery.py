"""Children forked from one that has imported their libraries, in place of an interpreter each.

Hundreds of tests have a table or an archive looked into: importing Arrow for each took a fifth of
`make test`. A module is run by its name as ever, in a session, an environment and bounds of its
own; journeys, and tests/portal/lib/test_children.py, start real ones.
"""

import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import IO, Any
from unittest import mock

from portal.lib import children

# What `children.run` runs; what one of them imports is there for all.
RUN = (
    "catalogue.standards.files",
    "challenges.bundles.examination",
    "challenges.programs.reports_child",
    "datasets.standards.disclosure",
    "datasets.standards.extraction",
    "datasets.standards.profile",
    "portal.lib.prose.personal_data",
)
# Threads of these libraries would not be there in a fork.
ENVIRONMENT = children.ENVIRONMENT | {"OPENBLAS_NUM_THREADS": "1"}
REAL = children._start


class Fork:
    """What `children` asks of a process."""

    stdin = None

    def __init__(self, link: socket.socket, message: bytes, given: int) -> None:
        (ours, stdout), (said, says) = os.pipe(), os.pipe()
        socket.send_fds(link, [message], [given, stdout, says])
        os.close(stdout)
        os.close(says)
        self.stdout, self.said = os.fdopen(ours, "rb"), said
        self.pid = int(os.read(said, 8))
        self.status: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end, as `Popen.wait`."""
        if self.status is None:
            if not select.select([self.said], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("fork", timeout or 0)
            self.status = os.waitstatus_to_exitcode(int(os.read(self.said, 8)))
            os.close(self.said)
        return self.status


@contextmanager
def opened() -> Iterator[None]:
    """Fork the children of `children.run` from here on."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-P", "-m", __name__, str(its.fileno())]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=pipe, pass_fds=[its.fileno()]) as nurse:
        its.close()
        with ours, mock.patch.object(children, "_start", partial(_start, ours, nurse.stdout)):
            yield


def _start(
    link: socket.socket,
    ready: IO[bytes],
    command: list[str],
    given: IO[bytes] | int,
    environment: Mapping[str, str],
) -> Any:
    is_ready = select.select([ready], [], [], 0)[0]
    if not is_ready or isinstance(given, int) or command[0] not in RUN:
        return REAL(command, given, environment)
    return Fork(link, json.dumps([command, environment]).encode(), given.fileno())


def serve(link: socket.socket) -> None:
    """Fork for each message; whoever keeps a fork says its number, then how it ended."""
    for module in RUN:
        import_module(module)
    gc.freeze()
    os.write(1, b"ready")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, handles, _flags, _address = socket.recv_fds(link, 2**17, 3)
        if not message:
            return
        if os.fork() == 0:
            _keep(message, *handles)
            return
        for each in handles:
            os.close(each)


def _keep(message: bytes, given: int, stdout: int, says: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if (fork := os.fork()) == 0:
        _be(json.loads(message), given, stdout)
        return
    for each in (given, stdout):
        os.close(each)
    os.write(says, b"%8d" % fork)
    os.write(says, b"%8d" % os.waitpid(fork, 0)[1])
    os._exit(0)


def _be(asked: list[Any], given: int, stdout: int) -> None:
    (module, *arguments), environment = asked
    os.setsid()
    os.chdir("/")
    for at, handle in enumerate((given, stdout, os.open(os.devnull, os.O_WRONLY))):
        os.dup2(handle, at)
    os.closerange(3, 64)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
