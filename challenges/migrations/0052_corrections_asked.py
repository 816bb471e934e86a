"""Keep what the Region asks to correct of a draft."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("challenges", "0051_guests")]

    operations = [
        migrations.AddField(
            model_name="challenge",
            name="corrections",
            field=models.TextField(blank=True),
        ),
    ]
