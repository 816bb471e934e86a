"""Test databases copied from one template, built once for each state of the migrations.

Building a Wagtail database takes half a minute (a moment on SQLite, when the structure file is of
today), copying one a twentieth of a second. The template is named by the digest of all migration
files and of the installed versions, so a changed migration never meets a stale schema.
`python -m tests.databases` builds the template of the database that DATABASE_URL names, before
workers would wait for one another to do it.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import django
import psycopg2
import psycopg2.errors
from django.conf import settings
from django.db import connection

from portal.management import structure

TEMPLATES = Path(settings.VAR_DIR) / "templates"


@contextmanager
def _lock(name: str) -> Iterator[None]:
    TEMPLATES.mkdir(parents=True, exist_ok=True)
    with (TEMPLATES / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _use(name: str) -> None:
    connection.close()
    settings.DATABASES["default"]["NAME"] = name
    connection.settings_dict["NAME"] = name


def _migrate() -> None:
    structure.build()
    connection.close()


class SqliteCopies:
    """Copies of a SQLite file."""

    def __init__(self, worker: str) -> None:
        self.template = TEMPLATES / f"{structure.digest()}.sqlite3"
        self.name = str(TEMPLATES / f"run-{worker}-{_run()}.sqlite3")

    def build(self) -> None:
        """Make the template, if it is not there."""
        with _lock("sqlite"):
            if not self.template.exists():
                draft = self.template.with_suffix(".draft")
                draft.unlink(missing_ok=True)
                _use(str(draft))
                _migrate()
                draft.rename(self.template)

    def fresh(self) -> None:
        """Put a fresh copy in place and use it."""
        connection.close()
        self.drop()
        shutil.copyfile(self.template, self.name)
        _use(self.name)

    def drop(self) -> None:
        """Remove the copy."""
        for suffix in ("", "-wal", "-shm"):
            Path(self.name + suffix).unlink(missing_ok=True)


class PostgresCopies:
    """Copies by CREATE DATABASE … TEMPLATE."""

    def __init__(self, worker: str) -> None:
        self.template = f"oe_template_{structure.digest()}"
        self.name = f"oe_run_{worker}_{_run()}"

    def _run(self, *statements: str) -> list[tuple[object, ...]]:
        given = connection.settings_dict
        link = psycopg2.connect(
            host=given["HOST"],
            port=given["PORT"],
            user=given["USER"],
            password=given["PASSWORD"],
            dbname="postgres",
        )
        link.autocommit = True
        try:
            with link.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            link.close()

    def build(self) -> None:
        """Make the template, if it is not there."""
        with _lock("postgres"):
            query = f"SELECT 1 FROM pg_database WHERE datname='{self.template}'"  # noqa: S608
            if not self._run(query):
                # Another checkout may build it on the same server: each has a draft of its own.
                draft = f"{self.template}_{os.getpid()}"
                self._run(f"CREATE DATABASE {draft}")
                try:
                    _use(draft)
                    _migrate()
                    with suppress(psycopg2.errors.DuplicateDatabase):
                        self._run(f"ALTER DATABASE {draft} RENAME TO {self.template}")
                finally:
                    self._run(f"DROP DATABASE IF EXISTS {draft} WITH (FORCE)")

    def fresh(self) -> None:
        """Put a fresh copy in place and use it."""
        connection.close()
        with _lock("postgres"):
            self.drop()
            self._run(f"CREATE DATABASE {self.name} TEMPLATE {self.template}")
        _use(self.name)

    def drop(self) -> None:
        """Remove the copy."""
        self._run(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")


def _run() -> str:
    return os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[:8]


def copies(worker: str) -> SqliteCopies | PostgresCopies:
    """Return the maker of copies for the database under test."""
    if connection.vendor == "postgresql":
        return PostgresCopies(worker)
    return SqliteCopies(worker)


if __name__ == "__main__":
    django.setup()
    copies("template").build()
