"""Taking part: the rules, one team a person, invitations that serve once; pages and API alike."""

from contextlib import nullcontext
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from challenges.models import (
    Challenge,
    Leaderboard,
    Registration,
    Team,
    TeamInvitation,
    TeamMember,
    TermsAcceptance,
)
from challenges.teams.actions import teams
from challenges.teams.enums import RegistrationState, TeamRole, TeamState
from portal.accounts.enums import TokenScope
from portal.accounts.models import User
from portal.audit.models import Outbox
from portal.lib import clock
from portal.lib.refusals import Conflict, Hidden, NotAllowed, QuotaSpent
from tests.challenges.pages.scenes import url_of
from tests.challenges.refusals import refuses
from tests.factories.accounts import UserFactory, bearer, signed_in
from tests.factories.challenges import (
    ChallengeFactory,
    EntryFactory,
    StandingFactory,
    TeamFactory,
    accepted_person,
    captain_of,
)
from tests.factories.letters import letters
from tests.portal.accounts.ledger import acts

pytestmark = pytest.mark.django_db


@pytest.fixture
def challenge() -> Challenge:
    return ChallengeFactory(opened=True)


@pytest.fixture
def team(challenge: Challenge) -> Team:
    return TeamFactory(challenge=challenge)


def invited(team: Team, email: str = "claire@exemple.test") -> TeamInvitation:
    return teams.invite(team=team, email=email, by=captain_of(team))


def join(invitation: TeamInvitation, email: str = "claire@exemple.test") -> Team:
    person = accepted_person(invitation.team.challenge, UserFactory(email=email))
    token = invitation.token
    return teams.accept_invitation(public_id=invitation.public_id, token=token, by=person)


@pytest.mark.parametrize(
    ("allowed", "blocked", "welcome"),
    [
        ([], [], True),
        (["exemple.test"], [], True),
        (["autre.test"], [], False),
        ([], ["EXEMPLE.test"], False),
    ],
)
def test_domains_filter_addresses(
    challenge: Challenge, allowed: list[str], blocked: list[str], welcome: bool
) -> None:
    Challenge.objects.update(allowed_domains=allowed, blocked_domains=blocked)
    person = UserFactory()
    if welcome:
        assert teams.accept_terms(challenge=challenge, by=person)
    else:
        with pytest.raises(NotAllowed):
            teams.accept_terms(challenge=challenge, by=person)


def test_rules_not_accepted_close_the_door(challenge: Challenge) -> None:
    person = UserFactory()
    Registration.objects.create(
        challenge=challenge, user=person, state=RegistrationState.ACCEPTED, at=clock.now()
    )
    with refuses(NotAllowed, "terms_required"):
        teams.create(challenge=challenge, name="A", by=person)


def test_an_invitation_is_sent_once_an_address(team: Team) -> None:
    first = invited(team)
    assert invited(team, " CLAIRE@exemple.test ") == first
    token = first.token
    assert token not in str(TeamInvitation.objects.values().get())
    assert [row.ids for row in Outbox.objects.all()] == [{"invitation_id": first.pk}]
    assert acts() == ["team.invited"]


def test_letters_of_invitations_are_bounded(team: Team) -> None:
    """Inviting and taking back in turn writes three times a day to an address, twenty in all."""
    by = captain_of(team)
    invited = ["a@exemple.fr"] * 3 + [f"b{n}@exemple.fr" for n in range(17)]
    for number, email in enumerate(invited):
        sent = teams.invite(team=team, email=email, by=by)
        teams.revoke_invitation(invitation=sent, by=by)
        if number in {2, 19}:
            with refuses(QuotaSpent, "invitations_day") as refused:
                teams.invite(team=team, email="a@exemple.fr" if number == 2 else "c@e.fr", by=by)
            assert refused.value.facts["next_opening"] > clock.now()
    assert team.invitations.count() == 20


@pytest.mark.parametrize("why", ["another address", "late", "revoked", "used"])
def test_an_invitation_that_does_not_hold_is_unknown(team: Team, why: str) -> None:
    invitation = invited(team)
    if why == "late":
        TeamInvitation.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    elif why == "revoked":
        teams.revoke_invitation(invitation=invitation, by=captain_of(team))
    elif why == "used":
        assert join(invitation) == team
        assert acts()[-1] == "team.joined"
    with pytest.raises(Hidden):
        join(invitation, *["paul@exemple.test"] * (why in {"another address", "used"}))
    assert team.members.count() == 1 + (why == "used")


