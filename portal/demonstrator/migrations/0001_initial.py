import django.core.validators
import django.db.models.deletion
import portal.lib.create_models
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('account', '0009_emailaddress_unique_primary_email'),
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
                    name='Build',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('engine', models.CharField(choices=[('text', 'De la phrase au métier'), ('moves', 'D’un métier à d’autres'), ('tension', 'Tension d’un métier dans une zone')], max_length=24)),
                        ('occupations_sha256', models.CharField(max_length=64)),
                        ('data_sha256', models.CharField(max_length=64)),
                        ('data', models.JSONField()),
                        ('arrays_sha256', models.CharField(max_length=64)),
                        ('is_trial', models.BooleanField()),
                        ('is_public', models.BooleanField()),
                        ('figures', models.JSONField()),
                        ('built_at', models.DateTimeField()),
                    ],
                    options={
                        'ordering': ('-built_at', '-pk'),
                        'get_latest_by': ('built_at', 'pk'),
                        'constraints': [models.CheckConstraint(condition=models.Q(('engine__in', ['moves', 'tension', 'text'])), name='build_engine'), models.UniqueConstraint(fields=('engine', 'data_sha256', 'arrays_sha256'), name='built_once')],
                    },
                ),
                migrations.CreateModel(
                    name='FundingRule',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('title', models.CharField(max_length=120, unique=True, verbose_name='dispositif')),
                        ('text', models.TextField(max_length=1000, verbose_name='pour qui, pour quoi')),
                        ('needs_longer_training', models.BooleanField(default=False, verbose_name='seulement si le projet demande une formation longue')),
                        ('for_contract', models.CharField(blank=True, choices=[('permanent', 'CDI'), ('fixed', 'CDD'), ('agency', 'Intérim')], max_length=12, verbose_name='seulement pour')),
                        ('source', models.CharField(max_length=500, validators=[django.core.validators.URLValidator(schemes=['https'])], verbose_name='source')),
                        ('verified_on', models.DateField(blank=True, null=True, verbose_name='vérifié le')),
                    ],
                    options={
                        'verbose_name': 'règle de financement',
                        'verbose_name_plural': 'règles de financement',
                        'ordering': ('title',),
                    },
                ),
                migrations.CreateModel(
                    name='LoadedData',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('rome', 'Métiers et appellations (ROME)'), ('mobilities', 'Mobilités entre métiers'), ('tension', 'Tensions par métier et bassin')], max_length=24)),
                        ('origin', models.CharField(max_length=500)),
                        ('licence', models.CharField(max_length=100)),
                        ('is_public', models.BooleanField()),
                        ('version', models.CharField(max_length=60)),
                        ('rows', models.PositiveIntegerField()),
                        ('content_sha256', models.CharField(max_length=64)),
                        ('loaded_at', models.DateTimeField()),
                    ],
                    options={
                        'ordering': ('-loaded_at', '-pk'),
                        'get_latest_by': ('loaded_at', 'pk'),
                        'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['mobilities', 'rome', 'tension'])), name='referential_kind')],
                    },
                ),
                migrations.CreateModel(
                    name='Milestone',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('prototype', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='milestones', to='demonstrator.prototype')),
                        ('on', models.DateField(verbose_name='date')),
                        ('state', models.CharField(blank=True, choices=[('idea', 'Idée'), ('scoping', 'Cadrage'), ('prototype', 'Prototype'), ('trial', 'En expérimentation'), ('taken_over', 'Repris'), ('transferred', 'Transféré'), ('stopped', 'Arrêté')], max_length=24, verbose_name='état décidé')),
                        ('partner', models.CharField(blank=True, max_length=200, verbose_name='avec qui, ou repris par')),
                        ('persons', models.PositiveIntegerField(blank=True, null=True, verbose_name='personnes')),
                        ('text', models.TextField(max_length=2000, verbose_name='ce qui a été fait ou appris')),
                        ('evidence', models.CharField(blank=True, max_length=500, validators=[django.core.validators.URLValidator(schemes=['https'])], verbose_name='preuve')),
                    ],
                    options={
                        'verbose_name': 'étape',
                        'verbose_name_plural': 'étapes',
                        'ordering': ('-on', '-pk'),
                        'constraints': [models.CheckConstraint(condition=models.Q(('state', ''), ('state__in', ['idea', 'scoping', 'prototype', 'trial', 'taken_over', 'transferred', 'stopped']), _connector='OR'), name='milestone_state'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'taken_over'), _negated=True), models.Q(('partner', ''), _negated=True), _connector='OR'), name='taken_over_by_somebody')],
                    },
                ),
                migrations.CreateModel(
                    name='Prototype',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('use_case', models.CharField(choices=[('mobility_self_assessment', 'Autodiagnostic des projets de mobilité'), ('sme_needs', 'Besoins en compétences des petites entreprises'), ('training_procurement', 'Orientation de la commande publique de formation'), ('youth_advisor', 'Accompagnement des jeunes'), ('school_guidance', 'Orientation au lycée et à l’université'), ('employee_transition', 'Parcours des salariés en poste')], max_length=40, unique=True, verbose_name='cas d’usage')),
                        ('need', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='catalogue.resource', verbose_name='besoin du catalogue')),
                        ('useful_count', models.PositiveIntegerField(default=0, editable=False)),
                        ('useless_count', models.PositiveIntegerField(default=0, editable=False)),
                        ('corrected_count', models.PositiveIntegerField(default=0, editable=False)),
                        ('components', models.ManyToManyField(blank=True, related_name='+', to='catalogue.resource', verbose_name='composants')),
                    ],
                    options={
                        'verbose_name': 'prototype',
                        'verbose_name_plural': 'prototypes',
                        'constraints': [models.CheckConstraint(condition=models.Q(('use_case__in', ['employee_transition', 'mobility_self_assessment', 'school_guidance', 'sme_needs', 'training_procurement', 'youth_advisor'])), name='prototype_use_case')],
                    },
                ),
            ],
        ),
    ]
