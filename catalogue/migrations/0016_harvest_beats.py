"""Note the last sign of life of a passage."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """HarvestRun.beat_at."""

    dependencies = [("catalogue", "0015_return_dates")]

    operations = [
        migrations.AddField(
            model_name="harvestrun",
            name="beat_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
