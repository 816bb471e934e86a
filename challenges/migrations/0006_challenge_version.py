from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("challenges", "0005_receipts_append_only")]

    operations = [
        migrations.AddField(
            model_name="challenge",
            name="version",
            field=models.PositiveIntegerField(default=1),
        ),
    ]
