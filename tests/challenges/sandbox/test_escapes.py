"""Every way out that we know is closed, for a worker that is root and for one that is not."""

import json
import re
import secrets
from pathlib import Path

import pytest

from tests.challenges.sandbox.conftest import Host
from tests.challenges.sandbox.words import processes_with

PROBES = re.findall(
    r"^def (\w+)\(facts\)",
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
    assert len(PROBES) >= 20
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
