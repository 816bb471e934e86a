"""The organisers' list of entries: what teams sent, and the domains that many teams share."""

import pytest
from django.test import Client
from django.urls import reverse

from challenges.models import Challenge
from tests.challenges.world import owner_of
from tests.factories.challenges import (
    ChallengeFactory,
    EnrolmentFactory,
    EntryFactory,
    PersonFactory,
    TeamFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def challenge() -> Challenge:
    made: Challenge = ChallengeFactory(opened=True, owner=PersonFactory())
    return made


def sent(challenge: Challenge, name: str, address: str, *, times: int = 1) -> None:
    """Have a new team of one person send entries."""
    team = TeamFactory(challenge=challenge, name=name, captain=PersonFactory(email=address))
    enrolment = EnrolmentFactory(team=team, phase=challenge.phases.get())
    for _ in range(times):
        EntryFactory(enrolment=enrolment, scored=True, note="CNRY-note", original_name="CNRY.csv")


def page(challenge: Challenge, client: Client) -> str:
    client.force_login(owner_of(challenge))
    answer = client.get(reverse("challenges:organiser_entries", args=[challenge.slug]))
    assert answer.status_code == 200
    return answer.text.replace("\xa0", " ")


def test_organisers_list_what_teams_sent(challenge: Challenge, client: Client) -> None:
    assert "Aucune soumission" in page(challenge, client)
    sent(challenge, "Sud", "a@sud.example", times=2)
    sent(challenge, "Nord", "b@nord.example")
    text = page(challenge, client)
    assert (text.count('<th scope="row">Sud</th>'), text.count('<th scope="row">Nord</th>')) == (
        2,
        1,
    )
    assert text.index(">Nord</th>") < text.index(">Sud</th>")
    assert "CNRY" not in text


def test_many_teams_of_one_domain_are_told(challenge: Challenge, client: Client) -> None:
    for number in range(5):
        sent(challenge, f"Masque {number}", f"p{number}@Meme.example", times=3)
        sent(challenge, f"Passant {number}", f"p{number}@gmail.com")
    for number in range(4):
        sent(challenge, f"Collègue {number}", f"p{number}@bureau.example")
    text = page(challenge, client)
    assert "5 équipes ont des adresses en @meme.example et ont déposé 15 soumissions" in text
    assert text.count("ont des adresses en @") == 1


def test_only_organisers_read_the_list(challenge: Challenge, client: Client) -> None:
    client.force_login(PersonFactory())
    address = reverse("challenges:organiser_entries", args=[challenge.slug])
    assert client.get(address).status_code == 404
    client.force_login(PersonFactory(region="moderator"))
    assert client.get(address).status_code == 403
