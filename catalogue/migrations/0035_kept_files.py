from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0034_file_attempts'),
    ]

    operations = [
        migrations.AddField(
            model_name='contribution',
            name='keeps_files',
            field=models.BooleanField(default=False),
        ),
    ]
