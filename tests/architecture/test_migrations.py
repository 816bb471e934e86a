"""Code that still serves runs on the new schema: a column that comes later has a default there."""

from django.db import models
from django.db.migrations import AddField
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED

# The last migration of each app before this rule.
FIRST_JUDGED = {"catalogue": "0036", "challenges": "0054", "datasets": "0002"}


def unanswered(app: str, since: str) -> list[str]:
    """List the columns that an insert of the code before them would leave without a value."""
    disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    return [
        f"{app} {name}: {operation.model_name}.{operation.name}"
        for (label, name), migration in sorted(disk.items())
        if label == app and name >= since
        for operation in migration.operations
        if isinstance(operation, AddField) and not _has_default(operation.field)
    ]


def _has_default(field: models.Field) -> bool:
    return field.null or field.many_to_many or field.db_default is not NOT_PROVIDED


def test_a_column_that_comes_later_has_a_default_in_the_database() -> None:
    assert [each for app, since in FIRST_JUDGED.items() for each in unanswered(app, since)] == []


def test_the_rule_sees_a_column_without_a_default() -> None:
    assert "catalogue 0035_kept_files: contribution.keeps_files" in unanswered("catalogue", "0035")
