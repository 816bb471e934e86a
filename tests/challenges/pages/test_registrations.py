"""The page on which an organiser answers those who ask to take part."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from challenges.actions import teams
from challenges.enums import RegistrationMode, RegistrationState
from challenges.models import Challenge, Registration
from challenges.views import registrations
from portal.accounts.models import User
from tests.factories.challenges import ChallengeFactory, PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client) -> User:
    """Sign the organiser in."""
    made: User = PersonFactory()
    client.force_login(made)
    return made


@pytest.fixture
def challenge(owner: User) -> Challenge:
    """Return an open challenge whose registration is by approval."""
    made: Challenge = ChallengeFactory(
        opened=True, owner=owner, registration=RegistrationMode.APPROVAL
    )
    return made


def asks(challenge: Challenge, name: str) -> Registration:
    """Let a person ask to take part."""
    person = PersonFactory(display_name=name, email=f"{name.lower()}@agence.exemple")
    teams.accept_terms(challenge=challenge, by=person)
    return Registration.objects.get(user=person)


def page(challenge: Challenge) -> str:
    """Return the address of the page."""
    return reverse("challenges:registrations", args=[challenge.slug])


def answer(asked: Registration) -> str:
    """Return the address that takes an answer."""
    return reverse("challenges:registration_answer", args=[asked.challenge.slug, asked.pk])


def test_page_shows_who_asks_without_their_address(client: Client, challenge: Challenge) -> None:
    assert "Aucune demande en attente" in client.get(page(challenge)).text
    asks(challenge, "Camille")
    text = client.get(page(challenge)).text
    assert "Camille" in text
    assert "@agence.exemple" in text
    assert "camille@" not in text


def test_cockpit_and_space_lead_to_it(client: Client, challenge: Challenge) -> None:
    asks(challenge, "Camille")
    cockpit = client.get(reverse("challenges:organiser", args=[challenge.slug])).text
    said = f'href="{page(challenge)}">1 demande d’inscription en attente'
    assert said in cockpit.replace("\u00a0", " ")
    assert page(challenge) in client.get("/espace/").text


def test_organiser_accepts(client: Client, challenge: Challenge) -> None:
    asked = asks(challenge, "Camille")
    done = client.post(answer(asked), {"decision": "accept"}, follow=True)
    assert "Inscription acceptée." in done.text
    assert "Réponses données" in done.text
    assert Registration.objects.get().state == RegistrationState.ACCEPTED
    again = client.post(answer(asked), {"decision": "accept"}, follow=True)
    assert "a déjà reçu une réponse" in again.text


def test_organiser_refuses_with_a_reason(client: Client, challenge: Challenge) -> None:
    asked = asks(challenge, "Camille")
    empty = client.post(answer(asked), {"decision": "refuse"})
    assert empty.status_code == 422
    assert "Dites pourquoi l’inscription est refusée." in empty.text
    assert f'id="id_{asked.pk}_reason"' in empty.text
    client.post(answer(asked), {"decision": "refuse", "reason": "Réservé aux agents."})
    asked.refresh_from_db()
    assert asked.state == RegistrationState.REFUSED
    theirs = Client()
    theirs.force_login(asked.user)
    for name in ("team", "rules"):
        text = theirs.get(reverse(f"challenges:{name}", args=[challenge.slug])).text
        assert "Réservé aux agents." in text


def test_others_answer_nobody(client: Client, challenge: Challenge) -> None:
    asked = asks(challenge, "Camille")
    elsewhere = ChallengeFactory(opened=True, owner=challenge.organisers.get().user)
    swapped = reverse("challenges:registration_answer", args=[elsewhere.slug, asked.pk])
    assert client.post(swapped, {"decision": "accept"}).status_code == 404
    stranger = Client()
    stranger.force_login(PersonFactory())
    assert stranger.get(page(challenge)).status_code == 404
    assert stranger.post(answer(asked), {"decision": "accept"}).status_code == 404
    assert Registration.objects.get().state == RegistrationState.PENDING


@pytest.mark.parametrize("count", [1, 3])
def test_page_costs_the_same_for_one_and_three(
    client: Client,
    challenge: Challenge,
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(count):
        asks(challenge, f"Personne{number}")
    with django_assert_num_queries(13):
        client.get(page(challenge))


def test_organiser_turns_a_refusal_into_an_acceptance(client: Client, challenge: Challenge) -> None:
    asked = asks(challenge, "Camille")
    client.post(answer(asked), {"decision": "refuse", "reason": "Non."})
    assert "Accepter finalement" in client.get(page(challenge)).text
    client.post(answer(asked), {"decision": "accept"})
    assert Registration.objects.get().state == RegistrationState.ACCEPTED


def test_a_refusal_is_corrected_however_old(
    client: Client, challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registrations, "PER_PAGE", 1)
    for name in ("Camille", "Sacha"):
        client.post(answer(asks(challenge, name)), {"decision": "refuse", "reason": "Non."})
    first = client.get(page(challenge)).text
    assert "Camille" not in first
    assert "?answered=2" in first
    assert 'Accepter finalement<span class="vh"> Camille' in (
        client.get(page(challenge), {"answered": 2}).text
    )


def test_person_leaves_and_comes_back_from_the_rules(challenge: Challenge) -> None:
    asked = asks(challenge, "Camille")
    person = Client()
    person.force_login(asked.user)
    rules, leave = (
        reverse(f"challenges:{name}", args=[challenge.slug]) for name in ("rules", "unregister")
    )
    assert leave in person.get(rules).text
    assert "plus de courriels" in person.get(leave).text
    left = person.post(leave, follow=True).text
    assert "Me réinscrire" in left
    assert leave not in left
    back = reverse("challenges:register_again", args=[challenge.slug])
    assert "attend l’accord" in person.post(back, follow=True).text
