from django.db import migrations, models


def protect_again(apps, schema_editor):
    """Put back the triggers that SQLite drops with the table it rewrites."""
    if schema_editor.connection.vendor == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            schema_editor.execute(
                f"CREATE TRIGGER challenges_score_{verb.lower()} BEFORE {verb} ON "
                "challenges_score BEGIN SELECT RAISE(ABORT, 'challenges_score is append-only'); END"
            )


class Migration(migrations.Migration):
    dependencies = [("challenges", "0007_phase_closed_by_hand")]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, protect_again),
        migrations.AddField(
            model_name="score",
            name="low",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="score",
            name="high",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="score",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("high__isnull", True), ("low__isnull", True)),
                    models.Q(
                        ("high__isnull", False),
                        ("low__isnull", False),
                        ("high__lt", 1e308),
                        ("low__gt", -1e308),
                        ("low__lte", models.F("high")),
                    ),
                    _connector="OR",
                ),
                name="score_interval_is_whole",
            ),
        ),
        migrations.RunPython(protect_again, migrations.RunPython.noop),
    ]