def test_a_guessed_or_swapped_token_is_unknown(team: Team) -> None:
    invitation = invited(team)
    other = invited(TeamFactory(challenge=team.challenge), "claire@exemple.test")
    person = accepted_person(team.challenge, UserFactory(email="claire@exemple.test"))
    for token in ("", "x", other.token):
        with pytest.raises(Hidden):
            teams.accept_invitation(public_id=invitation.public_id, token=token, by=person)
    with pytest.raises(Hidden):
        teams.accept_invitation(public_id=uuid4(), token="x", by=person)


def test_a_full_team_takes_nobody(team: Team) -> None:
    Challenge.objects.update(team_max=2)
    first, second = invited(team), invited(team, "paul@exemple.test")
    join(first)
    assert Team.objects.get().state == TeamState.FULL
    with refuses(Conflict, "team_full"):
        join(second, "paul@exemple.test")
    assert TeamMember.objects.filter(left_at__isnull=True).count() == 2


def test_the_captain_who_leaves_hands_over(team: Team) -> None:
    join(invited(team))
    captain = captain_of(team)
    teams.leave(team=team, by=captain)
    assert [member.user.email for member in team.members.filter(left_at=None)] == [
        "claire@exemple.test"
    ]
    assert team.members.get(left_at=None).role == TeamRole.CAPTAIN
    with pytest.raises(NotAllowed):
        teams.leave(team=team, by=captain)


@pytest.mark.parametrize("entered", [True, False])
def test_whoever_left_a_team_that_entered_joins_no_other(team: Team, entered: bool) -> None:
    if entered:
        EntryFactory(enrolment__team=team, enrolment__phase=team.challenge.phases.get())
    person = captain_of(team)
    teams.leave(team=team, by=person)
    with refuses(Conflict, "left_a_team") if entered else nullcontext():
        teams.create(challenge=team.challenge, name="Autre", by=person)
    state = TeamState.OPEN if entered else TeamState.WITHDRAWN
    assert Team.objects.get(pk=team.pk).state == state


def test_leaving_a_disqualified_team_does_not_bring_it_back() -> None:
    team = TeamFactory(state=TeamState.DISQUALIFIED)
    teams.leave(team=team, by=captain_of(team))
    assert Team.objects.get().state == TeamState.DISQUALIFIED


def test_accepting_the_rules_registers(client: Client, challenge: Challenge, person: User) -> None:
    public = Client().get(url_of(challenge, "rules")).text
    assert "Une équipe par personne." in public
    assert "Se connecter pour participer" in public
    for wrong in ({}, {"terms": 1}, {"terms": 9, "accepted": "on"}):  # no tick, other rules
        assert client.post(url_of(challenge, "rules"), wrong).status_code == 422
    assert not TermsAcceptance.objects.exists()
    sent = client.post(url_of(challenge, "rules"), {"terms": 1, "accepted": "on"})
    assert sent["Location"] == url_of(challenge, "team")
    assert challenge.registrations.get().user == person
    assert TermsAcceptance.objects.get().user == person
    assert "Règlement accepté" in client.get(url_of(challenge, "rules")).text


def test_a_name_is_taken_once(client: Client, challenge: Challenge, person: User) -> None:
    accepted_person(challenge, person)
    page = client.post(url_of(challenge, "team"), {"name": "Éclair"}, follow=True)
    assert Team.objects.get().has_captain(person)
    assert "Éclair" in page.text
    assert "Capitaine" in page.text
    other = signed_in(accepted_person(challenge))
    sent = other.post(url_of(challenge, "team"), {"name": "eclair"})
    assert sent.status_code == 409
    assert '<div id="id_name_error">' in sent.text
    assert "Ce nom d’équipe est déjà pris." in sent.text
    assert 'value="eclair"' in sent.text


