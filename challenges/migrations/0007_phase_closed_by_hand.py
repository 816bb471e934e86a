from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("challenges", "0006_challenge_version")]

    operations = [
        migrations.AddField(
            model_name="phase",
            name="closed_by_hand",
            field=models.BooleanField(default=False),
        ),
    ]
