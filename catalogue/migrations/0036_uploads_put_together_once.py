from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0035_kept_files"),
    ]

    operations = [
        migrations.AddField(
            model_name="cardupload",
            name="assembling_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
