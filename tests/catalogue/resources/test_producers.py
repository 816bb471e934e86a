"""Who produced what a card describes: variants of a name, several names, one page each."""

import pytest
from django.test import Client
from django.urls import reverse

from catalogue.models import IndexedFacet, Resource
from catalogue.resources.actions import cards
from catalogue.resources.queries import relations
from portal.accounts.actions import organisations
from tests.factories.accounts import OrganisationFactory, UserFactory
from tests.factories.catalogue import ResourceFactory
from tests.factories.letters import delivered

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("France Travail", ["France Travail"]),
        ("Pôle emploi", ["France Travail"]),
        ("dares et pôle emploi", ["Dares", "France Travail"]),
        ("Dares (projet européen)", ["Dares"]),
        ("Dares avec Pôle emploi et quelques autres", ["Dares", "France Travail"]),
        ("Emploi et formation", ["Emploi et formation"]),
        ("Une inconnue", []),
        ("", []),
    ],
)
def test_a_producer_is_found_under_any_of_its_names(text: str, named: list[str]) -> None:
    OrganisationFactory(name="France Travail", former_names=["Pôle emploi"])
    OrganisationFactory(name="Dares")
    OrganisationFactory(name="Emploi et formation")

    assert [each.name for each in relations.producers_named(text)] == named


def test_a_name_that_the_region_adds_brings_cards_to_the_page_of_their_producer(
    client: Client,
) -> None:
    agency = OrganisationFactory(name="France Travail")
    card = ResourceFactory(published=True, title="Offres", producer_name="Dares et Pôle emploi")
    cards.tie_producers(resource=card)
    page = reverse("organisation", args=(agency.slug,))
    assert card.title not in client.get(page).text

    organisations.attest(
        organisation=agency,
        badges=[],
        other_names=["Pôle emploi"],
        by=UserFactory(region="moderator"),
    )
    delivered()

    shown = client.get(page).text
    assert card.title in shown
    assert "La Région décrit cette organisation" in shown
    assert f'<a href="{page}">France Travail</a>' in client.get(card.get_absolute_url()).text
    facets = IndexedFacet.objects.filter(facet="organisation", resource_id=card.pk)
    assert list(facets.values_list("value", "label")) == [(agency.slug, "France Travail")]
    assert list(Resource.objects.filter(producers=agency)) == [card]


def test_an_organisation_that_the_region_has_not_seen_takes_no_card() -> None:
    library = OrganisationFactory(name="Communauté Fairlearn", former_names=["Fairlearn"])
    person, moderator = UserFactory(), UserFactory(region="moderator")
    cards_by_name = {
        name: ResourceFactory(published=True, title=name, producer_name=name)
        for name in ("Fairlearn", "Institut du Neuf")
    }
    with pytest.raises(organisations.NameTaken, match="Fairlearn"):
        organisations.create(name="Un Nom", acronym="Fairlearn", kind="company", by=person)
    unseen = organisations.create(name="Institut du Neuf", kind="company", by=person)
    with pytest.raises(organisations.NameTaken, match="Fairlearn"):
        organisations.describe(organisation=unseen, by=person, acronym="FAIRLEARN")

    for card in cards_by_name.values():
        cards.tie_producers(resource=card)
    assert list(cards_by_name["Fairlearn"].producers.all()) == [library]
    assert not cards_by_name["Institut du Neuf"].producers.exists()

    for badges, tied in ((["verified"], [unseen]), ([], [])):
        organisations.attest(organisation=unseen, badges=badges, by=moderator)
        delivered()
        assert list(cards_by_name["Institut du Neuf"].producers.all()) == tied
