"""Start an empty SQLite database from a file: the tables and first rows that migrations make.

`make schema` writes the file, a test compares it whole with the migrations. It bears their
digest: one that is late is left alone, and the migrations run.
"""

import hashlib
from importlib.metadata import version
from pathlib import Path

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection

FILE = Path(__file__).with_name("structure.sql")
# Libraries that bring migrations of their own.
LIBRARIES = ("django", "django-allauth", "django-taggit", "wagtail")


def own_apps() -> list[AppConfig]:
    """List the apps of the portal that have migrations."""
    root = Path(settings.BASE_DIR)
    return [
        config
        for config in apps.get_app_configs()
        if "site-packages" not in Path(config.path).parts
        and Path(config.path).is_relative_to(root)
        and (Path(config.path) / "migrations").is_dir()
    ]


def digest() -> str:
    """Name the present state of the migrations."""
    total = hashlib.sha256()
    for name in LIBRARIES:
        total.update(version(name).encode())
    for config in sorted(own_apps(), key=lambda config: config.name):
        for path in sorted(Path(config.path).glob("migrations/*.py")):
            total.update(path.read_bytes())
    return total.hexdigest()[:16]


def build() -> None:
    """Bring the database to today's tables: from the file when it is new, else by migrating."""
    if not load():
        call_command("migrate", verbosity=0, interactive=False)


def load() -> bool:
    """Fill the database if it is SQLite, empty, and the file is of today; say whether it was."""
    if connection.vendor != "sqlite" or connection.introspection.table_names():
        return False
    script = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    if not script.startswith(f"-- {digest()}\n"):
        return False
    connection.ensure_connection()
    connection.connection.executescript(script)
    return True
