"""Write the initial migrations anew from the models, and what they make: `make schema`.

Nobody runs the portal yet, so a model that changes edits the first migration of its app. That
one holds the models and nothing else, with fields, constraints and indexes inside CreateModel:
SQLite remakes a table at each operation that comes later. What is written by hand, such as
triggers and first rows, is in the migrations that follow. Then the structure file is written
from a database that has had them all (`portal.management.structure`).
"""

import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
from django.apps import AppConfig
from django.conf import settings
from django.db import migrations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState
from django.db.migrations.writer import MigrationWriter
from django.test import override_settings
from django.utils import translation

from portal.lib.create_models import CreateModels
from portal.management import structure
from portal.management.structure import own_apps

NAME = "0001_initial"


def path_of(app: AppConfig) -> Path:
    """Say where the initial migration of an app is."""
    return Path(app.path) / "migrations" / f"{NAME}.py"


def initial(app: AppConfig) -> str:
    """Write the initial migration of an app from its models as they are now."""
    with translation.override(None):
        states = [ModelState.from_model(model) for model in app.get_models()]
        states.sort(key=lambda state: state.name)
        body = {
            "initial": True,
            "dependencies": list(_dependencies(app.label, states)),
            "operations": [CreateModels([_creation(state) for state in states])],
        }
        migration = type("Migration", (migrations.Migration,), body)(NAME, app.label)
        return str(MigrationWriter(migration, include_header=False).as_string())


def _creation(state: ModelState) -> migrations.CreateModel:
    options = {key: value for key, value in state.options.items() if value not in ([], None)}
    fields = list(state.fields.items())
    return migrations.CreateModel(state.name, fields, options, state.bases, state.managers)


def _dependencies(label: str, states: list[ModelState]) -> Iterator[tuple[str, str]]:
    """Name what must be there before: our initial migrations, the last of all other apps.

    Each migration of theirs makes anew all models that hang from a user: ours come after, which
    takes a third off the time. Only accounts cannot wait, since theirs depend on it.
    """
    own = {app.label for app in own_apps()}
    loader = MigrationLoader(None, load=False)
    # Ours are not read: one may name what its models have lost, and that is what mends it.
    with override_settings(MIGRATION_MODULES=dict.fromkeys(own)):
        loader.load_disk()
    last = dict(sorted(loader.disk_migrations))
    needed = {target.partition(".")[0] for state in states for target in _targets(state)}
    if label != "accounts":
        needed |= last.keys() - own
    for app in sorted(needed - {label}):
        yield (app, NAME if app in own else last[app])


def _targets(state: ModelState) -> Iterator[str]:
    """Name the models that a model points to, or is made from."""
    for field in state.fields.values():
        remote = field.remote_field
        for target in (remote.model, getattr(remote, "through", None)) if remote else ():
            if target and "." in str(target):
                yield str(target).lower()
    for base in state.bases:
        if isinstance(base, str):
            yield base.lower()


def structure_of(link: sqlite3.Connection) -> str:
    """Write the tables, rows, indexes and triggers of a database, the same whenever it is made."""
    kinds = dict(link.execute("SELECT name, type FROM pragma_table_list WHERE schema = 'main'"))
    parts = link.execute("SELECT type, name, sql FROM sqlite_master WHERE sql <> '' ORDER BY name")
    tables, rows, others = [], [], []
    for kind, name, sql in parts.fetchall():
        if kind != "table":
            others.append(sql)
        elif kinds[name] != "shadow" and name != "sqlite_sequence":
            tables.append(sql)
            rows += _rows(link, name) if kinds[name] == "table" else []
    lines = ["BEGIN", *tables, *rows, *others, "COMMIT"]
    return f"-- {structure.digest()}\n" + "".join(f"{line};\n" for line in lines)


def _rows(link: sqlite3.Connection, table: str) -> list[str]:
    names = [name for _, name, *_ in link.execute(f"PRAGMA table_info({table})")]
    quoted = ", ".join(f'quote("{name}")' for name in names)
    rows = [list(row) for row in link.execute(f"SELECT {quoted} FROM {table} ORDER BY rowid")]  # noqa: S608
    if table == "django_migrations":
        rows = [[*row[:-1], "CURRENT_TIMESTAMP"] for row in rows]
    lines = ",\n".join(f"({', '.join(row)})" for row in rows)
    return [f"INSERT INTO {table} VALUES\n{lines}"] if rows else []


def migrated() -> str:
    """Run all migrations on a new database, in a process of its own, and write its structure."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "portal.sqlite3"
        own = {"DJANGO_SETTINGS_MODULE": "portal.settings", "DATABASE_URL": f"sqlite:///{path}"}
        subprocess.run(  # our own command
            [sys.executable, "manage.py", "migrate", "--verbosity=0", "--skip-checks"],
            cwd=settings.BASE_DIR,
            env={**os.environ, **own, "VAR_DIR": folder},
            check=True,
        )
        with contextlib.closing(sqlite3.connect(path)) as link:
            return structure_of(link)


if __name__ == "__main__":
    django.setup()
    for app in own_apps():
        path_of(app).write_text(initial(app), encoding="utf-8")
    if sys.argv[1:] != ["initial"]:
        structure.FILE.write_text(migrated(), encoding="utf-8")
