"""Say why a host cannot isolate, one cause and what to do; fingerprint what programs run with."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from challenges.sandbox import seccomp
from challenges.sandbox.base import Call, Environment, Missing, Sandbox, SandboxBroken

LEAST_VERSION = (0, 8)
USER_NAMESPACES = "/proc/sys/user/max_user_namespaces"
# Debian's and Ubuntu's own switches; absent elsewhere
UNPRIVILEGED = "/proc/sys/kernel/unprivileged_userns_clone"
APPARMOR = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"


def host_lacks(program: str, environment: Environment) -> Missing | None:
    """Look for what isolation needs, in order; returns the first thing that is not there."""
    if not sys.platform.startswith("linux"):
        return Missing("system", "L’isolement demande Linux.")
    if not seccomp.supported():
        return Missing(
            "architecture",
            f"Le filtre d’appels système n’est pas connu pour {os.uname().machine}.",
        )
    if shutil.which(program) is None:
        return Missing("bubblewrap", "bubblewrap n’est pas installé : apt-get install bubblewrap.")
    if (version := _version(program)) < LEAST_VERSION:
        shown = ".".join(map(str, version))
        return Missing("bubblewrap_version", f"bubblewrap {shown} est trop ancien : 0.8 au moins.")
    if not os.access(environment.python, os.X_OK):
        return Missing(
            "environment",
            f"L’environnement « {environment.name} » n’a pas de Python en {environment.python}.",
        )
    return _switches()


def refused_namespaces(said: str) -> Missing:
    """Name a trial that failed although everything is installed, with bubblewrap's own words."""
    if _value(APPARMOR) == "1":
        return Missing(
            "apparmor",
            "AppArmor réserve les espaces de noms aux programmes qui ont un profil : "
            f"donnez-en un à bwrap ; bubblewrap répond : « {said.strip()[:300]} ».",
        )
    return Missing(
        "namespaces",
        "Le noyau ou le conteneur refuse les espaces de noms d’utilisateurs ; "
        f"bubblewrap répond : « {said.strip()[:300]} ».",
    )


def _version(program: str) -> tuple[int, ...]:
    try:
        done = subprocess.run(  # noqa: S603 # the operator's own program
            [program, "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    found = re.search(r"(\d+)\.(\d+)", done.stdout)
    return (int(found[1]), int(found[2])) if found else (0,)


def _switches() -> Missing | None:
    for path, closed in ((USER_NAMESPACES, "0"), (UNPRIVILEGED, "0")):
        if _value(path) == closed:
            name = path.removeprefix("/proc/sys/").replace("/", ".")
            return Missing(
                "user_namespaces",
                f"Les espaces de noms d’utilisateurs sont fermés : sysctl {name} vaut {closed}.",
            )
    return None


def _value(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return ""


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
