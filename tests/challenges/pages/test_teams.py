"""Taking part: rules, team, invitations."""

from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from challenges.actions.teams import invitation_token
from challenges.models import (
    Challenge,
    Leaderboard,
    Team,
    TeamInvitation,
    TermsAcceptance,
)
from portal.accounts.models import User
from portal.audit import outbox
from portal.lib import clock
from tests.factories.accounts import UserFactory
from tests.factories.challenges import (
    ChallengeFactory,
    PersonFactory,
    StandingFactory,
    TeamFactory,
    accepted_person,
    captain_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def challenge() -> Challenge:
    """Return an open challenge."""
    made: Challenge = ChallengeFactory(opened=True)
    return made


@pytest.fixture
def person(client: Client) -> User:
    """Sign a person in."""
    made: User = PersonFactory()
    client.force_login(made)
    return made


def address(challenge: Challenge, name: str, *ids: object) -> str:
    """Return an address of the challenge."""
    return reverse(f"challenges:{name}", args=[challenge.slug, *ids])


def test_rules_are_public_and_offer_to_sign_in(client: Client, challenge: Challenge) -> None:
    page = client.get(address(challenge, "rules")).text
    assert "Une équipe par personne." in page
    assert "Se connecter pour participer" in page


def test_accepting_the_rules_registers(client: Client, challenge: Challenge, person: User) -> None:
    sent = client.post(address(challenge, "rules"), {"terms": 1, "accepted": "on"})
    assert sent["Location"] == address(challenge, "team")
    assert challenge.registrations.get().user == person
    assert TermsAcceptance.objects.get().user == person
    assert "Règlement accepté" in client.get(address(challenge, "rules")).text


@pytest.mark.parametrize("body", [{}, {"terms": 1}, {"terms": 9, "accepted": "on"}])
def test_rules_refuse_without_tick_or_for_an_old_version(
    client: Client, challenge: Challenge, person: User, body: dict[str, object]
) -> None:
    sent = client.post(address(challenge, "rules"), body)
    assert sent.status_code == 422
    assert TermsAcceptance.objects.count() == 0


def test_visitor_who_accepts_is_sent_to_sign_in(client: Client, challenge: Challenge) -> None:
    sent = client.post(address(challenge, "rules"), {"terms": 1, "accepted": "on"})
    assert sent.status_code == 302
    assert "connexion" in sent["Location"]


def test_team_page_asks_for_the_rules_first(
    client: Client, challenge: Challenge, person: User
) -> None:
    assert "Le règlement d’abord" in client.get(address(challenge, "team")).text
    assert client.post(address(challenge, "team"), {"name": "Alpha"}).status_code == 403
    assert Team.objects.count() == 0


def test_create_a_team(client: Client, challenge: Challenge, person: User) -> None:
    accepted_person(challenge, person)
    page = client.post(address(challenge, "team"), {"name": "Coopérative"}, follow=True)
    assert Team.objects.get().has_captain(person)
    assert "Coopérative" in page.text
    assert "Capitaine" in page.text


def test_create_without_name_is_explained(
    client: Client, challenge: Challenge, person: User
) -> None:
    accepted_person(challenge, person)
    sent = client.post(address(challenge, "team"), {"name": ""})
    assert sent.status_code == 422
    assert "Donnez un nom à votre équipe." in sent.text


def test_taken_name_is_a_conflict(client: Client, challenge: Challenge, person: User) -> None:
    accepted_person(challenge, person)
    TeamFactory(challenge=challenge, name="Alpha", slug="alpha")
    sent = client.post(address(challenge, "team"), {"name": "Alpha"})
    assert sent.status_code == 409
    assert '<div id="id_name_error">' in sent.text
    assert "Ce nom d’équipe est déjà pris." in sent.text
    assert 'value="Alpha"' in sent.text


def test_captain_invites_and_withdraws(client: Client, challenge: Challenge) -> None:
    team = TeamFactory(challenge=challenge)
    client.force_login(captain_of(team))
    client.post(address(challenge, "team_invite"), {"email": "autre@exemple.fr"})
    invitation = TeamInvitation.objects.get()
    assert "autre@exemple.fr" in client.get(address(challenge, "team")).text
    client.post(address(challenge, "team_revoke", invitation.public_id))
    assert "autre@exemple.fr" not in client.get(address(challenge, "team")).text
    for _time in range(2):
        client.post(address(challenge, "team_invite"), {"email": "autre@exemple.fr"})
        client.post(
            address(challenge, "team_revoke", team.invitations.order_by("-pk")[0].public_id)
        )
    spent = client.post(address(challenge, "team_invite"), {"email": "autre@exemple.fr"})
    assert (spent.status_code, 'value="autre@exemple.fr"' in spent.text) == (429, True)


def test_bad_address_is_explained(client: Client, challenge: Challenge) -> None:
    team = TeamFactory(challenge=challenge)
    client.force_login(captain_of(team))
    sent = client.post(address(challenge, "team_invite"), {"email": "pas une adresse"})
    assert sent.status_code == 422
    assert "Cette adresse n’est pas valable." in sent.text
    assert TeamInvitation.objects.count() == 0


def invited(challenge: Challenge, email: str) -> str:
    """Invite an address and return the link of the letter."""
    team = TeamFactory(challenge=challenge)
    client = Client()
    client.force_login(captain_of(team))
    client.post(address(challenge, "team_invite"), {"email": email})
    invitation = TeamInvitation.objects.get()
    token = invitation_token(invitation.public_id)
    return address(challenge, "team_join", invitation.public_id, token)


def test_invited_person_joins_after_the_rules(
    client: Client, challenge: Challenge, person: User
) -> None:
    link = invited(challenge, person.email)
    assert "Acceptez le règlement" in client.get(link).text
    accepted_person(challenge, person)
    assert link in client.get(address(challenge, "team")).text
    asked = client.get(link).text
    assert f"« {Team.objects.get().name} »" in asked.replace("\xa0", " ")
    assert f'action="{link}"' in asked
    other = Client()
    other.force_login(UserFactory())
    assert "pour une autre adresse" in other.get(link).text
    client.post(link)
    assert "Cette invitation ne vaut plus" in client.get(link).text
    assert Team.objects.get().has_member(person)
    assert client.post(link).status_code == 404


def test_link_of_somebody_else_is_hidden(
    client: Client, challenge: Challenge, person: User
) -> None:
    accepted_person(challenge, person)
    link = invited(challenge, "autre@exemple.fr")
    assert client.post(link).status_code == 404
    unknown = address(challenge, "team_join", uuid4(), "jeton")
    assert client.post(unknown).status_code == 404
    assert client.get(unknown).status_code == 404


def test_leave_and_remove(client: Client, challenge: Challenge, person: User) -> None:
    accepted_person(challenge, person)
    client.post(invited(challenge, person.email))
    team = Team.objects.get()
    captain = Client()
    captain.force_login(captain_of(team))
    member = team.members.get(user=person)
    removal = address(challenge, "team_remove", member.pk)
    assert person.display_name in captain.get(removal).text
    assert team.has_member(person)  # asking removes nobody
    captain.post(removal)
    assert not team.has_member(person)
    asked = captain.get(address(challenge, "team_leave"))
    assert "vous ne pourrez pas rejoindre une autre équipe" in asked.text
    assert team.members.filter(left_at__isnull=True).count() == 1
    captain.post(address(challenge, "team_leave"))
    assert team.members.filter(left_at__isnull=True).count() == 0


@pytest.mark.parametrize("name", ["team_invite", "team_leave"])
def test_without_team_nothing_to_run(
    client: Client, challenge: Challenge, person: User, name: str
) -> None:
    sent = client.post(address(challenge, name), {"email": "a@exemple.fr"})
    assert sent.status_code == 404


def test_organiser_cannot_take_part(client: Client, challenge: Challenge) -> None:
    client.force_login(challenge.organisers.get().user)
    assert "Vous organisez ce challenge" in client.get(address(challenge, "rules")).text
    sent = client.post(address(challenge, "rules"), {"terms": 1, "accepted": "on"})
    assert sent.status_code == 403


def test_captain_hands_over(client: Client, challenge: Challenge, person: User) -> None:
    team = TeamFactory(challenge=challenge)
    member = team.members.create(
        challenge=challenge, user=accepted_person(challenge, person), joined_at=clock.now()
    )
    link = address(challenge, "team_captain", member.pk)
    assert client.get(link).status_code == client.post(link).status_code == 403  # not a captain
    former = captain_of(team)
    client.force_login(former)
    assert "Vous resterez membre de l’équipe." in client.get(link).text
    client.post(link)
    assert captain_of(team) == person
    assert team.has_member(former)
    while outbox.relay():
        pass
    assert [(letter.to, letter.subject) for letter in mail.outbox] == [
        ([person.email], f"Challenge « {challenge.title} » : vous êtes capitaine")
    ]
    assert client.post(link).status_code == 403


def test_the_names_that_a_team_shows_stand_on_the_board(
    client: Client, challenge: Challenge
) -> None:
    row = StandingFactory(entry__enrolment__team=TeamFactory(challenge=challenge))
    name, board = captain_of(row.team).display_name, address(challenge, "standings")
    assert name not in client.get(board).text
    Team.objects.update(show_members=True)
    assert name in client.get(board).text
    Leaderboard.objects.update(anonymous=True)
    Team.objects.update(pseudonym="Équipe 7F3A2B")
    assert name not in client.get(board).text


def test_an_anonymous_board_gives_its_own_name_to_the_team_alone(
    client: Client, challenge: Challenge
) -> None:
    row = StandingFactory(entry__enrolment__team=TeamFactory(challenge=challenge, name="Mistral"))
    Leaderboard.objects.update(anonymous=True)
    Team.objects.update(pseudonym="Équipe 7F3A2B")
    client.force_login(captain_of(row.team))
    seen = client.get(address(challenge, "standings")).text
    assert "Mistral" in seen
    assert "« Équipe 7F3A2B » pour les autres" in seen.replace("\xa0", " ")
    page = client.get(address(challenge, "team")).text
    assert "vous nomme « Équipe 7F3A2B »" in page.replace("\xa0", " ")
    other = Client()
    other.force_login(captain_of(TeamFactory(challenge=challenge)))
    key = Leaderboard.objects.get().key
    for path in (
        address(challenge, "standings"),
        address(challenge, "standings_csv"),
        address(challenge, "standings_json"),
        address(challenge, "presentation"),
        f"/api/v1/challenges/{challenge.slug}/leaderboards/{key}",
        f"/api/v1/challenges/{challenge.slug}/leaderboards/{key}.csv",
    ):
        for reader in (other, Client()):
            answer = reader.get(path)
            assert answer.status_code == 200, path
            assert "Mistral" not in answer.text, path
