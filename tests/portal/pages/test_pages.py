"""The pages as a visitor gets them."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from catalogue.enums import Access, ResourceKind
from challenges.enums import ChallengeStatus
from portal.accounts import space
from portal.accounts.enums import RegionRole
from portal.audit.models import AuditEvent
from portal.lib.refusals import QuotaSpent, TooLarge
from portal.management.opening import pages as opening
from portal.management.opening import people
from portal.middleware import refusal_response
from portal.pages import frame, home, views, workstreams
from portal.pages.home import Census
from portal.pages.models import ContentPage, HomePage, NewsPage
from portal.pages.workstreams import Workstream
from tests.factories.challenges import ChallengeFactory, region_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def opened() -> int:
    """Create the opening pages."""
    return opening.create(by=people.OPENING)


def test_empty_portal_shows_designed_empty_states(client: Client) -> None:
    response = client.get("/")
    page = response.content.decode()
    assert response.status_code == 200
    assert "Aucun challenge n’est encore publié" in page
    assert "Le catalogue est encore vide" in page
    assert "Aucune actualité n’est encore publiée" in page


def test_every_link_within_the_component_page_leads_somewhere(client: Client) -> None:
    page = client.get("/composants/").content.decode()
    anchors = set(re.findall(r'href="#([^"]+)"', page))
    assert anchors - set(re.findall(r'id="([^"]+)"', page)) == set()


def test_opening_pages_are_written_once(opened: int) -> None:
    events = AuditEvent.objects.filter(action="page.published").count()
    assert (opened, opening.create(by=people.OPENING), events) == (25, 0, 25)


def test_opening_leaves_an_edited_home_alone(opened: int) -> None:
    page = HomePage.objects.get(locale__language_code="fr")
    page.frequent_searches = "autre"
    page.save_revision().publish()
    opening.create(by=people.OPENING)
    assert HomePage.objects.get(pk=page.pk).frequent_searches == "autre"


@pytest.mark.parametrize("language", ["", "/en"])
def test_every_address_of_the_frame_answers(client: Client, opened: int, language: str) -> None:
    for path in sorted(frame.reserved_paths()):
        assert (path, client.get(language + path).status_code) == (path, 200)


def test_every_page_leads_to_reports_and_to_their_figures(client: Client) -> None:
    page = client.get("/ressources/").content.decode()
    footer = page[page.index('class="site-footer"') :]
    assert 'href="/signaler/"' in footer
    assert 'href="/transparence/"' in footer


def test_language_switch_leads_to_the_same_page(client: Client, opened: int) -> None:
    french = client.get("/programme/innovation/").content.decode()
    english = client.get("/en/programme/innovation/").content.decode()
    assert '<html lang="fr"' in french
    assert 'href="/en/programme/innovation/" lang="en"' in french
    assert '<html lang="en"' in english
    assert 'href="/programme/innovation/" lang="fr"' in english


def test_language_switch_of_an_untranslated_page_leads_home(client: Client, opened: int) -> None:
    page = client.get("/actualites/le-portail-est-ouvert/").content.decode()
    assert 'href="/en/" lang="en"' in page


def test_home_query_count_does_not_depend_on_the_news(client: Client, opened: int) -> None:
    def count() -> int:
        client.get("/")
        with CaptureQueriesContext(
            connection,
        ) as seen:
            client.get("/")
        return len(seen)

    one = count()
    index = NewsPage.objects.get().get_parent()
    for i in range(2):
        index.add_child(instance=NewsPage(title=f"Autre {i}", slug=f"autre-{i}"))
    assert count() == one
    assert one <= 25


def test_news_list_shows_the_latest_first(client: Client, opened: int) -> None:
    index = NewsPage.objects.get().get_parent()
    index.add_child(instance=NewsPage(title="Ancienne", slug="a", published_on="2001-02-03"))
    page = client.get("/actualites/").content.decode()
    assert page.index("est ouvert aux contributions") < page.index("Ancienne")
    assert "3 février 2001" in page


def test_workstream_page_computes_its_state(client: Client, opened: int) -> None:
    page = client.get("/programme/innovation/").content.decode()
    assert "Où en est ce chantier" in page
    assert "rien n’est encore publié ici" in page


def test_every_workstream_has_figures() -> None:
    states = {stream: workstreams.state(stream, Census()) for stream in Workstream}
    assert {stream: state.is_empty for stream, state in states.items()} == dict.fromkeys(
        Workstream, True
    )
    assert all(state.figures for state in states.values())


def test_kinds_are_counted_by_access() -> None:
    census = Census()
    census.resources = {("model", "open"): 2, ("dataset", "open"): 3, ("dataset", "restricted"): 4}
    assert [row["count"] for row in home.kinds(census)] == [2, 0, 7, *[0] * 6]
    assert census.of([ResourceKind.DATASET], [Access.OPEN]) == 3
    assert census.of() == 9


def test_reserved_address_cannot_be_renamed(opened: int) -> None:
    page = ContentPage.objects.get(slug="charte", locale__language_code="fr")
    page.slug = "autre"
    with pytest.raises(ValidationError, match="gardez-la"):
        page.full_clean()


def test_theme_comes_from_the_cookie(client: Client) -> None:
    client.cookies["theme"] = "dark"
    assert 'data-theme="dark"' in client.get("/composants/").content.decode()
    client.cookies["theme"] = '"><script>'
    assert "data-theme=" not in client.get("/composants/").content.decode().split("<head>")[0]


@pytest.mark.parametrize(
    ("chosen", "cookie"), [("dark", "dark"), ("light", "light"), ("", ""), ("pink", "")]
)
def test_theme_is_chosen_without_script(client: Client, chosen: str, cookie: str) -> None:
    response = client.post("/apparence/", {"theme": chosen, "suite": "/composants/"})
    assert (response.status_code, response.headers["Location"]) == (302, "/composants/")
    assert response.cookies["theme"].value == cookie


@pytest.mark.parametrize("suite", ["https://evil.example/", "//evil.example", "javascript:x", ""])
def test_theme_never_leads_elsewhere(client: Client, suite: str) -> None:
    response = client.post("/apparence/", {"theme": "dark", "suite": suite})
    assert response.headers["Location"] == "/"
    assert (
        "evil"
        not in client.get("/apparence/", {"suite": suite})
        .content.decode()
        .replace("suite=", "")
        .split("<main")[1]
        .split("</main")[0]
    )


def test_component_guide_renders_in_both_languages(client: Client) -> None:
    assert client.get("/composants/").status_code == 200
    assert client.get("/en/composants/").status_code == 200


def test_unknown_page(client: Client) -> None:
    response = client.get("/rien/")
    assert response.status_code == 404
    assert "Cette page n’existe pas ou vous n’y avez pas accès" in response.content.decode()


@pytest.mark.parametrize(
    ("view", "status"),
    [
        (views.bad_request, 400),
        (views.forbidden, 403),
        (views.csrf_failure, 403),
        (views.not_found, 404),
        (views.server_error, 500),
        (views.unavailable, 503),
    ],
)
def test_error_pages(rf: RequestFactory, view: Any, status: int) -> None:
    request = rf.get("/")
    request.user = AnonymousUser()
    response = view(request)
    assert response.status_code == status
    assert "<h1>" in response.content.decode()


def test_server_error_page_needs_no_database_and_shows_the_reference_of_the_log(
    rf: RequestFactory, django_assert_num_queries: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with django_assert_num_queries(0):
        response = views.server_error(rf.get("/quelque-part/"))
    assert response.status_code == 500
    (line,) = [record.getMessage() for record in caplog.records]
    reference = line.removeprefix("reference ").partition(":")[0]
    assert line == f"reference {reference}: GET /quelque-part/"
    assert f"<code>{reference}</code>" in response.content.decode()


def test_the_address_of_a_form_opened_by_hand_says_so(client: Client) -> None:
    answer = client.post("/donnees/")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert "Cette adresse ne s’ouvre pas directement" in answer.text


def test_refusal_page_tells_what_why_and_when(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = AnonymousUser()
    opening_at = people.clock.now()
    page = refusal_response(request, QuotaSpent(next_opening=opening_at)).content.decode()
    assert "Votre quota est épuisé" in page
    assert "Prochaine ouverture" in page
    assert "quota_reached" in page


@pytest.mark.parametrize(
    ("came_from", "back"),
    [
        ("http://testserver/challenges/x/soumissions/?a=1", "/challenges/x/soumissions/?a=1"),
        ("https://ailleurs.test/challenges/", ""),
        ("http://testserver//ailleurs.test/", ""),
        ("", ""),
    ],
    ids=["form", "elsewhere", "disguised", "unknown"],
)
def test_a_refused_file_names_the_limit_and_leads_back_to_its_form(
    rf: RequestFactory, came_from: str, back: str
) -> None:
    request = rf.post("/challenges/x/soumissions/", HTTP_REFERER=came_from)
    request.user = AnonymousUser()
    response = refusal_response(request, TooLarge(limit_bytes=1_000_000))
    page = re.sub(r"[\u00a0\u202f]", " ", response.content.decode())
    assert (response.status_code, "Taille permise : 1 Mo." in page) == (413, True)
    link = f'<a class="btn btn-primary" href="{back}">Revenir au formulaire</a>'
    assert (link in page, "Revenir au formulaire" in page) == (bool(back), bool(back))


def test_sitemap_and_robots(client: Client, opened: int) -> None:
    parts = client.get("/sitemap.xml").content.decode()
    assert parts.count("<loc>") == 4
    pages = client.get("/sitemap-pages.xml").content.decode()
    assert pages.count("<loc>") == 25
    robots = client.get("/robots.txt").content.decode()
    assert "Disallow: /espace/" in robots
    assert "/sitemap.xml" in robots


def test_sitemap_hides_what_is_not_published(client: Client, opened: int) -> None:
    NewsPage.objects.get().unpublish()
    assert "le-portail-est-ouvert" not in client.get("/sitemap-pages.xml").content.decode()


@pytest.mark.parametrize("out", [False, True], ids=["closed", "revealed"])
def test_the_line_of_time_ends_with_the_final_results(out: bool) -> None:
    values = {"status": ChallengeStatus.REVEALED} if out else {}
    challenge = ChallengeFactory(closed=True, **values)
    first, (name, dates, state) = home.phases(challenge, None)
    assert (first[2], name) == ("done", "Résultats définitifs")
    assert (state, dates == "date à venir") == (("done", False) if out else ("", True))


@pytest.mark.parametrize(
    ("role", "led"),
    [(RegionRole.ADMINISTRATOR, True), (RegionRole.MODERATOR, True), (RegionRole.AUDITOR, False)],
)
def test_the_space_leads_staff_to_the_editorial_pages(role: RegionRole, led: bool) -> None:
    person = region_person(role)
    assert ("wagtailadmin_home" in {place.route for place in space.places(person)}) is led


@pytest.mark.parametrize("path", ["/a%00b/", "/organisations/a%00b/", "/challenges/x/a%00b"])
def test_an_address_with_a_nul_byte_leads_nowhere(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_organisations_are_looked_for_without_nul_bytes(client: Client) -> None:
    assert client.get("/organisations/?q=%00&nature=%00").status_code == 200
