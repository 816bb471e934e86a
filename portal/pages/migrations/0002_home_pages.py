"""Put a home page in each language under the root, in place of Wagtail's welcome page."""

import uuid

from django.db import migrations

# Constant, so that all new databases are alike.
ROOT_KEY = uuid.uuid5(uuid.NAMESPACE_DNS, "root.openemploi")
HOME_KEY = uuid.uuid5(uuid.NAMESPACE_DNS, "home.openemploi")
HOMES = (
    (
        "fr",
        "home",
        "Accueil",
        "L’intelligence artificielle pour l’emploi, en bien commun",
        "Modèles, algorithmes, jeux de données et challenges partagés par celles et ceux qui font "
        "l’emploi, la formation et l’orientation en Provence-Alpes-Côte d’Azur.",
    ),
    (
        "en",
        "home-en",
        "Home",
        "Artificial intelligence for employment, held in common",
        "Models, algorithms, datasets and challenges shared by the people who work on employment, "
        "training and guidance in Provence-Alpes-Côte d’Azur.",
    ),
)


def create_homes(apps, schema_editor):
    ContentType = apps.get_model("contenttypes", "ContentType")
    Locale = apps.get_model("wagtailcore", "Locale")
    Page = apps.get_model("wagtailcore", "Page")
    Site = apps.get_model("wagtailcore", "Site")
    HomePage = apps.get_model("pages", "HomePage")
    root = Page.objects.get(depth=1)
    Site.objects.all().delete()
    Page.objects.filter(depth=2, slug="home", path__startswith=root.path).delete()
    kind, _ = ContentType.objects.get_or_create(app_label="pages", model="homepage")
    homes = []
    for rank, (language, slug, title, headline, lede) in enumerate(HOMES, 1):
        locale, _ = Locale.objects.get_or_create(language_code=language)
        homes.append(
            HomePage.objects.create(
                title=title,
                draft_title=title,
                slug=slug,
                content_type=kind,
                path=f"{root.path}{rank:04d}",
                depth=2,
                numchild=0,
                url_path=f"/{slug}/",
                locale=locale,
                translation_key=HOME_KEY,
                headline=headline,
                lede=lede,
                pledges="[]",
            )
        )
    root.numchild = len(homes)
    root.translation_key = ROOT_KEY
    root.save(update_fields=["numchild", "translation_key"])
    Site.objects.create(
        hostname="localhost",
        port=80,
        site_name="Open Emploi",
        root_page_id=homes[0].pk,
        is_default_site=True,
    )


def remove_homes(apps, schema_editor):
    Page = apps.get_model("wagtailcore", "Page")
    Site = apps.get_model("wagtailcore", "Site")
    HomePage = apps.get_model("pages", "HomePage")
    Site.objects.all().delete()
    HomePage.objects.all().delete()
    root = Page.objects.get(depth=1)
    Page.objects.filter(depth__gt=1).delete()
    root.numchild = 0
    root.save(update_fields=["numchild"])


class Migration(migrations.Migration):
    dependencies = [
        ("pages", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(create_homes, remove_homes)]
