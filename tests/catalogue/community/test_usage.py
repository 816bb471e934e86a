"""Views and downloads: people counted, programs left out, nothing kept of anybody."""

import pytest
from django.test import Client

from catalogue.enums import Deposit, ResourceKind
from catalogue.models import IndexedResource, Resource
from catalogue.resources.actions import cards as card_changes
from catalogue.resources.queries import relations as reads
from catalogue.validators.addresses import is_robot
from portal.accounts.actions import organisations
from portal.audit import outbox
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.catalogue import ResourceFactory

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"
GOOGLE = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
BING = "Mozilla/5.0 AppleWebKit/537.36 (compatible; bingbot/2.0) Chrome/116.0 Safari/537.36"
FILE = "https://example.org/a.csv"


@pytest.mark.parametrize("agent", [FIREFOX, SAFARI])
def test_a_browser_is_a_person(agent: str) -> None:
    assert not is_robot(agent)
    assert is_robot(agent, "prefetch;prerender")


@pytest.mark.parametrize(
    "agent", ["", GOOGLE, BING, "curl/8.5", "python-requests/2", "Mozilla/5.0 HeadlessChrome/120"]
)
def test_what_names_itself_a_program_is_one(agent: str) -> None:
    assert is_robot(agent)


@pytest.fixture
def card() -> Resource:
    made: Resource = ResourceFactory(
        published=True,
        kind=ResourceKind.DATASET,
        deposit=Deposit.OWNED,
        organisation=OrganisationFactory(),
        details={"distributions": [{"title": "CSV", "download_url": FILE}]},
    )
    return made


def figures(card: Resource) -> tuple[int, int]:
    fresh = Resource.objects.get(pk=card.pk)
    return fresh.views, fresh.downloads


@pytest.mark.django_db
def test_readings_of_people_are_counted_and_shown(client: Client, card: Resource) -> None:
    page = card.get_absolute_url()
    for agent in (FIREFOX, SAFARI, GOOGLE, ""):
        client.get(page, headers={"User-Agent": agent})
    client.head(page, headers={"User-Agent": FIREFOX})
    assert figures(card) == (2, 0)
    out = f"{page}fichiers/distributions/0/download_url/"
    assert out in client.get(page).text
    answer = client.get(out, headers={"User-Agent": FIREFOX})
    assert (answer.status_code, answer["Location"]) == (302, FILE)
    assert figures(card) == (2, 1)
    text = client.get(page).text
    assert ("<dt>Vues</dt><dd>2</dd>" in text, "<dt>Téléchargements</dt><dd>1</dd>" in text) == (
        True,
        True,
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "rest", ["distributions/1/download_url", "distributions/0/title", "details/0/x", "files/0/url"]
)
def test_the_way_out_leads_nowhere_else(client: Client, card: Resource, rest: str) -> None:
    card.details["distributions"][0]["title"] = "https://ailleurs.example/"
    card.save()
    assert client.get(f"{card.get_absolute_url()}fichiers/{rest}/").status_code == 404
    assert figures(card) == (0, 0)


@pytest.mark.django_db
def test_counters_lift_the_card_once(card: Resource) -> None:
    Resource.objects.filter(pk=card.pk).update(views=10)
    before = IndexedResource.objects.get(pk=card.pk).boost
    for _ in range(3):
        card_changes.count_use(resource_id=card.pk, figure="views")
    card_changes.count_use(resource_id=card.pk, figure="downloads")
    assert [card_changes.lift_used(), card_changes.lift_used()] == [1, 0]
    assert figures(card) == (13, 1)
    assert IndexedResource.objects.get(pk=card.pk).boost > before


@pytest.mark.django_db
def test_an_organisation_has_the_sum_of_its_cards(card: Resource) -> None:
    Resource.objects.filter(pk=card.pk).update(views=5)
    ResourceFactory(published=True, organisation=card.organisation, views=2, downloads=1)
    ResourceFactory(organisation=card.organisation, views=40)
    told = reads.use_of_organisation(card.organisation)
    assert (told["views"], told["downloads"]) == (7, 1)


@pytest.mark.django_db
def test_the_owner_reads_the_figures_in_their_space(client: Client, card: Resource) -> None:
    card_changes.count_use(resource_id=card.pk, figure="views")
    owner = MembershipFactory(organisation=card.organisation, role="editor").user
    client.force_login(owner)
    assert "vues de vos ressources" in client.get("/espace/").text
    assert reads.use_of_person(owner) == {"views": 1, "downloads": 0, "reuses": 0}
    assert reads.use_of_person(MembershipFactory(organisation=card.organisation).user) is None


@pytest.mark.django_db
def test_a_new_name_of_an_organisation_finds_its_cards_and_the_former_one_too(
    client: Client, card: Resource
) -> None:
    holder = card.organisation
    assert holder is not None
    organisations.describe(
        organisation=holder,
        name="Agence Zéphyr",
        by=MembershipFactory(organisation=holder, role="referent").user,
    )
    former = holder.name
    while outbox.relay():
        pass
    assert card.get_absolute_url() in client.get("/ressources/?q=zephyr").text
    for words in ("Zéphyr", former):
        assert "Agence Zéphyr" in client.get("/organisations/", {"q": words}).text
    organisations.describe(organisation=holder, name="Bureau", by=holder.memberships.get().user)
    assert "Bureau" in client.get("/organisations/", {"q": "Zéphyr"}).text


@pytest.mark.django_db
@pytest.mark.parametrize("access", ["on_request", "restricted"])
def test_files_had_on_request_alone_are_told_nowhere(
    client: Client, card: Resource, access: str
) -> None:
    page, out = card.get_absolute_url(), f"{card.get_absolute_url()}fichiers/distributions/0/"
    shown = (page, f"{page[:-1]}.json", f"{page[:-1]}.jsonld")
    assert FILE in client.get(shown[1]).text
    assert client.get(f"{out}download_url/").status_code == 302
    Resource.objects.update(access=access)
    for address in shown:
        answer = client.get(address)
        assert answer.status_code == 200
        assert FILE not in answer.text
        assert "fichiers/distributions" not in answer.text
    assert client.get(f"{out}download_url/").status_code == 404
