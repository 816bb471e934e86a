"""Start a foreign program inside the sandbox: the last trusted code before it.

Never imported: its text is run by the environment's own Python (3.8 or newer, isolated mode)
with a socket to the supervisor as its one argument. In order: read the orders, copy the folders
that the program may change, hand out descriptors of the folders in memory and of /proc (so that
the supervisor can measure and read them from outside), wait for the word, take on the limits,
close everything else, become the program.
"""

from __future__ import annotations

import _socket
import json
import os
import resource
import sys

MOST_ORDERS = 200_000


def main() -> None:
    """Follow the supervisor's orders, then become the program; exit 127 when it is not found."""
    channel = _socket.socket(fileno=int(sys.argv[1]))
    orders = json.loads(channel.recv(MOST_ORDERS))
    try:
        for source, target in orders["copies"]:
            copy(source, target)
    except OSError as error:
        channel.send(f"copy: {error.strerror}".encode())
        os._exit(1)
    held = [os.open(name, os.O_RDONLY | os.O_DIRECTORY) for name in orders["held"]]
    rights = b"".join(number.to_bytes(4, sys.byteorder) for number in held)
    channel.sendmsg([b"ready"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
    if channel.recv(16) != b"go":
        os._exit(1)
    if os.getpid() != os.getpgid(0):
        os.setpgid(0, 0)  # so that a signal reaches it and its children at once
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")
    os.nice(5)  # however busy it is, the worker can look and stop it
    os.chdir(orders["folder"])
    # The namespace's first process too: it is of the same user, so that the program can write into
    # its memory and have it fork.
    for name, most in orders["limits"].items():
        for pid in (1, 0):
            resource.prlimit(pid, getattr(resource, "RLIMIT_" + name), (most, most))
    os.closerange(3, 65536)
    become(orders["argv"], orders["environment"])


def become(argv: list[str], environment: dict[str, str]) -> None:
    """Replace this process by the program, sought in the PATH of its environment."""
    try:
        os.execvpe(argv[0], argv, environment)  # noqa: S606 # its very purpose
    except OSError as error:
        os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
        os._exit(127 if isinstance(error, FileNotFoundError) else 126)


def copy(source: str, target: str) -> None:
    """Copy plain files and folders, links left out, keeping the executable bit."""
    for entry in os.scandir(source):
        into = target + "/" + entry.name
        if entry.is_dir(follow_symlinks=False):
            os.mkdir(into)
            copy(entry.path, into)
        elif entry.is_file(follow_symlinks=False):
            copy_file(entry.path, into, 0o755 if entry.stat().st_mode & 0o100 else 0o644)


def copy_file(source: str, target: str, mode: int) -> None:
    """Copy the bytes of one file."""
    reading = os.open(source, os.O_RDONLY)
    writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    while data := os.read(reading, 2**20):
        view = memoryview(data)
        while view:
            view = view[os.write(writing, view) :]
    os.close(reading)
    os.close(writing)


main()
