"""Read the environment: the only module that does.

Two modes. `embedded` needs nothing and keeps all its state under VAR_DIR on a loopback
address. `production` has no default: every missing value is named at once.
"""

import ipaddress
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent.parent
PORTAL_MODE = os.environ.get("PORTAL_MODE", "embedded")
if PORTAL_MODE not in {"embedded", "production"}:
    raise ImproperlyConfigured(
        f"PORTAL_MODE vaut « {PORTAL_MODE} » ; valeurs possibles : embedded, production."
    )
EMBEDDED = PORTAL_MODE == "embedded"
VAR_DIR = Path(os.environ.get("VAR_DIR", "") or BASE_DIR / "var").resolve()
PORT = int(os.environ.get("PORT", "8000") or 8000)
MISSING: list[str] = []


def by_mode(name: str, *, embedded: Any, cast: Callable[[str], Any] = str) -> Any:
    """Read one variable; only the embedded mode has a default.

    embedded: the default, or a function that makes it. A variable missing in production is
    noted in MISSING and reported with the others.
    """
    raw = os.environ.get(name, "")
    if raw:
        return cast(raw)
    if EMBEDDED:
        return embedded() if callable(embedded) else embedded
    MISSING.append(name)
    return cast("") if cast is str else None


def optional(name: str, default: str = "") -> str:
    """Read a variable that both modes may leave out."""
    return os.environ.get(name, "") or default


def words(raw: str) -> list[str]:
    """Split a comma-separated value."""
    return [word.strip() for word in raw.split(",") if word.strip()]


def addresses(raw: str) -> list[str]:
    """Read addresses and networks, comma-separated; `unix` stands for a socket of this machine."""
    given = words(raw)
    for each in given:
        try:
            each == "unix" or ipaddress.ip_network(each)
        except ValueError as error:
            raise ImproperlyConfigured(
                f"« {each} » n’est ni une adresse, ni un réseau (10.0.0.0/24), ni « unix »."
            ) from error
    return given


def yes(raw: str) -> bool:
    """Read a switch."""
    return raw.strip().lower() in {"1", "true", "yes", "oui", "on"}


def generated_secret(name: str) -> str:
    """Return a secret kept in VAR_DIR/secrets, made at first use."""
    path = VAR_DIR / "secrets" / name
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(secrets.token_urlsafe(64), encoding="ascii")
        draft.chmod(0o600)
        try:
            os.link(draft, path)  # atomic: two processes starting together agree on one value
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        return path.read_text(encoding="ascii")


def refuse_missing() -> None:
    """Stop, naming every value that production lacks."""
    if MISSING:
        raise ImproperlyConfigured(
            "Valeurs manquantes en production : " + ", ".join(sorted(set(MISSING)))
        )