def test_captain_invites_and_withdraws(client: Client, challenge: Challenge) -> None:
    team = TeamFactory(challenge=challenge)
    client.force_login(captain_of(team))
    client.post(url_of(challenge, "team_invite"), {"email": "autre@exemple.fr"})
    invitation = TeamInvitation.objects.get()
    assert "autre@exemple.fr" in client.get(url_of(challenge, "team")).text
    client.post(url_of(challenge, "team_revoke", invitation.public_id))
    assert "autre@exemple.fr" not in client.get(url_of(challenge, "team")).text
    wrong = client.post(url_of(challenge, "team_invite"), {"email": "pas une adresse"})
    assert (wrong.status_code, 'value="pas une adresse"' in wrong.text) == (422, True)


def invitation_link(challenge: Challenge, email: str) -> str:
    """Invite an address and return the link of the letter."""
    team = TeamFactory(challenge=challenge)
    client = signed_in(captain_of(team))
    client.post(url_of(challenge, "team_invite"), {"email": email})
    invitation = TeamInvitation.objects.get()
    token = invitation.token
    return url_of(challenge, "team_join", invitation.public_id, token)


def test_invited_person_joins_after_the_rules(
    client: Client, challenge: Challenge, person: User
) -> None:
    link = invitation_link(challenge, person.email)
    assert "Acceptez le règlement" in client.get(link).text
    accepted_person(challenge, person)
    assert link in client.get(url_of(challenge, "team")).text
    asked = client.get(link).text
    assert f"« {Team.objects.get().name} »" in asked.replace("\xa0", " ")
    assert f'action="{link}"' in asked
    other = signed_in(UserFactory())
    assert "pour une autre adresse" in other.get(link).text
    assert other.post(link).status_code == 404
    client.post(link)
    assert "Cette invitation ne vaut plus" in client.get(link).text
    assert Team.objects.get().has_member(person)
    assert client.post(link).status_code == 404


def test_leave_and_remove(client: Client, challenge: Challenge, person: User) -> None:
    accepted_person(challenge, person)
    client.post(invitation_link(challenge, person.email))
    team = Team.objects.get()
    captain = signed_in(captain_of(team))
    member = team.members.get(user=person)
    removal = url_of(challenge, "team_remove", member.pk)
    assert person.display_name in captain.get(removal).text
    assert team.has_member(person)  # asking removes nobody
    assert client.post(removal).status_code == 403
    captain.post(removal)
    assert not team.has_member(person)
    assert captain.post(removal).status_code == 404
    asked = captain.get(url_of(challenge, "team_leave"))
    assert "vous ne pourrez pas rejoindre une autre équipe" in asked.text
    assert team.members.filter(left_at__isnull=True).count() == 1
    captain.post(url_of(challenge, "team_leave"))
    assert team.members.filter(left_at__isnull=True).count() == 0


def test_captain_hands_over(client: Client, challenge: Challenge, person: User) -> None:
    team = TeamFactory(challenge=challenge)
    member = team.members.create(
        challenge=challenge, user=accepted_person(challenge, person), joined_at=clock.now()
    )
    link = url_of(challenge, "team_captain", member.pk)
    assert client.get(link).status_code == client.post(link).status_code == 403  # not a captain
    former = captain_of(team)
    client.force_login(former)
    assert "Vous resterez membre de l’équipe." in client.get(link).text
    client.post(link)
    assert captain_of(team) == person
    assert team.has_member(former)
    assert letters() == [(person.email, f"Challenge « {challenge.title} » : vous êtes capitaine")]
    assert client.post(link).status_code == 403


def test_the_names_that_a_team_shows_stand_on_the_board(
    client: Client, challenge: Challenge
) -> None:
    row = StandingFactory(entry__enrolment__team=TeamFactory(challenge=challenge))
    name, board = captain_of(row.team).display_name, url_of(challenge, "standings")
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
    seen = client.get(url_of(challenge, "standings")).text
    assert "Mistral" in seen
    assert "« Équipe 7F3A2B » pour les autres" in seen.replace("\xa0", " ")
    page = client.get(url_of(challenge, "team")).text
    assert "vous nomme « Équipe 7F3A2B »" in page.replace("\xa0", " ")
    other = signed_in(captain_of(TeamFactory(challenge=challenge)))
    key = Leaderboard.objects.get().key
    for path in (
        url_of(challenge, "standings"),
        url_of(challenge, "standings_csv"),
        url_of(challenge, "standings_json"),
        url_of(challenge, "presentation"),
        f"/api/v1/challenges/{challenge.slug}/leaderboards/{key}",
        f"/api/v1/challenges/{challenge.slug}/leaderboards/{key}.csv",
    ):
        for reader in (other, Client()):
            answer = reader.get(path)
            assert answer.status_code == 200, path
            assert "Mistral" not in answer.text, path


