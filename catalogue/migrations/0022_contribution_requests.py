"""Name the request of a program that opened a draft, so that it opens no other."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Contribution.request_key, request_sha256, once for a person."""

    dependencies = [
        ("catalogue", "0021_reported_collections"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="contribution",
            name="request_key",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="contribution",
            name="request_sha256",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddConstraint(
            model_name="contribution",
            constraint=models.UniqueConstraint(
                condition=models.Q(("request_key", ""), _negated=True),
                fields=("author", "request_key"),
                name="contribution_request_once",
            ),
        ),
    ]
