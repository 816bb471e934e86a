"""Date the return of cards that were archived or masked."""

from typing import Any

from django.db import migrations, models


def date_shown_again(apps: Any, schema_editor: Any) -> None:
    """Give to the cards that were masked the end of their last masking."""
    resource = apps.get_model("catalogue", "Resource")
    maskings = apps.get_model("catalogue", "Masking").objects.exclude(ended_at=None)
    for pk, at in maskings.order_by("ended_at").values_list("resource_id", "ended_at"):
        resource.objects.filter(pk=pk).update(restored_at=at)


class Migration(migrations.Migration):
    """Resource.restored_at."""

    dependencies = [("catalogue", "0014_former_versions")]

    operations = [
        migrations.AddField(
            model_name="resource",
            name="restored_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunPython(date_shown_again, migrations.RunPython.noop),
    ]
