"""Remember the portal and the token of the person at the terminal; standard library only."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from challenges.scoring.answer import UsageFault

# Names another file, for tests and for several accounts on one machine.
VARIABLE = "OPENEMPLOI_CONFIG"
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True)
class Access:
    """Where the portal is, and the token that says who asks."""

    server: str
    token: str


def place() -> Path:
    """Return the file that remembers, readable by its owner alone."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else Path.home() / ".config" / "openemploi" / "acces.json"


def load() -> Access:
    """Read what is remembered; raises UsageFault when nothing is."""
    try:
        read = json.loads(place().read_text("utf-8"))
        return Access(address(read["server"]), str(read["token"]))
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise UsageFault("U_LOGIN") from fault


def save(access: Access) -> Path:
    """Remember, in a file that nobody else may read."""
    path = place()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"server": access.server, "token": access.token}, file)
    draft.replace(path)
    return path


def address(text: str) -> str:
    """Return the address of a portal: https, or http on this machine; raises UsageFault."""
    try:
        parts = urlsplit(text.strip().rstrip("/"))
        safe = parts.scheme == "https" or (
            parts.scheme == "http" and (parts.hostname or "") in LOOPBACK
        )
        whole = safe and parts.hostname and not (parts.username or parts.query or parts.fragment)
    except ValueError as fault:
        raise UsageFault("U_SERVER", text) from fault
    if not whole:
        raise UsageFault("U_SERVER", text)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
