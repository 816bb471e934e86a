import django.db.models.deletion
import portal.lib.create_models
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('account', '0009_emailaddress_unique_primary_email'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
        ('mfa', '0003_authenticator_type_uniq'),
        ('sessions', '0001_initial'),
        ('taggit', '0006_rename_taggeditem_content_type_object_id_taggit_tagg_content_8fc721_idx'),
        ('usersessions', '0001_initial'),
        ('wagtailadmin', '0006_formstate'),
        ('wagtailcore', '0098_apitoken'),
        ('wagtaildocs', '0014_alter_document_file_size'),
        ('wagtailembeds', '0009_embed_cache_until'),
        ('wagtailimages', '0027_image_description'),
        ('wagtailredirects', '0008_add_verbose_name_plural'),
        ('wagtailsearch', '0010_add_text_fields'),
        ('wagtailusers', '0015_userprofile_keyboard_shortcuts'),
    ]

    operations = [
        portal.lib.create_models.CreateModels(
            operations=[
                migrations.CreateModel(
                    name='AuditBody',
                    fields=[
                        ('event', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='body', serialize=False, to='audit.auditevent')),
                        ('body', models.TextField()),
                    ],
                ),
                migrations.CreateModel(
                    name='AuditEvent',
                    fields=[
                        ('seq', models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                        ('at', models.DateTimeField()),
                        ('action', models.CharField(max_length=80)),
                        ('object_ref', models.CharField(max_length=120)),
                        ('body_sha256', models.CharField(max_length=64)),
                        ('prev', models.CharField(max_length=64)),
                        ('hash', models.CharField(max_length=64, unique=True)),
                    ],
                    options={
                        'ordering': ['seq'],
                        'indexes': [models.Index(fields=['object_ref', 'seq'], name='audit_event_object'), models.Index(fields=['action', 'seq'], name='audit_event_action')],
                    },
                ),
                migrations.CreateModel(
                    name='AuditHead',
                    fields=[
                        ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                        ('seq', models.PositiveBigIntegerField(default=0)),
                        ('hash', models.CharField(default='0000000000000000000000000000000000000000000000000000000000000000', max_length=64)),
                    ],
                ),
                migrations.CreateModel(
                    name='Denial',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('actor', models.CharField(max_length=40)),
                        ('object_ref', models.CharField(max_length=120)),
                        ('hour', models.DateTimeField()),
                        ('count', models.PositiveIntegerField(default=1)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('actor', 'hour', 'object_ref'), name='denial_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Heartbeat',
                    fields=[
                        ('name', models.CharField(max_length=80, primary_key=True, serialize=False)),
                        ('at', models.DateTimeField()),
                        ('last_claim_at', models.DateTimeField(blank=True, null=True)),
                        ('facts', models.JSONField(default=dict)),
                    ],
                ),
                migrations.CreateModel(
                    name='Outbox',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('topic', models.CharField(max_length=80)),
                        ('key', models.CharField(max_length=160)),
                        ('ids', models.JSONField(default=dict)),
                        ('run_after', models.DateTimeField()),
                        ('attempts', models.PositiveSmallIntegerField(default=0)),
                        ('done_at', models.DateTimeField(blank=True, null=True)),
                        ('last_error', models.CharField(blank=True, max_length=200)),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('done_at__isnull', True)), fields=['run_after'], name='outbox_due')],
                        'constraints': [models.UniqueConstraint(fields=('topic', 'key'), name='outbox_once')],
                    },
                ),
                migrations.CreateModel(
                    name='ScheduledRun',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.CharField(max_length=80)),
                        ('slot', models.DateTimeField()),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('name', 'slot'), name='scheduled_once')],
                    },
                ),
            ],
        ),
    ]
