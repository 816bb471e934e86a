"""Every way out that we know is closed, for a worker that is root and for one that is not."""

import errno
import json
import os
import re
import secrets
import shutil
import struct
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
from tests.challenges.sandbox.conftest import ROOT, Host, processes_with

PROBES = re.findall(
    r"^def (\w+)\(facts\)",
    Path(__file__).with_name("probes.py").read_text(encoding="utf-8"),
    re.MULTILINE,
)
OUTPUTS = re.findall(
    r'^    "([^"]+)": (?:lambda|deep)',
    Path(__file__).with_name("probes.py").read_text(encoding="utf-8"),
    re.MULTILINE,
)
# What a probe finds without a sandbox, on any host, as any user, without harm to it.
FINDS = {
    "network_tcp": "loopback",
    "network_unix": "abstract",
    "host_files": "/etc/hostname",
    "environment": "SANDBOX_CANARY",
    "processes": "",
    "signals": "kill",
    "ptrace": "trace me",
    "memory_of_others": "itself",
    "shared_memory": "POSIX",
    "loose_memory": "memfd",
}


@pytest.mark.slow
def test_no_probe_gets_out(host: Host) -> None:
    canary = "CNRY" + secrets.token_hex(8)
    found = json.loads(host.ask("sandbox", *PROBES, canary=canary))
    assert len(PROBES) >= 22
    assert found == {**{name: [] for name in PROBES}, "victim alive": True}
    assert processes_with(host.sleep) == []


@pytest.mark.slow
def test_the_probes_find_their_way_without_a_sandbox(host: Host) -> None:
    canary = "CNRY" + secrets.token_hex(8)
    found = json.loads(host.ask("bare", *FINDS, canary=canary))
    assert found.pop("victim alive") is False
    missed = {n: found[n] for n, way in FINDS.items() if way and way not in found[n]}
    assert missed == {}
    assert found["processes"] != []


# What each user's worker makes of each output; whoever is not root cannot read what is shut.
TAKEN = {"unreadable file": ["a"], "unreadable folder": ["a"], "shut outputs": ["a"]}


@pytest.mark.slow
def test_no_hostile_output_arrives(host: Host) -> None:
    found = json.loads(host.ask("outputs", *OUTPUTS, canary="CNRY"))
    assert found.pop("victim alive") is True
    # The kernel refuses the device, the file size limit the hole: the program itself fails.
    assert found.pop("device")[:3] == ["exited", 1, []]
    assert found.pop("privileged file") == ["exited", 0, ["a"], 0]  # with a mode of ours
    for name in TAKEN:
        shut = ["exited", 0, ["a"], 0] if host.is_root else ["output", None, [], 0]
        assert found.pop(name) == shut, name
    assert found.pop("deep")[0] == "output"  # some folders were made before the refusal
    assert found == {name: ["output", None, [], 0] for name in found}
    assert len(found) >= 12


# --- The filter, run by a small machine of our own, judges calls as the kernel would


ALLOW, KILL = "allow", "kill"
EPERM, ENOSYS, FAMILY = errno.EPERM, errno.ENOSYS, errno.EAFNOSUPPORT
I386 = 0x40000003
HIGH = 0xFFFFFFFF00000000


def judged(
    number: int, *arguments: int, machine: str = "x86_64", architecture: int | None = None
) -> str | int:
    """Run the compiled filter on one call: allow, kill, or the error it answers."""
    if architecture is None:
        architecture = seccomp.ARCHITECTURES[machine]
    values = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    call = struct.pack("<IIQ6Q", number, architecture, 0, *values)
    code = list(struct.iter_unpack("<HBBI", seccomp.program(machine)))
    place = accumulator = 0
    while True:
        operation, yes, no, value = code[place]
        place += 1
        match operation:
            case 0x20:
                accumulator = struct.unpack_from("<I", call, value)[0]
            case 0x54:
                accumulator &= value
            case 0x05:
                place += value
            case 0x15:
                place += yes if accumulator == value else no
            case 0x35:
                place += yes if accumulator >= value else no
            case 0x06:
                return answer(value)
            case _:
                raise AssertionError(f"operation {operation:#x}")


def answer(value: int) -> str | int:
    """Name what the filter returns."""
    return {0x7FFF0000: ALLOW, 0x80000000: KILL}.get(value, value & 0xFFFF)


@pytest.mark.parametrize(
    ("number", "arguments", "verdict"),
    [
        (0, (), ALLOW),  # read
        (59, (), ALLOW),  # execve
        (56, (0x11,), ALLOW),  # clone: a fork
        (56, (0x3D0F00,), ALLOW),  # clone: a thread
        (56, (0x00020011,), EPERM),  # clone: a mount namespace
        (56, (HIGH | 0x40000011,), EPERM),  # high bits do not hide it
        (41, (1,), ALLOW),  # unix sockets
        (41, (2,), ALLOW),
        (41, (10,), ALLOW),
        (41, (HIGH | 40,), FAMILY),
        (53, (1,), ALLOW),  # socketpair
        (16, (0, 0x5401), ALLOW),  # ioctl TCGETS
        (16, (0, HIGH | 0x5412), EPERM),
        (16, (0x5412, 0), ALLOW),  # the request is the second argument
        (135, (0xFFFFFFFF,), ALLOW),  # asking for the personality
        (456, (), ALLOW),
        (0x40000000 + 520, (), ENOSYS),  # execve of x32
    ],
)
def test_each_call_has_its_verdict(
    number: int, arguments: tuple[int, ...], verdict: str | int
) -> None:
    """Those that the probes make for real are theirs."""
    assert judged(number, *arguments) == verdict


def test_another_architecture_is_killed_and_arm_has_its_own_numbers() -> None:
    assert judged(11, architecture=I386) == KILL
    assert judged(0, machine="aarch64", architecture=seccomp.ARCHITECTURES["x86_64"]) == KILL
    assert judged(117, machine="aarch64") == EPERM  # ptrace
    assert judged(101, machine="aarch64") == ALLOW  # nanosleep, ptrace on x86_64
    assert judged(198, 40, machine="aarch64") == FAMILY
    assert judged(220, 0x10000011, machine="aarch64") == EPERM


def test_every_refused_call_is_refused_on_both_architectures() -> None:
    for column, machine in enumerate(seccomp.ARCHITECTURES):
        for name, numbers in seccomp.REFUSED.items():
            if (number := numbers[column]) is not None:
                assert judged(number, machine=machine) == EPERM, (machine, name)


# --- A host that cannot isolate says why, an environment is what it holds


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


def test_a_program_runs_in_its_environment_whose_fingerprint_is_of_what_it_holds(
    sandbox: Bubblewrap, site: Path
) -> None:
    first = fingerprint("systeme", sandbox)
    assert len(first) == 64
    assert fingerprint("systeme", sandbox) == first
    others = [fingerprint("systeme", holding(site, version)) for version in ("1.0", "1.1")]
    assert len({first, fingerprint("autre", sandbox), *others}) == 4
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
