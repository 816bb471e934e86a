from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("challenges", "0040_board_references"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='job',
            name='job_kind_known',
        ),
        migrations.AddField(
            model_name='rescoring',
            name='rehearsal',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AlterField(
            model_name='job',
            name='kind',
            field=models.CharField(choices=[('compile', 'compile'), ('check', 'check'), ('score', 'score'), ('run', 'run'), ('trial', 'trial'), ('standings', 'standings'), ('reveal', 'reveal'), ('dry_run', 'dry_run'), ('signals', 'signals'), ('import', 'import'), ('create', 'create'), ('compare', 'compare'), ('swap', 'swap'), ('watch', 'watch'), ('rehearse', 'rehearse')], max_length=24),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['check', 'compare', 'compile', 'create', 'dry_run', 'import', 'rehearse', 'reveal', 'run', 'score', 'signals', 'standings', 'swap', 'trial', 'watch'])), name='job_kind_known'),
        ),
    ]
