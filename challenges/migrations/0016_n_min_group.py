"""Let a challenge raise the persons under which a group is not shown, never lower them."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("challenges", "0015_registration_reason")]

    operations = [
        migrations.AddConstraint(
            model_name="challenge",
            constraint=models.CheckConstraint(
                condition=Q(n_min_group__gte=11), name="challenge_n_min_group_only_raised"
            ),
        ),
    ]
