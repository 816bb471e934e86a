from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0033_uploads_outlive_drafts"),
    ]

    operations = [
        migrations.AddField(
            model_name="cardfile",
            name="attempts",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="cardupload",
            name="attempts",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="cardupload",
            name="retry_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
