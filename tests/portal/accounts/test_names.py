"""Nobody takes a name that passes for another organisation's, or that only the Region gives."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts import names
from portal.accounts.actions import organisations
from portal.accounts.models import Organisation
from tests.factories.accounts import MembershipFactory, OrganisationFactory, UserFactory

RESERVED = [
    "Région Provence-Alpes-Côte d'Azur",
    "region provence alpes cote d azur",
    "La Région Provence-Alpes-Côte d’Azur – service emploi",
    "RÉGION  PACA officiel",
    "France Travail",
    "FRANCE-TRAVAIL Marseille",
    "FranceTravail",
    "Franсe Trаvаil",  # Cyrillic letters
    "France Travai1",
    "Fr\u200bance Travail",
    "F r a n c e Travail",
    "MonFranceTravail",
    "Apec\u3164",  # a letter that shows nothing
    "Pole emploi",
    "A.P.E.C.",
    "L’Apec des cadres",
    "Mission locale du Pays d’Aix",
    "Missions Locales",
    "CAP EMPLOI 13",
    "Afpa Istres",
    "Opco Mobilités",
    "D.R.E.E.T.S. Paca",
    "Ministère du travail",
    "Préfecture des Bouches-du-Rhône",
]
FREE = [
    "Commission locale de l’eau",
    "Travail et partage",
    "Bâtir Sud",
    "Capital emploi",
    "Franche-Comté Travail",
    "Apecita",
    "Emploi 13",
    "Université d’Aix-Marseille",
    "Organisation 5",
]


@pytest.mark.parametrize("name", RESERVED)
def test_a_name_that_holds_a_reserved_one_is_reserved(name: str) -> None:
    assert names.reserved(name)


@pytest.mark.parametrize("name", FREE)
def test_a_name_that_only_resembles_is_free(name: str) -> None:
    assert names.reserved(name) == ""


@pytest.mark.parametrize("name", ["Les Batisseurs du Sud", "BÂTISSEUR-SUD", "Bаtisseurs  sud."])
def test_names_that_read_alike_pass_for_one_another(name: str) -> None:
    assert names.imitated(name, ["Cap au large", "Bâtisseurs du Sud"]) == "Bâtisseurs du Sud"
    assert names.imitated(f"{name} de Nice", ["Bâtisseurs du Sud"]) == ""


@pytest.mark.django_db
def test_only_the_region_creates_a_reserved_name() -> None:
    with pytest.raises(organisations.NameTaken, match="la Région crée elle-même"):
        organisations.create(name="France  Travail", kind="administration", by=UserFactory())
    with pytest.raises(organisations.NameTaken):
        organisations.create(name="Cadres", acronym="APEC", kind="administration", by=UserFactory())
    assert not Organisation.objects.exists()
    moderator = UserFactory(region="moderator")
    assert organisations.create(name="France Travail", kind="administration", by=moderator)


@pytest.mark.django_db
def test_no_renaming_leads_to_the_name_of_another_present_or_past() -> None:
    OrganisationFactory(name="Bâtisseurs du Sud", former_names=["Maçons du Var"])
    place = MembershipFactory(role="referent")
    for name in ("batisseurs sud", "Macons du Var", "Afpa"):
        with pytest.raises(organisations.NameTaken):
            organisations.describe(organisation=place.organisation, by=place.user, name=name)
    place.organisation.refresh_from_db()
    assert place.organisation.former_names == []


@pytest.mark.django_db
def test_an_organisation_keeps_and_respells_its_own_name() -> None:
    organisation = OrganisationFactory(name="France Travail")
    place = MembershipFactory(role="referent", organisation=organisation)
    renamed = organisations.describe(
        organisation=organisation, by=place.user, name="France Travail Sud", acronym="FT"
    )
    assert renamed.name == "France Travail Sud"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["create", "edit"])
def test_the_form_says_why_and_whom_to_ask(client: Client, path: str) -> None:
    place = MembershipFactory(role="referent")
    client.force_login(place.user)
    address = reverse("organisation_create")
    if path == "edit":
        address = reverse("organisation_edit", args=[place.organisation.slug])
    answer = client.post(address, {"name": "Pôle emploi", "kind": "administration"})
    assert answer.status_code == 200
    assert "page Contact" in answer.content.decode()
