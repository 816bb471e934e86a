"""What the apps above show in a person's space, describe in the archive and erase."""

import io
import json
import zipfile

import pytest
from django.test import Client
from django.urls import reverse

from challenges.models import TeamInvitation, TeamMember
from challenges.teams import actions as teams
from portal.accounts import personal_data, space
from portal.accounts.actions import accounts
from portal.accounts.models import User
from tests.factories.accounts import OrganisationFactory, UserFactory
from tests.factories.catalogue import ResourceFactory
from tests.factories.challenges import ChallengeFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def captain() -> User:
    user: User = UserFactory(email="canari@exemple.test")
    return user


def test_a_team_stands_in_the_space_and_the_archive(captain: User) -> None:
    challenge = ChallengeFactory(opened=True)
    teams.accept_terms(challenge=challenge, by=captain)
    teams.create(challenge=challenge, name="Les Cigales", by=captain)
    [item] = space.items("teams", captain)
    assert (item.title, item.url) == (
        "Les Cigales",
        reverse("challenges:entries", args=[challenge.slug]),
    )
    with zipfile.ZipFile(io.BytesIO(personal_data.archive(captain))) as bundle:
        described = json.loads(bundle.read("challenges.json"))
    assert [row["team__name"] for row in described["equipes"]] == ["Les Cigales"]


def test_a_closed_account_leaves_its_teams_and_their_invitations(captain: User) -> None:
    challenge = ChallengeFactory(opened=True)
    teams.accept_terms(challenge=challenge, by=captain)
    teams.create(challenge=challenge, name="Les Cigales", by=captain)
    other = ChallengeFactory(opened=True)
    inviter = UserFactory()
    teams.accept_terms(challenge=other, by=inviter)
    team = teams.create(challenge=other, name="Les Grillons", by=inviter)
    teams.invite(team=team, email="canari@exemple.test", by=inviter)
    accounts.close(user=captain, by=captain)
    assert TeamMember.objects.filter(user=captain, left_at=None).count() == 0
    assert TeamInvitation.objects.count() == 0


def test_an_organisation_without_resources_shows_no_list(client: Client) -> None:
    organisation = OrganisationFactory()
    answer = client.get(reverse("organisation", args=[organisation.slug]))
    assert "Ressources publiées" not in answer.content.decode()


def test_an_organisation_shows_what_is_published_and_no_draft(client: Client) -> None:
    organisation = OrganisationFactory()
    ResourceFactory(published=True, organisation=organisation, title="Devis parlant")
    ResourceFactory(organisation=organisation, title="Brouillon secret")
    body = client.get(reverse("organisation", args=[organisation.slug])).content.decode()
    assert "Devis parlant" in body
    assert "Brouillon secret" not in body