def post(client: Client, path: str, body: Any, headers: dict[str, str]) -> Any:
    address = f"/api/v1/{path}"
    return client.post(address, body, content_type="application/json", headers=headers)


def test_the_rules_that_were_read_are_accepted(client: Client) -> None:
    challenge = ChallengeFactory(opened=True)
    person = UserFactory()
    path, headers = f"challenges/{challenge.slug}/terms/acceptance", bearer(person)
    stale = post(client, path, {"number": 2}, headers)
    assert (stale.status_code, stale.json()["code"]) == (409, "terms_changed")
    assert Registration.objects.count() == 0
    told = post(client, path, {"number": 1}, headers)
    assert told.json() == {"challenge": challenge.slug, "state": "accepted", "terms": 1}
    assert post(client, path, {"number": 1}, headers).status_code == 200
    assert challenge.registrations.get().user == person
    assert TermsAcceptance.objects.filter(user=person).count() == 1
    assert acts()[-2:] == ["terms.accepted", "challenge.joined"]


def test_a_team_is_made_after_the_rules(client: Client) -> None:
    challenge = ChallengeFactory(opened=True)
    path = f"challenges/{challenge.slug}/teams"
    early = post(client, path, {"name": "Les Pins"}, bearer(UserFactory()))
    assert (early.status_code, early.json()["code"]) == (403, "registration_required")
    person = accepted_person(challenge)
    made = post(client, path, {"name": " Les  Pins "}, bearer(person))
    team = Team.objects.get()
    assert made.status_code == 201
    assert made.json() == {
        "id": str(team.public_id),
        "challenge": challenge.slug,
        "name": "Les Pins",
        "slug": "les-pins",
        "state": "open",
        "members": [{"name": person.display_name, "role": "captain"}],
    }
    own = client.get(f"/api/v1/challenges/{challenge.slug}/team", headers=bearer(person))
    assert own.json() == made.json()
    assert team.pseudonym.startswith("Équipe ")
    assert acts().count("team.created") == 1
    second = post(client, path, {"name": "Autre"}, bearer(person))
    assert (second.status_code, second.json()["code"]) == (409, "one_team")
    assert Team.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [{"name": name} for name in ("", "  ", "…", "x" * 81)] + [{}, {"name": "A", "captain": 1}],
)
def test_a_team_without_a_name_is_refused(client: Client, body: dict[str, Any]) -> None:
    challenge = ChallengeFactory(opened=True)
    headers = bearer(accepted_person(challenge))
    assert post(client, f"challenges/{challenge.slug}/teams", body, headers).status_code == 422
    assert Team.objects.count() == 0


def test_a_captain_invites_into_the_own_team(client: Client) -> None:
    team = TeamFactory()
    path, headers = f"teams/{team.public_id}/invitations", bearer(captain_of(team))
    made = post(client, path, {"email": "A@exemple.test"}, headers)
    invitation = TeamInvitation.objects.get()
    assert made.status_code == 201
    assert made.json()["email"] == "a@exemple.test"
    assert invitation.token not in made.text
    assert post(client, path, {"email": "x"}, headers).status_code == 422
    other = bearer(captain_of(TeamFactory(challenge=team.challenge)))
    assert post(client, path, {"email": "b@exemple.test"}, other).status_code == 404
    assert TeamInvitation.objects.count() == 1


def test_the_scope_is_asked_of_each_act(client: Client) -> None:
    team = TeamFactory()
    reader = bearer(captain_of(team), TokenScope.READ, TokenScope.ENTER)
    slug = team.challenge.slug
    for path, body in (
        (f"challenges/{slug}/terms/acceptance", {"number": 1}),
        (f"challenges/{slug}/teams", {"name": "B"}),
        (f"teams/{team.public_id}/invitations", {"email": "b@exemple.test"}),
    ):
        told = post(client, path, body, reader)
        assert (told.status_code, told.json()["scope"]) == (403, "team")
    writer = bearer(captain_of(team), TokenScope.TEAM)
    told = client.get(f"/api/v1/challenges/{slug}/team", headers=writer)
    assert (told.status_code, told.json()["scope"]) == (403, "read")
