"""Refuse in the database itself to change what was scored: a second lock, below the models."""

from django.db import migrations

# Rows that nothing changes and nothing removes.
TABLES = (
    "challenges_score",
    "challenges_sealedresult",
    "challenges_scorereceipt",
    "challenges_receiptkey",
    "challenges_fairnessaudit",
    "challenges_certificate",
)
POSTGRES_FUNCTION = """
CREATE FUNCTION challenges_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""


def protect(apps, schema_editor):
    """Refuse changes. SQLite drops triggers with a table it remakes: put them back there."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRES_FUNCTION, params=None)  # it holds a percent sign
        for table in TABLES:
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
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION challenges_append_only() CASCADE")
    else:
        for table in TABLES:
            for verb in ("update", "delete"):
                schema_editor.execute(f"DROP TRIGGER {table}_{verb}")


class Migration(migrations.Migration):
    dependencies = [("challenges", "0001_initial")]
    operations = [migrations.RunPython(protect, unprotect)]
