"""The pages that the opening writes: once, in both languages, at their addresses."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from portal.audit.models import AuditEvent
from portal.management.opening import pages as opening
from portal.management.opening import people
from portal.pages import frame
from portal.pages.models import ContentPage, HomePage, NewsPage
from tests.conftest import shared_rows
from tests.ledger import cost, same_for_three

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def written(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    with shared_rows(django_db_blocker, tmp_path_factory.mktemp("pages")):
        opening.create(by=people.OPENING)
        yield


@pytest.fixture
def opened(written: None, db: None) -> None:
    """Stand on the pages that the opening wrote."""


def test_opening_pages_are_written_once_and_left_as_they_are_edited(opened: None) -> None:
    events = AuditEvent.objects.filter(action="page.published")
    page = HomePage.objects.get(locale__language_code="fr")
    page.frequent_searches = "autre"
    page.save_revision().publish()
    before = events.count()
    opening.create(by=people.OPENING)
    assert (before, events.count()) == (25, 25)
    assert HomePage.objects.get(pk=page.pk).frequent_searches == "autre"


@pytest.mark.parametrize("language", ["", "/en"])
def test_every_address_of_the_frame_answers(client: Client, opened: None, language: str) -> None:
    for path in sorted(frame.reserved_paths()):
        assert (path, client.get(language + path).status_code) == (path, 200)


def test_language_switch_leads_to_the_same_page(client: Client, opened: None) -> None:
    french = client.get("/programme/innovation/").text
    english = client.get("/en/programme/innovation/").text
    assert '<html lang="fr"' in french
    assert "Où en est ce chantier" in french
    assert "rien n’est encore publié ici" in french
    assert 'href="/en/programme/innovation/" lang="en"' in french
    assert '<html lang="en"' in english
    assert 'href="/programme/innovation/" lang="fr"' in english
    untranslated = client.get("/actualites/le-portail-est-ouvert/").text
    assert 'href="/en/" lang="en"' in untranslated


def test_home_query_count_does_not_depend_on_the_news(client: Client, opened: None) -> None:
    index, slugs = NewsPage.objects.get().get_parent(), iter("abc")

    def more() -> None:
        index.add_child(instance=NewsPage(title="Autre", slug=next(slugs)))

    [count] = same_for_three(more, lambda: cost(client, "/"))
    assert count <= 25


def test_news_list_shows_the_latest_first(client: Client, opened: None) -> None:
    index = NewsPage.objects.get().get_parent()
    index.add_child(instance=NewsPage(title="Ancienne", slug="a", published_on="2001-02-03"))
    page = client.get("/actualites/").text
    assert page.index("est ouvert aux contributions") < page.index("Ancienne")
    assert "3 février 2001" in page


def test_reserved_address_cannot_be_renamed(opened: None) -> None:
    page = ContentPage.objects.get(slug="charte", locale__language_code="fr")
    page.slug = "autre"
    with pytest.raises(ValidationError, match="gardez-la"):
        page.full_clean()


def test_sitemap_and_robots(client: Client, opened: None) -> None:
    parts = client.get("/sitemap.xml").text
    assert parts.count("<loc>") == 4
    pages = client.get("/sitemap-pages.xml").text
    assert pages.count("<loc>") == 25
    robots = client.get("/robots.txt").text
    assert "Disallow: /espace/" in robots
    assert "/sitemap.xml" in robots
    NewsPage.objects.get().unpublish()
    assert "le-portail-est-ouvert" not in client.get("/sitemap-pages.xml").text
