from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0004_around_cards")]
    operations = [
        migrations.AlterModelOptions(
            name="synonym",
            options={
                "ordering": ("phrases",),
                "verbose_name": "groupe de synonymes",
                "verbose_name_plural": "synonymes de la recherche",
            },
        ),
        migrations.AlterField(
            model_name="synonym",
            name="phrases",
            field=models.TextField(
                max_length=1000, unique=True, verbose_name="mots ou expressions"
            ),
        ),
        migrations.AlterField(
            model_name="synonym",
            name="active",
            field=models.BooleanField(default=True, verbose_name="en service"),
        ),
    ]
