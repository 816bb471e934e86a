"""The editorial pages are found beside the resources."""

import pytest
from django.test import Client
from wagtail.rich_text import RichText

from catalogue.models import Synonym
from portal.pages import searching
from portal.pages.models import ContentPage, HomePage, PageText
from tests.factories.catalogue import ResourceFactory

pytestmark = pytest.mark.django_db


def published(title: str, text: str) -> ContentPage:
    home = HomePage.objects.get(locale__language_code="fr", depth=2)
    page = ContentPage(title=title, slug=title.split()[-1].lower(), lede="Le chapeau.")
    page.body = [("text", RichText(text))]
    home.add_child(instance=page)
    page.save_revision().publish()
    return page


def test_a_live_page_is_found_by_its_words_and_in_the_suggestions(client: Client) -> None:
    ResourceFactory(published=True, title="Une fiche sur le zzcanari")
    page = published("Le programme Zzcanaris", "<p>Les mésanges du parc.</p>")
    href = f'href="{page.url}"'
    assert href in client.get("/ressources/?q=zzcanari").content.decode()
    assert href in client.get("/ressources/?q=mesange zzcanari").content.decode()
    assert href not in client.get("/ressources/?q=zzcanari hirondelle").content.decode()
    assert href not in client.get("/ressources/?q=zzcanari&kind=model").content.decode()
    assert href not in client.get("/en/ressources/?q=zzcanari").content.decode()
    assert (
        f'data-href="{page.url}"' in client.get("/ressources/suggestions?q=zzca").content.decode()
    )
    Synonym.objects.create(phrases="mésange\ncharbonnière")
    assert href in client.get("/ressources/?q=charbonniere").content.decode()
    page.unpublish()
    assert page.url not in client.get("/ressources/?q=zzcanari").content.decode()


def test_a_page_put_online_without_a_publication_is_caught_up_with() -> None:
    page = published("Une page Discrète", "<p>Rien.</p>")
    PageText.objects.all().delete()
    assert searching.catch_up() >= 1
    assert PageText.objects.filter(page=page).exists()
    assert searching.catch_up() == 0
