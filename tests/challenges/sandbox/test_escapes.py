"""Every way out that we know is closed, for a worker that is root and for one that is not."""

import json
import re
import secrets
from pathlib import Path

import pytest

from tests.challenges.sandbox.conftest import Host, processes_with

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
