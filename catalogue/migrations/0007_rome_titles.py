from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0006_index_names")]
    operations = [
        migrations.CreateModel(
            name="RomeTitle",
            fields=[
                ("code", models.CharField(max_length=5, primary_key=True, serialize=False)),
                ("title", models.CharField(max_length=200)),
                ("folded", models.CharField(max_length=220)),
            ],
        ),
    ]
