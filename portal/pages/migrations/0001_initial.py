import datetime
import django.db.models.deletion
import portal.lib.create_models
import portal.pages.models
from django.conf import settings
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
                    name='ContentPage',
                    fields=[
                        ('page_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to=settings.WAGTAIL_PAGE_MODEL)),
                        ('lede', models.TextField(blank=True, max_length=400, verbose_name='chapeau')),
                        ('workstream', models.CharField(blank=True, choices=[('resources', 'Open Emploi Ressources'), ('r2dde', 'Répertoire R2DDE'), ('data', 'Open Emploi Data'), ('innovation', 'Open Emploi Innovation'), ('demonstrator', 'Démonstrateur')], help_text='La page montre alors l’état calculé du chantier.', max_length=20, verbose_name='chantier')),
                        ('reviewed_on', models.DateField(blank=True, null=True, verbose_name='vérifiée le')),
                        ('body', portal.pages.models.BodyField([], blank=True, verbose_name='contenu')),
                    ],
                    options={
                        'verbose_name': 'page de texte',
                    },
                    bases=('wagtailcore.page',),
                ),
                migrations.CreateModel(
                    name='HomePage',
                    fields=[
                        ('page_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to=settings.WAGTAIL_PAGE_MODEL)),
                        ('lede', models.TextField(blank=True, max_length=400, verbose_name='chapeau')),
                        ('headline', models.CharField(max_length=120, verbose_name='promesse')),
                        ('frequent_searches', models.TextField(blank=True, help_text='Une par ligne, six au plus.', verbose_name='recherches fréquentes')),
                        ('pledges', portal.pages.models.BodyField([], blank=True, verbose_name='garanties')),
                    ],
                    options={
                        'verbose_name': 'page d’accueil',
                    },
                    bases=('wagtailcore.page',),
                ),
                migrations.CreateModel(
                    name='NewsIndexPage',
                    fields=[
                        ('page_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to=settings.WAGTAIL_PAGE_MODEL)),
                        ('lede', models.TextField(blank=True, max_length=400, verbose_name='chapeau')),
                    ],
                    options={
                        'verbose_name': 'liste des actualités',
                    },
                    bases=('wagtailcore.page',),
                ),
                migrations.CreateModel(
                    name='NewsPage',
                    fields=[
                        ('page_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to=settings.WAGTAIL_PAGE_MODEL)),
                        ('lede', models.TextField(blank=True, max_length=400, verbose_name='chapeau')),
                        ('published_on', models.DateField(default=datetime.date.today, verbose_name='date')),
                        ('kind', models.CharField(choices=[('news', 'Actualité'), ('programme', 'Programme'), ('meeting', 'Rencontre'), ('portal', 'Vie du portail')], default='news', max_length=20, verbose_name='nature')),
                        ('body', portal.pages.models.BodyField([], blank=True, verbose_name='contenu')),
                    ],
                    options={
                        'verbose_name': 'actualité',
                        'verbose_name_plural': 'actualités',
                    },
                    bases=('wagtailcore.page',),
                ),
                migrations.CreateModel(
                    name='PageText',
                    fields=[
                        ('page', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to=settings.WAGTAIL_PAGE_MODEL)),
                        ('folded', models.TextField()),
                        ('title_words', models.TextField()),
                        ('words', models.TextField()),
                        ('summary', models.CharField(blank=True, max_length=210)),
                        ('published_at', models.DateTimeField(null=True)),
                    ],
                ),
            ],
        ),
    ]
