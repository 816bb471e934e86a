"""Count the examinations that found no bytes apart from those that failed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """CardFile.missed."""

    dependencies = [("catalogue", "0037_defaults_for_code_that_still_serves")]

    operations = [
        migrations.AddField(
            model_name="cardfile",
            name="missed",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
    ]
