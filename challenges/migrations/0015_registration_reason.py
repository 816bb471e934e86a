from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("challenges", "0014_leak_facts")]

    operations = [
        migrations.AddField(
            model_name="registration",
            name="reason",
            field=models.CharField(blank=True, max_length=500),
        ),
    ]
