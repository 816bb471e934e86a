import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pages", "0002_home_pages"),
        ("wagtailcore", "0098_apitoken"),
    ]
    operations = [
        migrations.CreateModel(
            name="PageText",
            fields=[
                (
                    "page",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="wagtailcore.page",
                    ),
                ),
                ("folded", models.TextField()),
                ("title_words", models.TextField()),
                ("words", models.TextField()),
                ("summary", models.CharField(blank=True, max_length=210)),
                ("published_at", models.DateTimeField(null=True)),
            ],
        ),
    ]
