

import django.db.models.deletion
from django.db import migrations, models


def leave_shown(apps, schema_editor):
    """Keep off the Ladder of a phase that has shown exact scores already."""
    shown = apps.get_model("challenges", "Score").objects.filter(split="public")
    phases = shown.values("evaluation__entry__enrolment__phase_id")
    apps.get_model("challenges", "Phase").objects.filter(pk__in=phases).update(
        ladder="off", ladder_step=None
    )


class Migration(migrations.Migration):

    dependencies = [
        ('challenges', '0012_team_checks'),
    ]

    operations = [
        migrations.RunPython(leave_shown, migrations.RunPython.noop),
        migrations.CreateModel(
            name='Rung',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('improved', models.BooleanField()),
                ('settled_at', models.DateTimeField()),
                ('own', models.JSONField(blank=True, default=dict)),
            ],
        ),
        migrations.AddField(
            model_name='phase',
            name='ladder_z',
            field=models.FloatField(default=1.0),
        ),
        migrations.AddConstraint(
            model_name='phase',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ladder', 'step'), ('ladder_step__gt', 0)), models.Q(models.Q(('ladder', 'step'), _negated=True), ('ladder_step__isnull', True)), _connector='OR'), name='phase_ladder_step_goes_with_the_step_form'),
        ),
        migrations.AddField(
            model_name='rung',
            name='evaluation',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='rung', to='challenges.evaluation'),
        ),
        migrations.AddField(
            model_name='rung',
            name='leader',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='challenges.evaluation'),
        ),
        migrations.AddConstraint(
            model_name='rung',
            constraint=models.CheckConstraint(condition=models.Q(('improved', False), ('leader', models.F('evaluation')), _connector='OR'), name='rung_improved_leads'),
        ),
    ]
