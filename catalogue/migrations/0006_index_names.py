from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0005_synonym_words")]
    operations = [
        migrations.AddIndex(
            model_name="indexedresource",
            index=models.Index(
                fields=["boost", "verified", "quality", "resource"], name="resource_by_use"
            ),
        ),
        migrations.CreateModel(
            name="IndexedWord",
            fields=[
                ("word", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("shown", models.CharField(max_length=64)),
                ("stem", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="IndexedName",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("facet", models.CharField(max_length=20)),
                ("value", models.CharField(max_length=160)),
                ("label", models.CharField(max_length=160)),
                ("folded", models.CharField(max_length=200)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("facet", "value"), name="name_once")
                ],
            },
        ),
    ]
