"""Note which cards of the index were written; suggestions walk along no index any more."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0029_repository_keys")]
    operations = [
        migrations.CreateModel(
            name="IndexedChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token", models.BigIntegerField()),
                ("first", models.BigIntegerField()),
                ("last", models.BigIntegerField()),
                ("replaces", models.BigIntegerField(null=True)),
            ],
        ),
        migrations.RemoveIndex(model_name="indexedresource", name="resource_by_use"),
    ]
