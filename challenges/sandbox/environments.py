"""Fingerprint an environment, so that a receipt can say what a program ran with."""

import hashlib
import json

from challenges.sandbox.base import Call, Sandbox, SandboxBroken

# Run by the environment's own Python, inside the sandbox.
LISTING = """
import json, platform, sys
from importlib.metadata import distributions
found = {d.metadata["Name"] or "": d.version for d in distributions()}
print(json.dumps({
    "python": sys.version.split()[0],
    "machine": platform.machine(),
    "libc": platform.libc_ver(),
    "distributions": sorted(found.items()),
}))
"""


def fingerprint(name: str, sandbox: Sandbox) -> str:
    """Digest what an environment holds: Python, C library, architecture, distributions.

    name: the environment's own, part of the digest. Returns a sha256 in hexadecimal, equal as
    long as none of them changes. Asked once when a worker starts: it costs a run.
    Raises NotIsolated; SandboxBroken when the environment's Python does not answer.
    """
    ended = sandbox.run(Call(("python3", "-I", "-c", LISTING), "/tmp"))  # noqa: S108 # inside
    if not ended.succeeded:
        raise SandboxBroken(f"{name}: {ended.stderr.decode(errors='replace')[-200:]}")
    told = {"name": name, **json.loads(ended.stdout)}
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
