"""Refuse changes of the ledger in the database itself, and make the shared cache table."""

from django.core.management import call_command
from django.db import migrations

POSTGRES_FUNCTION = """
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""


def protect(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    if vendor == "postgresql":
        schema_editor.execute(POSTGRES_FUNCTION, params=None)  # it holds a percent sign
        schema_editor.execute(
            "CREATE TRIGGER audit_event_rows BEFORE UPDATE OR DELETE ON audit_auditevent "
            "FOR EACH ROW EXECUTE FUNCTION audit_append_only()"
        )
        schema_editor.execute(
            "CREATE TRIGGER audit_event_table BEFORE TRUNCATE ON audit_auditevent "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
        )
        schema_editor.execute(
            "CREATE TRIGGER audit_body_rows BEFORE UPDATE ON audit_auditbody "
            "FOR EACH ROW EXECUTE FUNCTION audit_append_only()"
        )
    else:
        for table, verb in (
            ("audit_auditevent", "UPDATE"),
            ("audit_auditevent", "DELETE"),
            ("audit_auditbody", "UPDATE"),
        ):
            schema_editor.execute(
                f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def unprotect(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION audit_append_only() CASCADE")
    else:
        for name in ("audit_auditevent_update", "audit_auditevent_delete", "audit_auditbody_update"):
            schema_editor.execute(f"DROP TRIGGER {name}")


def first_link(apps, schema_editor):
    apps.get_model("audit", "AuditHead").objects.get_or_create(pk=1)


def cache_table(apps, schema_editor):
    call_command("createcachetable", "cache", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunPython(protect, unprotect),
        migrations.RunPython(first_link, migrations.RunPython.noop),
        migrations.RunPython(cache_table, migrations.RunPython.noop),
    ]
