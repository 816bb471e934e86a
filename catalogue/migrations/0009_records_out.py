"""Keep the history of the quality of cards, and the sets that removed resources were in."""

import django.db.models.deletion
from django.db import migrations, models


def name_sets(apps, schema_editor):
    """Put each removed resource in the set of its kind: that is all that is known of it."""
    for stone in apps.get_model("catalogue", "Tombstone").objects.iterator(chunk_size=1000):
        stone.set_names = f"\nkind:{stone.kind}\n"
        stone.save(update_fields=["set_names"])


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0008_harvests")]

    operations = [
        migrations.AddField(
            model_name="tombstone",
            name="set_names",
            field=models.TextField(blank=True, default="\n"),
        ),
        migrations.RunPython(name_sets, migrations.RunPython.noop),
        migrations.CreateModel(
            name="QualityScore",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("score", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("criteria", models.JSONField(default=dict)),
                ("recorded_at", models.DateTimeField()),
                (
                    "resource",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="quality_scores",
                        to="catalogue.resource",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "indexes": [
                    models.Index(fields=["resource", "recorded_at"], name="quality_of_resource")
                ],
            },
        ),
    ]
