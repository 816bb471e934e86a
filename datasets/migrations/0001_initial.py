import django.db.models.deletion
import portal.lib.create_models
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('account', '0009_emailaddress_unique_primary_email'),
        ('accounts', '0001_initial'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('catalogue', '0001_initial'),
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
                    name='DataFile',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ('release', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='datasets.release')),
                        ('index', models.PositiveSmallIntegerField(default=0)),
                        ('name', models.CharField(max_length=200)),
                        ('role', models.CharField(choices=[('data', 'Données'), ('sample', 'Échantillon synthétique'), ('dictionary', 'Dictionnaire'), ('documentation', 'Documentation')], default='data', max_length=20)),
                        ('level', models.CharField(choices=[('open', 'Accès ouvert'), ('registered', 'Avec un compte'), ('restricted_business', 'Restreint : secret des affaires'), ('restricted_personal', 'Restreint : données personnelles')], max_length=20)),
                        ('sha256', models.CharField(max_length=64)),
                        ('size', models.PositiveBigIntegerField()),
                        ('media_type', models.CharField(max_length=100)),
                        ('rows', models.PositiveBigIntegerField(blank=True, null=True)),
                        ('schema', models.JSONField(default=list)),
                        ('preview', models.JSONField(default=dict)),
                    ],
                    options={
                        'ordering': ['index', 'pk'],
                        'constraints': [models.UniqueConstraint(fields=('release', 'name'), name='data_file_name_once'), models.CheckConstraint(condition=models.Q(('level__in', ['open', 'registered', 'restricted_business', 'restricted_personal'])), name='data_file_level_known'), models.CheckConstraint(condition=models.Q(('level', 'open'), ('preview', {}), _connector='OR'), name='data_file_preview_open')],
                    },
                ),
                migrations.CreateModel(
                    name='Dataset',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ('resource', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='dataset', to='catalogue.resource')),
                        ('level', models.CharField(choices=[('open', 'Accès ouvert'), ('registered', 'Avec un compte'), ('restricted_business', 'Restreint : secret des affaires'), ('restricted_personal', 'Restreint : données personnelles')], default='open', max_length=20)),
                        ('in_directory', models.BooleanField(default=False, verbose_name='répertoire R2DDE')),
                        ('is_synthetic', models.BooleanField(default=False, verbose_name='données synthétiques')),
                        ('legal_basis', models.CharField(blank=True, max_length=200, verbose_name='base légale')),
                        ('disclosure_threshold', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='seuil de diffusion (personnes)')),
                        ('retention', models.CharField(blank=True, max_length=120, verbose_name='conservation')),
                        ('created_at', models.DateTimeField()),
                        ('released_at', models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        'verbose_name': 'jeu de données',
                        'ordering': ['pk'],
                        'indexes': [models.Index(fields=['level', 'released_at'], name='dataset_level_released')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('level__in', ['open', 'registered', 'restricted_business', 'restricted_personal'])), name='dataset_level_known')],
                    },
                ),
                migrations.CreateModel(
                    name='Download',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('data_file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='downloads', to='datasets.datafile')),
                        ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='downloads', to=settings.AUTH_USER_MODEL)),
                        ('at', models.DateTimeField()),
                        ('licences', models.CharField(blank=True, max_length=200)),
                    ],
                    options={
                        'ordering': ['-at', '-pk'],
                        'indexes': [models.Index(fields=['data_file', 'at'], name='download_file_at')],
                    },
                ),
                migrations.CreateModel(
                    name='Holdout',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ('name', models.CharField(max_length=200)),
                        ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='holdouts', to='accounts.organisation')),
                        ('created_at', models.DateTimeField()),
                    ],
                    options={
                        'verbose_name': 'jeu tenu à l’écart',
                        'ordering': ['pk'],
                        'constraints': [models.UniqueConstraint(fields=('owner', 'name'), name='holdout_name_once')],
                    },
                ),
                migrations.CreateModel(
                    name='HoldoutVersion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ('holdout', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='datasets.holdout')),
                        ('number', models.PositiveIntegerField()),
                        ('ciphertext_sha256', models.CharField(max_length=64)),
                        ('compiled_keys_sha256', models.CharField(blank=True, max_length=64, null=True)),
                        ('compiled_at', models.DateTimeField(blank=True, null=True)),
                        ('registered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('registered_at', models.DateTimeField()),
                    ],
                    options={
                        'ordering': ['holdout_id', '-number'],
                        'constraints': [models.UniqueConstraint(fields=('holdout', 'number'), name='holdout_number_once'), models.CheckConstraint(condition=models.Q(models.Q(('compiled_at__isnull', True), ('compiled_keys_sha256__isnull', True)), models.Q(('compiled_at__isnull', False), ('compiled_keys_sha256__isnull', False)), _connector='OR'), name='holdout_compiled_dated')],
                    },
                ),
                migrations.CreateModel(
                    name='Release',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='releases', to='datasets.dataset')),
                        ('number', models.PositiveIntegerField()),
                        ('notes', models.CharField(blank=True, max_length=500, verbose_name='ce qui change')),
                        ('published_at', models.DateTimeField()),
                        ('published_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ['-number'],
                        'constraints': [models.UniqueConstraint(fields=('dataset', 'number'), name='release_number_once')],
                    },
                ),
                migrations.CreateModel(
                    name='SealedFile',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='datasets.holdoutversion')),
                        ('kind', models.CharField(choices=[('source', 'Fichier déposé'), ('labels', 'Réponses compilées')], max_length=10)),
                        ('name', models.CharField(max_length=200)),
                        ('ciphertext_sha256', models.CharField(max_length=64)),
                        ('ciphertext_size', models.PositiveBigIntegerField()),
                    ],
                    options={
                        'ordering': ['pk'],
                        'constraints': [models.UniqueConstraint(fields=('version', 'kind', 'name'), name='sealed_file_once')],
                    },
                ),
                migrations.CreateModel(
                    name='WrappedKey',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='keys', to='datasets.sealedfile')),
                        ('key_id', models.CharField(max_length=32)),
                        ('ephemeral', models.CharField(max_length=64)),
                        ('wrapped', models.CharField(max_length=96)),
                    ],
                    options={
                        'ordering': ['pk'],
                        'constraints': [models.UniqueConstraint(fields=('file', 'key_id'), name='wrapped_key_once')],
                    },
                ),
            ],
        ),
    ]
