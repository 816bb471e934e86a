"""The values of a good production, for a process started apart."""

import os
import secrets
from pathlib import Path


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Give them, the keys that they name being in this folder; more: others, or in their place."""
    return {
        "PATH": os.environ["PATH"],
        "PORTAL_MODE": "production",
        "VAR_DIR": str(folder / "var"),
        "SITE_URL": "https://portail.invalid",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "portail.invalid",
        "DATABASE_URL": "postgresql://portail@127.0.0.1:5432/portail",
        "BROKER_URL": "redis://127.0.0.1:6379/0",
        "SEARCH_URL": "embedded:",
        "OBJECTS_URL": f"file://{folder / 'objects'}",
        "EMAIL_URL": "smtp://127.0.0.1:25",
        "HOLDOUT_PUBLIC_KEY_FILE": str(folder / "public.key"),
        "RECEIPT_KEY_FILE": str(folder / "receipt.key"),
        **more,
    }
