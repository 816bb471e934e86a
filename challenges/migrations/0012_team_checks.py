from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("challenges", "0011_findings_append_only")]

    operations = [
        migrations.AddField(
            model_name="team",
            name="checks_hour",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="team",
            name="checks_used",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
