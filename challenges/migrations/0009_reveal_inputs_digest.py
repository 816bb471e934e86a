from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("challenges", "0008_score_interval")]

    operations = [
        migrations.AddField(
            model_name="reveal",
            name="inputs_digest",
            field=models.CharField(blank=True, max_length=64),
        ),
    ]
