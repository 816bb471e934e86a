"""Certificates of teams, which the database itself refuses to change."""

import django.db.models.deletion
import uuid
from django.db import migrations, models


TABLE = "challenges_certificate"


def protect(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":  # the function is of 0002
        for name, verbs, each in (
            ("rows", "UPDATE OR DELETE", "ROW"),
            ("table", "TRUNCATE", "STATEMENT"),
        ):
            schema_editor.execute(
                f"CREATE TRIGGER {TABLE}_{name} BEFORE {verbs} ON {TABLE} "
                f"FOR EACH {each} EXECUTE FUNCTION challenges_append_only()"
            )
    else:
        for verb in ("UPDATE", "DELETE"):
            schema_editor.execute(
                f"CREATE TRIGGER {TABLE}_{verb.lower()} BEFORE {verb} ON {TABLE} "
                f"BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END"
            )


def unprotect(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    for name in ("rows", "table") if postgresql else ("update", "delete"):
        schema_editor.execute(
            f"DROP TRIGGER {TABLE}_{name}" + (f" ON {TABLE}" if postgresql else "")
        )


class Migration(migrations.Migration):

    dependencies = [
        ("challenges", "0022_merge_requests"),
    ]

    operations = [
        migrations.CreateModel(
            name='Certificate',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('serial', models.PositiveIntegerField()),
                ('text', models.TextField()),
                ('sha256', models.CharField(max_length=64, unique=True)),
                ('issued_at', models.DateTimeField()),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='certificates', to='challenges.entry')),
                ('phase', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='certificates', to='challenges.phase')),
                ('replaces', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='challenges.certificate')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='certificates', to='challenges.team')),
            ],
            options={
                'ordering': ['team_id', 'phase_id', 'serial'],
                'constraints': [models.UniqueConstraint(fields=('team', 'phase', 'serial'), name='certificate_serial_once'), models.CheckConstraint(condition=models.Q(models.Q(('replaces__isnull', True), ('serial', 1)), models.Q(('replaces__isnull', False), ('serial__gt', 1)), _connector='OR'), name='certificate_names_the_former')],
            },
        ),
        migrations.RunPython(protect, unprotect),
    ]
