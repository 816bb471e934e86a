"""The structure file: what migrations make on SQLite, without running them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

from portal.management import structure
from tests import schema

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite only"),
]


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BaseDatabaseWrapper]:
    new = connections.create_connection("default")
    new.settings_dict = {**new.settings_dict, "NAME": str(tmp_path / "new.sqlite3")}
    monkeypatch.setattr(structure, "connection", new)
    yield new
    new.close()


@pytest.mark.ci  # all migrations; a file that they left behind is not loaded, as is seen below
@pytest.mark.slow
def test_the_file_is_what_the_migrations_make() -> None:
    written = structure.FILE.read_text(encoding="utf-8")
    assert written == schema.migrated(), "Migrations changed: run `make schema`."


def test_after_the_file_nothing_is_left_to_migrate(empty: BaseDatabaseWrapper) -> None:
    assert structure.load()
    executor = MigrationExecutor(empty)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
    assert not structure.load()


def test_a_file_that_is_late_is_left_alone(
    empty: BaseDatabaseWrapper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = tmp_path / "structure.sql"
    late.write_text("-- 0123456789abcdef\nCREATE TABLE late (id int);\n", encoding="utf-8")
    monkeypatch.setattr(structure, "FILE", late)
    assert not structure.load()
    assert empty.introspection.table_names() == []
