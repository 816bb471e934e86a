"""Tell the examinations that found no bytes, and were counted with those that failed."""

from typing import Any

from django.db import migrations
from django.db.models import F

# Code before 0038 settled a file at its third failure: what waits past it has no bytes.
FAILURES_MOST = 3


def tell_missed(apps: Any, schema_editor: Any) -> None:
    """Count as missed what a file that waits has tried more often than a failure is."""
    files = apps.get_model("catalogue", "CardFile").objects.using(schema_editor.connection.alias)
    waiting = files.filter(state="waiting", attempts__gte=FAILURES_MOST, missed=0)
    waiting.update(missed=F("attempts"))


class Migration(migrations.Migration):
    """CardFile.missed of files that wait."""

    dependencies = [("catalogue", "0038_files_without_bytes")]

    operations = [migrations.RunPython(tell_missed, migrations.RunPython.noop)]
