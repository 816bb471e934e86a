"""Note when a piece of news was set aside; the hourly duty does it for those already over."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Resource.expired_at."""

    dependencies = [("catalogue", "0026_territory_kinds")]

    operations = [
        migrations.AddField(
            model_name="resource",
            name="expired_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
