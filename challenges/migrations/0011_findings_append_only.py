"""The database itself refuses to change what a reveal told of an entry."""

from django.db import migrations

TABLES = ("challenges_fairnessaudit", "challenges_entrydetail")


def protect(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:  # the function is of 0002
            schema_editor.execute(
                f"CREATE TRIGGER {table}_rows BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION challenges_append_only()"
            )
            schema_editor.execute(
                f"CREATE TRIGGER {table}_table BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION challenges_append_only()"
            )
    else:
        for table in TABLES:
            for verb in ("UPDATE", "DELETE"):
                schema_editor.execute(
                    f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )


def unprotect(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    for table in TABLES:
        for verb in ("rows", "table") if postgresql else ("update", "delete"):
            schema_editor.execute(
                f"DROP TRIGGER {table}_{verb}" + (f" ON {table}" if postgresql else "")
            )


class Migration(migrations.Migration):
    dependencies = [("challenges", "0010_findings")]

    operations = [migrations.RunPython(protect, unprotect)]
