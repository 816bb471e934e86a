from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("challenges", "0042_pauses"),
        ("datasets", "0001_initial"),
    ]

    operations = [
        migrations.AddIndex(
            model_name='evaluation',
            index=models.Index(fields=['scorer_version', 'holdout', 'state'], name='evaluation_left'),
        ),
    ]
