import django.contrib.auth.validators
import django.db.models.deletion
import django.utils.timezone
import portal.accounts.models
import portal.lib.create_models
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        portal.lib.create_models.CreateModels(
            operations=[
                migrations.CreateModel(
                    name='ApiToken',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='portal_tokens', to=settings.AUTH_USER_MODEL)),
                        ('name', models.CharField(max_length=80)),
                        ('sha256', models.CharField(max_length=64, unique=True)),
                        ('scopes', models.JSONField(default=list)),
                        ('created_at', models.DateTimeField()),
                        ('expires_at', models.DateTimeField()),
                        ('last_used_at', models.DateTimeField(blank=True, null=True)),
                        ('revoked_at', models.DateTimeField(blank=True, null=True)),
                        ('minute', models.DateTimeField(blank=True, null=True)),
                        ('minute_used', models.PositiveIntegerField(default=0)),
                    ],
                    options={
                        'ordering': ['-created_at', '-pk'],
                    },
                ),
                migrations.CreateModel(
                    name='FormerAddress',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('slug', models.SlugField(max_length=80, unique=True)),
                        ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='former_addresses', to='accounts.organisation')),
                    ],
                ),
                migrations.CreateModel(
                    name='Invitation',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ('email', models.EmailField(max_length=254)),
                        ('state', models.CharField(choices=[('sent', 'Envoyée'), ('accepted', 'Acceptée'), ('refused', 'Refusée'), ('revoked', 'Retirée')], default='sent', max_length=10)),
                        ('sent_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('sent_at', models.DateTimeField()),
                        ('expires_at', models.DateTimeField()),
                        ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='accounts.organisation')),
                        ('role', models.CharField(choices=[('editor', 'Éditrice ou éditeur'), ('contributor', 'Contributrice ou contributeur')], max_length=20)),
                    ],
                    options={
                        'ordering': ['-sent_at', '-pk'],
                        'abstract': False,
                        'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['accepted', 'refused', 'revoked', 'sent'])), name='invitation_state_known'), models.UniqueConstraint(condition=models.Q(('state', 'sent')), fields=('organisation', 'email'), name='one_open_invitation')],
                    },
                ),
                migrations.CreateModel(
                    name='JoinRequest',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='join_requests', to='accounts.organisation')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='join_requests', to=settings.AUTH_USER_MODEL)),
                        ('message', models.CharField(blank=True, max_length=500)),
                        ('created_at', models.DateTimeField()),
                        ('answer', models.CharField(blank=True, choices=[('accepted', 'Acceptée'), ('refused', 'Refusée'), ('withdrawn', 'Retirée')], max_length=10)),
                        ('answered_at', models.DateTimeField(blank=True, null=True)),
                        ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'ordering': ['created_at', 'pk'],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('answer', '')), fields=('organisation', 'user'), name='one_open_join_request'), models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', True), ('answer', '')), models.Q(('answered_at__isnull', False), models.Q(('answer', ''), _negated=True)), _connector='OR'), name='join_request_answer_dated')],
                    },
                ),
                migrations.CreateModel(
                    name='Membership',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                        ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='accounts.organisation')),
                        ('role', models.CharField(choices=[('referent', 'Référente ou référent'), ('editor', 'Éditrice ou éditeur'), ('contributor', 'Contributrice ou contributeur')], max_length=20)),
                        ('joined_at', models.DateTimeField()),
                        ('left_at', models.DateTimeField(blank=True, null=True)),
                        ('is_shown', models.BooleanField(default=False)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('left_at__isnull', True)), fields=('user', 'organisation'), name='one_live_membership')],
                    },
                ),
                migrations.CreateModel(
                    name='Notification',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notifications', to=settings.AUTH_USER_MODEL)),
                        ('letter', models.CharField(max_length=40)),
                        ('event', models.CharField(max_length=120)),
                        ('facts', models.JSONField(default=dict)),
                        ('path', models.CharField(max_length=200)),
                        ('delivery', models.CharField(choices=[('now', 'par courriel, tout de suite'), ('daily', 'par courriel, une fois par jour'), ('space', 'seulement dans Mon espace')], max_length=8)),
                        ('created_at', models.DateTimeField()),
                        ('read_at', models.DateTimeField(blank=True, null=True)),
                        ('gathered_at', models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        'ordering': ['-created_at', '-pk'],
                        'indexes': [models.Index(condition=models.Q(('delivery', 'daily'), ('gathered_at__isnull', True)), fields=['user'], name='notification_to_gather'), models.Index(fields=['created_at'], name='notification_age')],
                        'constraints': [models.UniqueConstraint(fields=('user', 'letter', 'event'), name='notified_once'), models.CheckConstraint(condition=models.Q(('delivery__in', ['now', 'daily', 'space'])), name='notification_delivery_known')],
                    },
                ),
                migrations.CreateModel(
                    name='Organisation',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ('slug', models.SlugField(max_length=80, unique=True)),
                        ('name', models.CharField(max_length=160, verbose_name='nom')),
                        ('acronym', models.CharField(blank=True, max_length=40, verbose_name='sigle')),
                        ('former_names', models.JSONField(blank=True, default=list)),
                        ('kind', models.CharField(choices=[('administration', 'Administration'), ('local_authority', 'Collectivité'), ('association', 'Association'), ('company', 'Entreprise'), ('community', 'Communauté de logiciel libre'), ('laboratory', 'Laboratoire ou école'), ('individual', 'Personne')], max_length=20, verbose_name='nature')),
                        ('siret', models.CharField(blank=True, max_length=14, verbose_name='SIRET')),
                        ('homepage_url', models.URLField(blank=True, max_length=300, verbose_name='site')),
                        ('description', models.TextField(blank=True, max_length=2000, verbose_name='présentation')),
                        ('badges', models.JSONField(blank=True, default=list)),
                        ('is_region', models.BooleanField(default=False)),
                        ('verified_at', models.DateTimeField(blank=True, null=True)),
                        ('created_at', models.DateTimeField()),
                        ('updated_at', models.DateTimeField(auto_now=True)),
                    ],
                    options={
                        'verbose_name': 'organisation',
                        'ordering': ['name', 'pk'],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('siret', ''), _negated=True), fields=('siret',), name='organisation_siret_once')],
                    },
                ),
                migrations.CreateModel(
                    name='RegionAppointment',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='region_appointments', to=settings.AUTH_USER_MODEL)),
                        ('role', models.CharField(choices=[('administrator', 'Administration'), ('moderator', 'Relecture'), ('officer', 'Instruction des accès'), ('approver', 'Décision des accès'), ('dpo', 'Protection des données'), ('auditor', 'Audit')], max_length=20)),
                        ('given_by', models.CharField(max_length=40)),
                        ('confirmed_by', models.CharField(blank=True, max_length=40)),
                        ('given_at', models.DateTimeField()),
                        ('ended_at', models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('user', 'role'), name='one_live_appointment'), models.CheckConstraint(condition=models.Q(('given_by', models.F('confirmed_by')), _negated=True), name='appointment_by_two')],
                    },
                ),
                migrations.CreateModel(
                    name='RoleProposal',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('proposed_at', models.DateTimeField()),
                        ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('decided_at', models.DateTimeField(blank=True, null=True)),
                        ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ('answer', models.CharField(blank=True, choices=[('accepted', 'Acceptée'), ('refused', 'Refusée'), ('withdrawn', 'Retirée')], max_length=10)),
                        ('kind', models.CharField(choices=[('give', 'Donner'), ('end', 'Retirer')], max_length=10)),
                        ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='role_proposals', to=settings.AUTH_USER_MODEL)),
                        ('role', models.CharField(choices=[('administrator', 'Administration'), ('moderator', 'Relecture'), ('officer', 'Instruction des accès'), ('approver', 'Décision des accès'), ('dpo', 'Protection des données'), ('auditor', 'Audit'), ('referent', 'Référente ou référent'), ('editor', 'Éditrice ou éditeur'), ('contributor', 'Contributrice ou contributeur')], max_length=20)),
                        ('organisation', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='role_proposals', to='accounts.organisation')),
                        ('reason', models.CharField(max_length=300)),
                    ],
                    options={
                        'ordering': ['proposed_at', 'pk'],
                        'abstract': False,
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('decided_by__isnull', True)), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='roleproposal_decided_has_author'), models.CheckConstraint(condition=models.Q(('answer', 'withdrawn'), ('decided_by__isnull', True), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='roleproposal_takes_two_people'), models.CheckConstraint(condition=models.Q(models.Q(models.Q(('answer', ''), _negated=True), ('decided_at__isnull', False)), models.Q(('answer', ''), ('decided_at__isnull', True)), _connector='OR'), name='roleproposal_answered_has_its_date'), models.UniqueConstraint(condition=models.Q(('answer', ''), ('organisation__isnull', True)), fields=('user', 'role'), name='one_open_proposal'), models.UniqueConstraint(condition=models.Q(('answer', ''), ('organisation__isnull', False)), fields=('user', 'organisation'), name='one_open_proposal_in_a_place'), models.CheckConstraint(condition=models.Q(models.Q(('organisation__isnull', True), ('role__in', ['administrator', 'moderator', 'officer', 'approver', 'dpo', 'auditor'])), models.Q(('organisation__isnull', False), ('role__in', ['referent', 'editor', 'contributor'])), _connector='OR'), name='proposal_role_of_its_place')],
                    },
                ),
                migrations.CreateModel(
                    name='User',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('password', models.CharField(max_length=128, verbose_name='password')),
                        ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                        ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                        ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                        ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                        ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                        ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                        ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                        ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                        ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ('person_key', models.CharField(default=portal.accounts.models.new_person_key, max_length=40, unique=True)),
                        ('email', models.EmailField(max_length=254, unique=True, verbose_name='adresse électronique')),
                        ('display_name', models.CharField(blank=True, max_length=80, verbose_name='nom affiché')),
                        ('closed_at', models.DateTimeField(blank=True, null=True)),
                        ('is_demonstration', models.BooleanField(default=False)),
                        ('session_epoch', models.PositiveIntegerField(default=0)),
                        ('notification_choices', models.JSONField(blank=True, default=dict)),
                        ('inactive_since', models.DateTimeField(blank=True, null=True)),
                        ('inactivity_warnings', models.PositiveSmallIntegerField(default=0)),
                        ('warned_at', models.DateTimeField(blank=True, null=True)),
                        ('erased_from', models.DateTimeField(blank=True, null=True)),
                        ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                        ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                    ],
                    options={
                        'verbose_name': 'personne',
                        'constraints': [models.CheckConstraint(condition=models.Q(('is_superuser', False)), name='user_is_no_superuser'), models.CheckConstraint(condition=models.Q(models.Q(('erased_from', None), ('inactive_since', None), ('inactivity_warnings', 0), ('warned_at', None)), models.Q(('erased_from__gt', models.F('warned_at')), ('erased_from__isnull', False), ('inactive_since__isnull', False), ('inactivity_warnings__in', [1, 2]), ('warned_at__isnull', False)), _connector='OR'), name='user_warned_of_a_day_ahead')],
                    },
                    managers=[
                        ('objects', portal.accounts.models.UserManager()),
                    ],
                ),
            ],
        ),
    ]
