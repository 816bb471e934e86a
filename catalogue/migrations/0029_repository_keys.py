"""Index the repositories of cards, so that a duplicate is found without reading them all."""

from importlib import import_module
from typing import Any

from django.db import migrations, models

key_of = import_module("catalogue.migrations.0017_homepage_keys").key_of
ROWS = 1_000


def fill(apps: Any, schema_editor: Any) -> None:
    """Give their key to the cards that have a repository."""
    resource = apps.get_model("catalogue", "Resource")
    rows = resource.objects.exclude(repository_url="").only("pk", "repository_url").order_by("pk")
    batch: list[Any] = []
    for row in rows.iterator(chunk_size=ROWS):
        row.repository_key = key_of(row.repository_url)
        batch.append(row)
        if len(batch) == ROWS:
            resource.objects.bulk_update(batch, ["repository_key"])
            batch = []
    resource.objects.bulk_update(batch, ["repository_key"])


class Migration(migrations.Migration):
    """Resource.repository_key."""

    dependencies = [("catalogue", "0028_card_files")]

    operations = [
        migrations.AddField(
            model_name="resource",
            name="repository_key",
            field=models.CharField(blank=True, default="", editable=False, max_length=64),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="resource",
            index=models.Index(fields=["repository_key"], name="resource_repository"),
        ),
    ]
