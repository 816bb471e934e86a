"""Plant what the probes look for, run them in the sandbox, print what they found, as JSON.

Run by the suite as root and again as an ordinary user, in a Python that holds no test tool:
`host.py FOLDER sandbox|bare|outputs PROBE...` with the house on its path and a canary in its
environment. `outputs` writes each hostile output of probes.OUTPUTS: how it ended, what arrived.
`bare` runs them without any isolation: what they find then shows that they can find something.
"""

import json
import os
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

from challenges.sandbox.base import MIB, Call, Copied, Limits, Shown, Written
from challenges.sandbox.bubblewrap import Bubblewrap

LIMITS = Limits(
    wall_seconds=20,
    cpu_seconds=20,
    memory_bytes=256 * MIB,
    output_bytes=8 * MIB,
    scratch_bytes=8 * MIB,
    grace_seconds=1,
)
ROOM = 9 * MIB
PYTHON = "/usr/bin/python3"
PROBES = Path(__file__).with_name("probes.py").read_text(encoding="utf-8")


def main() -> None:
    """Print {probe: what it did} after two runs of each; the host's process must live on."""
    folder, names = Path(sys.argv[1]), sys.argv[3:]
    canary = os.environ["SANDBOX_CANARY"]
    listener = socket.create_server(("0.0.0.0", 0))  # noqa: S104 # what must not be reached
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind("\0" + canary)
    abstract.listen()
    named = socket.socket(socket.AF_UNIX)
    named.bind(str(folder / "socket"))
    named.listen()
    (folder / "secret.txt").write_text(canary)
    posix = Path("/dev/shm", canary)
    posix.write_text(canary)
    victim = subprocess.Popen(["sleep", "600"])
    facts = {
        "canary": canary,
        "port": listener.getsockname()[1],
        "address": _address(),
        "abstract": canary,
        "unix": str(folder / "socket"),
        "file": str(folder / "secret.txt"),
        "pid": victim.pid,
        "marker": "host.py",
        "key": 0x0E0E,
        "room": ROOM,
        "sleep": os.environ["SANDBOX_SLEEP"],
        "bare": sys.argv[2] == "bare",
    }
    (folder / "facts.json").write_text(json.dumps(facts))
    (folder / "probes.py").write_text(PROBES)
    kinds = {"bare": _bare, "outputs": partial(_written, Bubblewrap())}
    run = kinds.get(sys.argv[2]) or partial(_inside, Bubblewrap())
    try:
        found = {name: run(folder, name) for name in names}
        found["victim alive"] = victim.poll() is None
    finally:
        posix.unlink()
        victim.kill()
        victim.wait()
    print(json.dumps(found))  # noqa: T201


def _bare(folder: Path, name: str) -> object:
    words = [PYTHON, str(folder / "probes.py"), name, str(folder / "facts.json")]
    return json.loads(subprocess.run(words, capture_output=True, check=True).stdout)


def _inside(sandbox: Bubblewrap, folder: Path, name: str) -> object:
    answers = []
    for _ in range(2):
        with sandbox.room(folder) as room:
            for part in ("in", "out", "program"):
                (room / part).mkdir()
            (room / "in/facts.json").write_bytes((folder / "facts.json").read_bytes())
            (room / "in/data.txt").write_text("input")
            (room / "program/probes.py").write_text(PROBES)
            mounts = (
                Shown(room / "in", "/app/in"),
                Copied(room / "program", "/app/program", ROOM),
                Written("/app/out", room / "out"),
            )
            argv = (PYTHON, "/app/program/probes.py", name)
            ended = sandbox.run(Call(argv, "/app/program", mounts, LIMITS))
        if not ended.succeeded:
            said = ended.stderr.decode(errors="replace")
            answers.append([ended.end.value, ended.exit_code, ended.detail, said])
        else:
            answers += json.loads(ended.stdout)
    return answers


def _written(sandbox: Bubblewrap, folder: Path, name: str) -> object:
    """Run code that writes something hostile; answers the end and the names that arrived."""
    with sandbox.room(folder) as room:
        (room / "out").mkdir()
        (room / "program").mkdir()
        (room / "program/probes.py").write_text(PROBES)
        mounts = (Shown(room / "program", "/app/program"), Written("/app/out", room / "out"))
        argv = (PYTHON, "/app/program/probes.py", "output", name)
        ended = sandbox.run(Call(argv, "/app/out", mounts, LIMITS))
        arrived = sorted(str(path.relative_to(room / "out")) for path in (room / "out").rglob("*"))
        links = [path for path in (room / "out").rglob("*") if path.is_symlink()]
    return [ended.end.value, ended.exit_code, arrived, len(links)]


def _address() -> str:
    """Find an address of this host other than loopback; loopback when it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        try:
            out.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(out.getsockname()[0])


main()
